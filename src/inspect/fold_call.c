/*
 * inspect/fold_call.c - what calls of known functions give. Memory: the arena's.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/fold_fuzz.c
 */
#include "codec/utf8.h"
#include "inspect/effects.h"
#include "inspect/fold_call.h"

#include "base/ascii.h"

uint32_t value_taint(const struct unit *u, const struct value *v)
{
	if (v->kind != V_NAME)
		return v->taint;
	const struct effect *e = effect_find(u->lang, v->s);
	if (e)
		return v->taint | e->taint;
	if (str_has_prefix(v->s, S("process.env.")) || str_has_prefix(v->s, S("os.environ.")))
		return v->taint | T_ENV;
	return v->taint;
}

/* Whether a text names a file of credentials: then what is read from it is secret. */
static uint32_t secret_path(const struct value *path)
{
	size_t at, n;

	if (!value_is_text(path) || path->s.n > 4096)
		return 0;
	return texts_classes(NULL, path->s, &at, &n) &
			       (1u << TEXT_CREDENTIALS | 1u << TEXT_METADATA)
		       ? T_SECRET
		       : 0;
}

struct value fold_decoded(struct call *c, struct value in, struct str codec, enum value_kind kind)
{
	struct value out = in;

	if (value_is_text(&in) && !in.partial && in.s.n <= *c->u->bytes &&
	    decode_named(c->u->a, codec, in.s, &out.s)) {
		*c->u->bytes -= out.s.n < *c->u->bytes ? out.s.n : *c->u->bytes;
		out.kind = (uint8_t)kind;
		out.layers = (uint8_t)(in.layers + (in.layers < 200));
		return out;
	}
	return value_unknown(c->taint | T_DECODED);
}

static struct value do_decode(struct call *c, struct str codec)
{
	return fold_decoded(c, arg(c, 0), codec, V_BYTES);
}

static struct value do_opaque(struct call *c, struct str with)
{
	(void)with;
	return value_unknown(c->taint | T_DECODED);
}

static struct value do_codecs_decode(struct call *c, struct str with)
{
	(void)with;
	struct value codec = arg(c, 1);
	return fold_decoded(c, arg(c, 0), codec.kind == V_STR ? codec.s : S("utf-8"), V_STR);
}

static struct value do_same(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0);
	v.taint |= c->taint;
	return v;
}

static struct value code_point(struct unit *u, int64_t cp)
{
	struct buf b;
	char *p = value_bytes(u, 8);

	if (p == NULL || cp < 0 || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return value_unknown(0);
	buf_fixed(&b, p, 8);
	utf8_put(&b, (uint32_t)cp);
	return value_text(V_STR, buf_str(&b));
}

static struct value do_chr(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0);
	struct value out = v.kind == V_INT ? code_point(c->u, v.i) : value_unknown(c->taint);
	out.layers = v.layers ? v.layers : 1; /* a text made of numbers hides */
	return out;
}

static struct value do_ord(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0);
	return value_is_text(&v) && v.s.n == 1 ? value_int((uint8_t)v.s.p[0])
					       : value_unknown(c->taint);
}

/* A list of numbers as bytes (or code points). */
static struct value numbers(struct call *c, const struct value *v, uint32_t n, bool text)
{
	struct value out = { .kind = text ? V_STR : V_BYTES, .taint = c->taint };
	char *p = n <= FOLD_BYTES / 4 ? value_bytes(c->u, (size_t)n * (text ? 4 : 1)) : NULL;
	struct buf b;

	if (p == NULL)
		return value_unknown(c->taint);
	buf_fixed(&b, p, (size_t)n * (text ? 4 : 1));
	for (uint32_t i = 0; i < n; i++) {
		if (v[i].kind != V_INT || v[i].i < 0 || v[i].i > (text ? 0x10ffff : 255) ||
		    (v[i].i >= 0xd800 && v[i].i < 0xe000))
			return value_unknown(c->taint);
		if (text)
			utf8_put(&b, (uint32_t)v[i].i);
		else
			buf_addc(&b, (char)v[i].i);
		out.layers = v[i].layers > out.layers ? v[i].layers : out.layers;
	}
	out.s = buf_str(&b);
	out.layers = (uint8_t)(out.layers + 1);
	return out;
}

