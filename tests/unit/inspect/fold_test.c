/* tests/unit/inspect/fold_test.c - constants that expressions come to, and where values come from.
 */
#include "inspect/fold_machine.h"

#include "tests/unit/check.h"
#include "tests/unit/inspect/units.h"

#define PY(text, want)	CHECK_STR(folded(LANG_PYTHON, S("it = " text "\n")).s, S(want))
#define PYS(text, want) CHECK_STR(folded(LANG_PYTHON, S(text "\n")).s, S(want))
#define JS(text, want)	CHECK_STR(folded(LANG_JAVASCRIPT, S("var it = " text ";")).s, S(want))
#define JSS(text, want) CHECK_STR(folded(LANG_JAVASCRIPT, S(text)).s, S(want))

CASE(joining)
{
	PY("'a' 'b' \"c\"", "abc");
	PY("'a' + ('b' + 'c') * 2", "abcbc");
	PY("'%s-%s' % ('a', 7)", "a-7");
	PY("'{}{1}'.format('a', 'b')", "ab");
	PY("f'{\"x\"}y{1+2!r}'", "xy\1");
	PY("'-'.join(['a', 'b'])", "a-b");
	PY("'abcdef'[1:-1:2]", "bd");
	PY("'abc'[::-1]", "cba");
	PY("'abc'[1:]", "bc");
	PY("['x', 'y'][1]", "y");
	PY("{'a': 'b'}['a']", "b");
	PY("'a-b'.replace('-', '')", "ab");
	PY("'\\x41\\u0042\\103\\n'", "ABC\n");
	PY("r'\\x41'", "\\x41");
	PY("'a' if x else 'b'", "a");
	JS("'a' + `b${'c'}`", "abc");
	JS("['a','b'].join('')", "ab");
	JS("['a','b'].join('x'.y)", ""); /* by what is no text */
	CHECK(folded(LANG_JAVASCRIPT, S("var it = ['a','b'].join(['x'].y);")).kind == V_UNKNOWN);
	JS("'cba'.split('').reverse().join('')", "abc");
	JS("'abc'.slice(1)", "bc");
	JS("['p','q'][0] + {k: 'v'}.k + {k: 'w'}['k']", "pvw");
	JS("'aXbX'.replace(/X/g, '')", "ab");
	JS("'\\x41\\u{42}'", "AB");
}

CASE(decoding)
{
	PY("__import__('base64').b64decode('aGk=').decode()", "hi");
	PYS("from base64 import b64decode as d\nit = d(d('YUdrPQ=='))", "hi");
	PY("bytes.fromhex('6869')", "hi");
	PYS("import base64\nit = base64.b32decode('NBUQ====')", "hi");
	PYS("import base64\nit = base64.b85decode('XlV')", "hi");
	PYS("import codecs\nit = codecs.decode('uv', 'rot13')", "hi");
	PYS("import zlib\nit = zlib.decompress(bytes.fromhex('789ccbc80400013b00d2'))", "hi");
	PY("''.join(chr(c) for c in [104, 105])", "hi");
	PY("''.join(map(chr, [104, 105]))", "hi");
	PY("bytes([104, 105])", "hi");
	PY("bytes(b ^ 1 for b in b'ih')", "hi");
	PY("bytes(map(lambda b: b ^ 1, b'ih'))", "hi");
	PYS("k = b'ab'\nit = bytes(c ^ k[i % 2] for i, c in enumerate(b'\\x09\\x0b'))", "hi");
	PYS("import itertools\nit = bytes(a ^ b for a, b in zip(b'ih', itertools.cycle([1])))",
	    "hi");
	JS("atob('aGk=')", "hi");
	JS("Buffer.from('aGk=', 'base64').toString('utf8')", "hi");
	JS("Buffer.from('6869', 'hex').toString()", "hi");
	JS("String.fromCharCode(104, 105)", "hi");
	JS("[105,104].map(c => String.fromCharCode(c ^ 1)).join('')", "hi");
	JS("[105,104].map(function (c) { return String.fromCharCode(c ^ 1) }).join('')", "hi");
	JS("decodeURIComponent('%68%69')", "hi");
	CHECK(folded(LANG_PYTHON,
		     S("import base64\nit = base64.b64decode(base64.b64decode('YUdrPQ=='))\n"))
		      .layers == 2);
}

CASE(names)
{
	PYS("a = 'x'\nb = a + 'y'\nit = b * 2", "xyxy");
	PYS("a = 'x'\na += 'y'\na += 'z'\nit = a", "xyz");
	PYS("a, b = 'x', 'y'\nit = b + a", "yx");
	PYS("f = lambda s: s[::-1]\nit = f('ba')", "ab");
	PYS("def f(s, t):\n    u = s + t\n    return u\nit = f('a', 'b')", "ab");
	PYS("import os as o\nit = o.system", "os.system");
	PYS("from subprocess import Popen as P\nit = P", "subprocess.Popen");
	PY("getattr(__import__('os'), 'sys' + 'tem')", "os.system");
	PYS("import importlib\nit = importlib.import_module('os').popen", "os.popen");
	PY("globals()['exec']", "exec");
	PYS("import sys\nit = sys.modules['os'].system", "os.system");
	JSS("const {exec: e} = require('child_process'); var it = e;", "child_process.exec");
	JSS("import * as cp from 'node:child_process'; var it = cp.exec;", "child_process.exec");
	JSS("import cp from 'child_process'; var it = cp['ex' + 'ec'];", "child_process.exec");
	JSS("var it = process['env'];", "process.env");
	JSS("var a = ['x','y'], it = a[1] + a[0];", "yx");
	JSS("function f(s) { return s + 'b'; } var it = f('a');", "ab");
}

