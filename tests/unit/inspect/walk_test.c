/* tests/unit/inspect/walk_test.c - walks read no token behind the last, wherever a text ends. */
#include "tests/unit/inspect/units.h"

#include "tests/unit/check.h"

static void walk_at_guard(enum language lang, struct str text)
{
	struct unit *u = unit_of(lang, text);
	struct str g = check_guard((struct str){ (const char *)u->tok, u->n * sizeof *u->tok });

	u->tok = (struct token *)(uintptr_t)g.p;
	u->file->n_sites = 0;
	CHECK(unit_names(u));
	if (lang == LANG_PYTHON)
		walk_python(u);
	else
		walk_javascript(u);
	for (uint32_t i = 0; i < u->file->n_sites; i++)
		u->file->sites[i].runs = true;
	unit_reach(u);
	unit_guards(u, 0);
	check_unguard(g);
}

static void cut_everywhere(enum language lang, struct str text)
{
	for (size_t n = 0; n <= text.n; n++)
		walk_at_guard(lang, str_head(text, n));
}

CASE(python)
{
	cut_everywhere(LANG_PYTHON,
		       S("import os as o, sys\nfrom a.b import (c as d, e)\nfrom f import *\n"
			 "@o.x\nasync def f(a=o.system('x'), *b):\n  return lambda c: c\n"
			 "class A(B, metaclass=M):\n  def __init__(self): pass\n"
			 "with open('/x') as h, g() as i:\n  h.write(eval('1'))\n"
			 "if __name__ == '__main__': f(target=f)\n"
			 "while time.time() > 1700000000: os.system('id')\n"
			 "else: exit()\n"
			 "a, b = [c for c, d in e if c for f in g], {1: f'{a!r:>{b}}'}\n"
			 "a['b'] = c; a += 'd'; a.append(e); (f := 1)\n"
			 "x = exec if os.uname().nodename and y else z; exec(a[1:], b[::-1])\n"));
}

CASE(javascript)
{
	cut_everywhere(
		LANG_JAVASCRIPT,
		S("import a, {b as c} from 'd'; const {exec: e, ...f} = require('child_process');\n"
		  "async function* g({a: b, c}, ...d) { for (const [x, y] of z) await e(x) }\n"
		  "var h = async (i) => { return `j${i}k` }, l = m => eval(m);\n"
		  "if (new Date() > 1700000000) { h() } else if (os.hostname()) l(); else e('x')\n"
		  "fetch(u).then(r => r.text()).then(eval); setTimeout(e, 1, 'x');\n"
		  "n = a?.b ?? c ? d : /e/g; (0, eval)(n); [1, 2].map(f); o = {p: q, r() {}};\n"
		  "export default class S extends T { u = 1; get v() { return w } }\n"));
}

TESTS(CASE_ROW(python), CASE_ROW(javascript))