static struct value do_bytes(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0);
	if (v.kind == V_UNKNOWN && c->n == 1 && c->u->lang == LANG_PYTHON &&
	    !(v.taint & (T_FILE | T_FETCHED)))
		return value_unknown(c->taint | T_DECODED); /* of numbers */
	if (v.kind == V_LIST) {
		uint8_t layers = v.layers;
		v = numbers(c, v.items, v.n, false);
		v.layers = v.layers > layers ? v.layers : layers;
		return v;
	}
	if (value_is_text(&v))
		v.kind = V_BYTES;
	return v;
}

static struct value do_str(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0);
	if (v.kind == V_BYTES)
		v.kind = V_STR;
	return v.kind == V_NAME ? value_unknown(c->taint) : v;
}

static struct value do_from_char_code(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0);
	v = v.kind == V_LIST ? numbers(c, v.items, v.n, true) : numbers(c, c->v, c->n, true);
	v.taint |= v.kind == V_UNKNOWN ? (uint32_t)T_DECODED : 0;
	return v;
}

static struct value do_int(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0), base = arg(c, 1);
	int64_t b = base.kind == V_INT ? base.i : 10, r = 0;

	if (v.kind == V_INT)
		return v;
	if (!value_is_text(&v) || v.s.n == 0 || v.s.n > 15)
		return value_unknown(c->taint);
	for (size_t i = 0; i < v.s.n; i++) {
		char k = (char)(v.s.p[i] | 0x20);
		int d = ascii_digit(v.s.p[i]) ? v.s.p[i] - '0' : k >= 'a' ? k - 'a' + 10 : 99;
		if (d >= b || b > 36 || r > INT64_MAX / 64)
			return value_unknown(c->taint);
		r = r * b + d;
	}
	struct value out = value_int(r);
	out.layers = v.layers;
	return out;
}

static struct value do_len(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0);
	return fold_count(&v) ? value_int(fold_count(&v)) : value_unknown(0);
}

struct value fold_reversed(struct call *c, struct str with)
{
	(void)with;
	struct value hole = { .kind = V_UNKNOWN, .n = 1 };
	struct value at[3] = { hole, hole, value_int(-1) };
	struct value of = c->self.kind == V_UNKNOWN ? arg(c, 0) : c->self;
	return fold_index(c->u, of, at, 3);
}

struct value fold_list_new(struct call *c, uint32_t n, struct value **items)
{
	*items = n <= FOLD_ITEMS ? value_items(c->u, n ? n : 1) : NULL;
	if (*items == NULL)
		return value_unknown(c->taint);
	return (struct value){ .kind = V_LIST, .items = *items, .n = n, .taint = c->taint };
}

static struct value do_range(struct call *c, struct str with)
{
	(void)with;
	int64_t from = c->n > 1 && c->v[0].kind == V_INT ? c->v[0].i : 0, span;
	struct value to = arg(c, c->n > 1 ? 1 : 0), by = arg(c, 2);
	int64_t step = by.kind == V_INT ? by.i : 1;
	struct value *items;

	if (to.kind != V_INT || step <= 0 || to.i < from ||
	    __builtin_sub_overflow(to.i, from, &span) || span / step >= FOLD_ITEMS)
		return value_unknown(0);
	struct value out = fold_list_new(c, (uint32_t)(span / step + (span % step != 0)), &items);
	for (uint32_t i = 0; out.kind == V_LIST && i < out.n; i++)
		items[i] = value_int(from + (int64_t)i * step);
	return out;
}

/* zip and enumerate give pairs; cycle marks what starts again. */
static struct value pairs(struct call *c, const struct value *a, const struct value *b)
{
	uint32_t n = a ? fold_count(a) : fold_count(b), m = fold_count(b);
	bool cycle_a = a && a->kind != V_INT && a->i == 1, cycle = b->i == 1;
	struct value *items, *two;