static uint32_t taint_of(enum language lang, struct str text)
{
	struct value v = folded(lang, text);
	return value_taint(&units_u, &v);
}

CASE(origins)
{
	CHECK(taint_of(LANG_PYTHON, S("import os\nit = dict(os.environ)\n")) & T_ENV_ALL);
	CHECK(taint_of(LANG_PYTHON, S("import os\nit = os.environ['A']\n")) == T_ENV);
	CHECK(taint_of(LANG_PYTHON, S("import os\nit = os.environ.get('A')\n")) == T_ENV);
	CHECK(taint_of(LANG_PYTHON, S("it = open('/x/.aws/credentials').read()\n")) & T_SECRET);
	CHECK(!(taint_of(LANG_PYTHON, S("it = open('/x/y').read()\n")) & T_SECRET));
	CHECK(taint_of(LANG_PYTHON, S("import requests as r\nit = r.get('u').text\n")) & T_FETCHED);
	CHECK(taint_of(LANG_PYTHON,
		       S("d = {}\nfor p in ('~/.ssh/id_rsa',):\n  d[p] = open(p).read()\n"
			 "it = str(d)\n")) &
	      T_SECRET);
	CHECK(taint_of(LANG_JAVASCRIPT, S("var it = JSON.stringify(process.env);")) & T_ENV_ALL);
	CHECK(taint_of(LANG_JAVASCRIPT, S("var it = process.env.HOME;")) == T_ENV);
	CHECK(taint_of(LANG_JAVASCRIPT, S("fetch(u).then(r => { it = r.text() })")) & T_FETCHED);
	CHECK(taint_of(LANG_PYTHON, S("import base64\nit = base64.b64decode(x)\n")) & T_DECODED);
}

/* Numbers that 64 bits do not hold are not known. */
CASE(large_numbers)
{
#define BIG "(0x1fffffffffffffff * 4)" /* nearly INT64_MAX */
	CHECK(folded(LANG_PYTHON, S("it = int('zzzzzzzzzzzzzzz', 36)\n")).kind == V_UNKNOWN);
	CHECK(folded(LANG_PYTHON, S("it = int('zz', 36)\n")).i == 35 * 36 + 35);
	CHECK(folded(LANG_PYTHON, S("it = int('999999999999999')\n")).i == 999999999999999);
	CHECK(folded(LANG_PYTHON, S("it = range(0 - " BIG ", " BIG ")\n")).kind == V_UNKNOWN);
	CHECK(folded(LANG_PYTHON, S("it = range(5, " BIG ", " BIG ")\n")).n == 1);
	CHECK(folded(LANG_PYTHON, S("it = range(2, 7, 2)\n")).n == 3);
	CHECK(folded(LANG_JAVASCRIPT, S("var it = 'ab'.substr(" BIG ", " BIG ");")).kind ==
	      V_UNKNOWN);
	JS("'abcd'.substr(1, 2)", "bc");
#undef BIG
}

CASE(bounded)
{
	struct buf b;

	(void)folded(LANG_PYTHON, S("it = it + it\n"));
	CHECK(folded(LANG_PYTHON, S("a = b\nb = a\nit = a\n")).kind == V_UNKNOWN);
	CHECK(folded(LANG_PYTHON, S("f = lambda x: f(x)\nit = f(1)\n")).kind == V_UNKNOWN);
	CHECK(folded(LANG_PYTHON, S("it = 'a' * 99999999\n")).kind == V_UNKNOWN);
	CHECK(folded(LANG_PYTHON, S("it = 1 << 99\n")).kind == V_UNKNOWN);
	CHECK(folded(LANG_PYTHON, S("it = 1 // 0\n")).kind == V_UNKNOWN);
	buf_init(&b, 1 << 20);
	buf_add(&b, S("a = 'xxxxxxxxxxxxxxxx'\n"));
	for (int i = 0; i < 40; i++)
		buf_add(&b, S("a = a + a\n"));
	buf_add(&b, S("it = a\n"));
	CHECK(folded(LANG_PYTHON, buf_str(&b)).kind == V_UNKNOWN);
	/* A large text is looked through a few times, not for each of many calls. */
	static const char *const calls[] = { "b.split('bb'), ", "b.replace('bb', ''), ",
					     "b % 1, " };
	for (size_t k = 0; k < sizeof calls / sizeof calls[0]; k++) {
		buf_reset(&b);
		buf_add(&b, S("a = 'a' * 1048576\nb = a + a + a + a\nit = ["));
		for (int i = 0; i < 100; i++)
			buf_add(&b, str_z(calls[k]));
		buf_add(&b, S("1][100]\n"));
		CHECK(folded(LANG_PYTHON, buf_str(&b)).kind == V_UNKNOWN);
	}
	buf_reset(&b);
	buf_add(&b, S("it = "));
	for (int i = 0; i < 100000; i++)
		buf_addc(&b, '(');
	CHECK(folded(LANG_PYTHON, buf_str(&b)).kind == V_UNKNOWN);
	buf_free(&b);
}

TESTS(CASE_ROW(joining), CASE_ROW(decoding), CASE_ROW(names), CASE_ROW(origins),
      CASE_ROW(large_numbers), CASE_ROW(bounded))