	if (cycle_a || (!cycle && m < n))
		n = m;
	if (n == 0 || m == 0)
		return value_unknown(c->taint);
	struct value out = fold_list_new(c, n, &items);
	two = out.kind == V_LIST ? value_items(c->u, 2 * (size_t)n) : NULL;
	if (two == NULL)
		return value_unknown(c->taint);
	for (uint32_t i = 0; i < n; i++) {
		two[2 * i] = a ? fold_item(c->u, a, cycle_a ? i % fold_count(a) : i) : value_int(i);
		two[2 * i + 1] = fold_item(c->u, b, cycle ? i % m : i);
		items[i] = (struct value){ .kind = V_LIST, .items = &two[2 * i], .n = 2 };
	}
	out.layers = b->layers;
	return out;
}

static struct value do_zip(struct call *c, struct str with)
{
	(void)with;
	return c->n == 2 ? pairs(c, &c->v[0], &c->v[1]) : value_unknown(c->taint);
}

static struct value do_enumerate(struct call *c, struct str with)
{
	(void)with;
	return c->n > 0 ? pairs(c, NULL, &c->v[0]) : value_unknown(c->taint);
}

static struct value do_cycle(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0);
	v.i = 1;
	return v;
}

static struct value do_map(struct call *c, struct str with)
{
	(void)with;
	struct value fn = arg(c, 0), over = arg(c, 1), *items;
	uint32_t n = fold_count(&over);

	if (fn.kind != V_NAME || n == 0 || over.partial)
		return value_unknown(c->taint | (over.taint & T_DECODED));
	struct value out = fold_list_new(c, n, &items);
	for (uint32_t i = 0; out.kind == V_LIST && i < n; i++) {
		struct value item = fold_item(c->u, &over, i);
		struct call one = { .u = c->u, .v = &item, .n = 1, .taint = c->taint };
		if (str_eq(fn.s, S("chr")))
			items[i] = do_chr(&one, S(""));
		else if (str_eq(fn.s, S("ord")))
			items[i] = do_ord(&one, S(""));
		else if (str_eq(fn.s, S("int")))
			items[i] = do_int(&one, S(""));
		else
			return value_unknown(c->taint);
	}
	out.layers = over.layers;
	return out;
}

static struct value do_getattr(struct call *c, struct str with)
{
	(void)with;
	struct value name = arg(c, 1);
	if (c->n < 2 || !value_is_text(&name) || name.partial)
		return value_unknown(c->taint);
	return fold_attribute(c->u, c->v[0], name.s);
}

static struct value do_module(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0);
	if (!value_is_text(&v) || v.partial || v.s.n > 128)
		return value_unknown(c->taint);
	if (str_has_suffix(v.s, S(".json")))
		return value_unknown(c->taint | T_FILE | T_DATA);
	if (str_has_prefix(v.s, S("node:")))
		v.s = str_tail(v.s, 5);
	return value_text(V_NAME, v.s);
}

static struct value do_namespace(struct call *c, struct str with)
{
	(void)with;
	return c->n ? c->v[0] : value_text(V_NAME, S(""));
}

/* Function("return this") gives a function that gives the namespace of all names, eval("this") that
 * itself. */
static struct value do_this(struct call *c, struct str with)
{
	(void)with;
	struct value code = arg(c, 0);
	if (value_is_text(&code) && str_has_prefix(code.s, S("return this")))
		return value_text(V_NAME, S("globals"));
	if (value_is_text(&code) && str_eq(code.s, S("this")))
		return value_text(V_NAME, S(""));
	return value_unknown(c->taint);
}

static struct value do_path_join(struct call *c, struct str with)
{
	(void)with;
	struct value list = { .kind = V_LIST, .items = c->v, .n = c->n, .taint = c->taint };
	return fold_join(c->u, value_text(V_STR, S("/")), list);
}

static struct value do_name(struct call *c, struct str with)
{
	(void)c;
	return value_text(V_NAME, with);
}

static struct value do_home(struct call *c, struct str with)
{
	(void)c;
	return value_text(V_STR, with);
}

struct value fold_read(struct call *c, struct str with)
{
	(void)with;
	struct value path = c->self.kind == V_UNKNOWN ? arg(c, 0) : c->self;
	bool data = value_is_text(&path) && text_names_data(path.s);
	return value_unknown(c->taint | T_FILE | (data ? (uint32_t)T_DATA : 0u) |
			     secret_path(&path));
}

/* The paths below one that are listed: their names are not known. */
static struct value do_paths(struct call *c, struct str with)
{
	struct value path = c->self.kind == V_UNKNOWN ? arg(c, 0) : c->self, *items;
	struct str left = path.s;
	struct buf b;

	char *p = value_is_text(&path) && left.n < 4096 ? value_bytes(c->u, left.n + 2) : NULL;
	if (p == NULL)
		return value_unknown(c->taint);
	buf_fixed(&b, p, left.n + 2);
	buf_add(&b, str_cut(left, '*', &left));
	if (with.n > 0 && !str_has_suffix(path.s, S("/")))
		buf_add(&b, with);
	buf_addc(&b, HOLE);
	struct value out = fold_list_new(c, 1, &items);
	if (out.kind == V_LIST) {
		items[0] = value_text(V_STR, buf_str(&b));
		items[0].partial = true;
	}
	return out;
}

/* What a command prints: the environment, a file that it names. */
static struct value do_output(struct call *c, struct str with)
{
	static const struct str all[] = { SC("env"), SC("printenv"), SC("set") };
	struct value v = arg(c, 0), space = value_text(V_STR, S(" "));
	struct value command = v.kind == V_LIST ? fold_join(c->u, space, v) : v;
	uint32_t taint = c->taint | secret_path(&command);

	(void)with;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		taint |= value_is_text(&command) && str_eq(str_trim(command.s), all[i])
				 ? (uint32_t)T_ENV_ALL
				 : 0u;
	return value_unknown(taint);
}

/* pkgutil.get_data(package, path) */
static struct value do_package_file(struct call *c, struct str with)
{
	c->self = arg(c, 1);
	return fold_read(c, with);
}

static struct value do_get_url(struct call *c, struct str with)
{
	(void)with;
	struct value url = arg(c, 0);
	return value_unknown(c->taint | T_FETCHED | secret_path(&url));
}

static struct value do_buffer(struct call *c, struct str with)
{
	(void)with;
	struct value v = arg(c, 0), enc = arg(c, 1);
	if (v.kind == V_LIST)
		return do_bytes(c, S(""));
	if (value_is_text(&v) && enc.kind == V_STR && !str_ieq(enc.s, S("utf8")))
		return fold_decoded(c, v, enc.s, V_BYTES);
	if (!value_is_text(&v) && enc.kind == V_STR &&
	    (str_eq(enc.s, S("base64")) || str_eq(enc.s, S("hex"))))
		return value_unknown(c->taint | T_DECODED);
	if (value_is_text(&v))
		v.kind = V_BYTES;
	return v;
}

static const struct fold_row python[] = {
	{ SC("__import__"), do_module, SC("") },
	{ SC("base64.a85decode"), do_decode, SC("ascii85") },
	{ SC("base64.b16decode"), do_decode, SC("hex") },
	{ SC("base64.b32decode"), do_decode, SC("base32") },
	{ SC("base64.b64decode"), do_decode, SC("base64") },
	{ SC("base64.b85decode"), do_decode, SC("base85") },
	{ SC("base64.decodebytes"), do_decode, SC("base64") },
	{ SC("base64.decodestring"), do_decode, SC("base64") },
	{ SC("base64.standard_b64decode"), do_decode, SC("base64") },
	{ SC("base64.urlsafe_b64decode"), do_decode, SC("base64") },
	{ SC("binascii.a2b_base64"), do_decode, SC("base64") },
	{ SC("binascii.a2b_hex"), do_decode, SC("hex") },
	{ SC("binascii.unhexlify"), do_decode, SC("hex") },
	{ SC("bytes.fromhex"), do_decode, SC("hex") },
	{ SC("bytearray.fromhex"), do_decode, SC("hex") },
	{ SC("zlib.decompress"), do_decode, SC("zlib") },
	{ SC("gzip.decompress"), do_decode, SC("gzip") },
	{ SC("bz2.decompress"), do_opaque, SC("") },
	{ SC("lzma.decompress"), do_opaque, SC("") },
	{ SC("marshal.loads"), do_opaque, SC("") },
	{ SC("codecs.decode"), do_codecs_decode, SC("") },
	{ SC("urllib.parse.unquote"), do_decode, SC("percent") },
	{ SC("compile"), do_same, SC("") },
	{ SC("memoryview"), do_same, SC("") },
	{ SC("io.BytesIO"), do_same, SC("") },
	{ SC("io.StringIO"), do_same, SC("") },
	{ SC("list"), do_same, SC("") },
	{ SC("tuple"), do_same, SC("") },
	{ SC("chr"), do_chr, SC("") },
	{ SC("ord"), do_ord, SC("") },
	{ SC("bytes"), do_bytes, SC("") },
	{ SC("bytearray"), do_bytes, SC("") },
	{ SC("str"), do_str, SC("") },
	{ SC("int"), do_int, SC("") },
	{ SC("len"), do_len, SC("") },
	{ SC("reversed"), fold_reversed, SC("") },
	{ SC("range"), do_range, SC("") },
	{ SC("zip"), do_zip, SC("") },
	{ SC("enumerate"), do_enumerate, SC("") },
	{ SC("itertools.cycle"), do_cycle, SC("") },
	{ SC("map"), do_map, SC("") },
	{ SC("getattr"), do_getattr, SC("") },
	{ SC("importlib.import_module"), do_module, SC("") },
	{ SC("globals"), do_namespace, SC("") },
	{ SC("locals"), do_namespace, SC("") },
	{ SC("vars"), do_namespace, SC("") },
	{ SC("os.path.join"), do_path_join, SC("") },
	{ SC("os.path.expanduser"), do_same, SC("") },
	{ SC("os.path.expandvars"), do_same, SC("") },
	{ SC("os.path.abspath"), do_same, SC("") },
	{ SC("os.path.realpath"), do_same, SC("") },
	{ SC("pathlib.Path"), do_path_join, SC("") },
	{ SC("pathlib.PosixPath"), do_path_join, SC("") },
	{ SC("pathlib.Path.home"), do_home, SC("~") },
	{ SC("open"), fold_read, SC("") },
	{ SC("io.open"), fold_read, SC("") },
	{ SC("pkgutil.get_data"), do_package_file, SC("") },
	{ SC("bdb.Bdb"), do_name, SC("bdb.Bdb") },
	{ SC("pdb.Pdb"), do_name, SC("pdb.Pdb") },
	{ SC("cProfile.Profile"), do_name, SC("cProfile.Profile") },
	{ SC("profile.Profile"), do_name, SC("profile.Profile") },
	{ SC("trace.Trace"), do_name, SC("trace.Trace") },
	{ SC("glob.glob"), do_paths, SC("") },
	{ SC("glob.iglob"), do_paths, SC("") },
	{ SC("os.walk"), do_paths, SC("/") },
	{ SC("subprocess.check_output"), do_output, SC("") },
	{ SC("subprocess.getoutput"), do_output, SC("") },
	{ SC("subprocess.run"), do_output, SC("") },
	{ SC("os.popen"), do_output, SC("") },
	{ SC("requests.get"), do_get_url, SC("") },
	{ SC("urllib.request.urlopen"), do_get_url, SC("") },
};

static const struct fold_row javascript[] = {
	{ SC("atob"), do_decode, SC("base64") },
	{ SC("unescape"), do_decode, SC("percent") },
	{ SC("decodeURIComponent"), do_decode, SC("percent") },
	{ SC("decodeURI"), do_decode, SC("percent") },
	{ SC("zlib.gunzipSync"), do_decode, SC("gzip") },
	{ SC("zlib.inflateSync"), do_decode, SC("zlib") },
	{ SC("zlib.inflateRawSync"), do_decode, SC("deflate") },
	{ SC("zlib.unzipSync"), do_decode, SC("gzip") },
	{ SC("zlib.brotliDecompressSync"), do_opaque, SC("") },
	{ SC("util.promisify"), do_same, SC("") },
	{ SC("String"), do_str, SC("") },
	{ SC("String.fromCharCode"), do_from_char_code, SC("") },
	{ SC("String.fromCodePoint"), do_from_char_code, SC("") },
	{ SC("parseInt"), do_int, SC("") },
	{ SC("Number"), do_int, SC("") },
	{ SC("Uint8Array"), do_bytes, SC("") },
	{ SC("Uint8Array.from"), do_bytes, SC("") },
	{ SC("Array.from"), do_same, SC("") },
	{ SC("Buffer"), do_buffer, SC("") },
	{ SC("Buffer.from"), do_buffer, SC("") },
	{ SC("require"), do_module, SC("") },
	{ SC("import"), do_module, SC("") },
	{ SC("module.require"), do_module, SC("") },
	{ SC("process.mainModule.require"), do_module, SC("") },
	{ SC("module.createRequire"), do_name, SC("require") },
	{ SC("module._load"), do_module, SC("") },
	{ SC("process.binding"), do_module, SC("") },
	{ SC("process_wrap.Process"), do_name, SC("process_wrap.Process") },
	{ SC("Function"), do_this, SC("") },
	{ SC("eval"), do_this, SC("") },
	{ SC("globals"), do_namespace, SC("") },
	{ SC("URL"), do_same, SC("") },
	{ SC("path.join"), do_path_join, SC("") },
	{ SC("path.resolve"), do_path_join, SC("") },
	{ SC("os.homedir"), do_home, SC("~") },
	{ SC("fs.readFileSync"), fold_read, SC("") },
	{ SC("fs.readFile"), fold_read, SC("") },
	{ SC("fs.promises.readFile"), fold_read, SC("") },
	{ SC("fs/promises.readFile"), fold_read, SC("") },
	{ SC("child_process.execSync"), do_output, SC("") },
	{ SC("encodeURIComponent"), do_same, SC("") },
	{ SC("fetch"), do_get_url, SC("") },
	{ SC("https.get"), do_get_url, SC("") },
	{ SC("http.get"), do_get_url, SC("") },
	{ SC("axios.get"), do_get_url, SC("") },
};

const struct fold_row *fold_row_of(const struct fold_row *rows, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(rows[i].name, name))
			return &rows[i];
	}
	return NULL;
}

struct value fold_call(struct unit *u, struct value callee, const struct value *v, uint32_t n)
{
	struct call c = {
		.u = u, .self = value_unknown(0), .v = v, .n = n, .taint = value_taint(u, &callee)
	};
	const struct fold_row *r = NULL;

	for (uint32_t i = 0; i < n; i++)
		c.taint |= value_taint(u, &v[i]);
	if (callee.kind == V_METHOD) {
		c.self = callee.items[0];
		r = fold_method(callee.s);
	} else if (callee.kind == V_NAME && u->lang == LANG_PYTHON) {
		r = fold_row_of(python, sizeof python / sizeof python[0], effect_path(callee.s));
	} else if (callee.kind == V_NAME) {
		r = fold_row_of(javascript, sizeof javascript / sizeof javascript[0],
				effect_path(callee.s));
	}
	if (r)
		return r->run(&c, r->with);
	if (callee.kind == V_NAME && str_has_suffix(callee.s, S(".bind")))
		return value_text(V_NAME, str_head(callee.s, callee.s.n - 5));
	/* helpers of compilers hand modules through */
	if (callee.kind == V_NAME && n == 1 && v[0].kind == V_NAME && callee.s.n > 1 &&
	    callee.s.p[0] == '_' && u->lang == LANG_JAVASCRIPT)
		return v[0];
	return value_unknown(c.taint);
}
