/*
 * package/model.c - findings about pickles and model files.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/model_fuzz.c
 */
#include "package/model.h"

#include "base/limits.h"
#include "codec/inflate.h"
#include "codec/json.h"
#include "codec/pickle.h"

#include <stdlib.h>

struct target {
	struct str package, path, text;
	struct arena *scratch;
	struct findings *f;
};

enum { HEADER_MAX = 100 << 20 /* what safetensors' own readers allow */, INFLATED_MAX = 16 << 20 };

/* Whoever loads a file does not look at the case of its name. */
static bool ends_in(struct str name, struct str suffix)
{
	return name.n >= suffix.n && str_ieq(str_tail(name, name.n - suffix.n), suffix);
}

enum model model_kind(struct str file_name, struct str head)
{
	static const struct str pickles[] = { SC(".pkl"),    SC(".pickle"), SC(".pck"),
					      SC(".pt"),     SC(".pth"),    SC(".ckpt"),
					      SC(".joblib"), SC(".dill"),   SC(".p") };

	if (str_has_prefix(head, S("GGUF")))
		return MODEL_GGUF;
	if (str_has_prefix(head, S("\x93NUMPY")))
		return MODEL_NUMPY;
	if (ends_in(file_name, S(".safetensors")))
		return MODEL_SAFETENSORS;
	bool named = ends_in(file_name, S(".bin"));
	for (size_t i = 0; i < sizeof pickles / sizeof pickles[0]; i++)
		if (ends_in(file_name, pickles[i])) {
			if (str_has_prefix(head, S("PK\x03\x04")))
				return MODEL_TORCH;
			/* A startup hook has the same end of its name as a model of torch. */
			return !str_eq(pickles[i], S(".pth")) || str_has_prefix(head, S("\x80"))
				       ? MODEL_PICKLE
				       : MODEL_PTH;
		}
	if (named && str_has_prefix(head, S("PK\x03\x04")))
		return MODEL_TORCH;
	/* PROTO with a known protocol, then FRAME, or an opcode that picklers begin with */
	if (head.n > 2 && head.p[0] == '\x80' && head.p[1] >= 2 && head.p[1] <= 5 &&
	    (head.p[2] == '\x95' || str_chr(S("}](c)X\x8aKM"), head.p[2]) != SIZE_MAX))
		return MODEL_PICKLE;
	return MODEL_NONE;
}

/* ---- pickles -------------------------------------------------------------------------------- */

static void on_import(const struct target *t, const struct pickle_import *i)
{
	char room[256];
	struct buf b;

	if (i->computed) {
		finding_add(t->f, RULE_PICKLE_EXEC, t->package, t->path, 0, S(""),
			    "the name of an import is computed while loading (byte %zu)", i->at);
		return;
	}
	enum err e = model_import_judge(i->module, i->name);
	if (e == OK)
		return;
	/* torch stores a tensor so; what the bytes hold is up to whoever wrote them. */
	if (str_eq(i->name, S("_load_from_bytes")))
		finding_add(t->f, RULE_PICKLE_UNREAD, t->package, t->path, 0, S(""),
			    "bytes that torch loads as another pickle (byte %zu)", i->at);
	buf_fixed(&b, room, sizeof room);
	buf_add(&b, str_head(i->module, 120));
	buf_addc(&b, '.');
	buf_add(&b, str_head(i->name, 120));
	finding_add(t->f, e == ERR_DENIED ? RULE_PICKLE_EXEC : RULE_PICKLE_IMPORT, t->package,
		    t->path, 0, buf_str(&b), "imported at byte %zu", i->at);
}

/* Whether p, which failed, got so far that it was a pickle. */
static bool was_pickle(const struct pickle *p, size_t imports)
{
	return imports > 0 || (p->protocol >= 2 && p->ops > 8);
}

static void read_pickle(const struct target *t)
{
	struct pickle p;
	struct pickle_import i;
	size_t imports = 0;
	bool more;

	pickle_init(&p, t->text, t->scratch);
	for (;;) {
		enum err e = pickle_import(&p, &i, &more);
		if (e == OK && more) {
			imports++;
			on_import(t, &i);
			continue;
		}
		if (e != OK && (e != ERR_SYNTAX || was_pickle(&p, imports)))
			finding_add(t->f, RULE_PICKLE_UNREAD, t->package, t->path, 0, S(""),
				    "%s at byte %zu", err_text(e), p.at);
		/* Behind the end torch puts more pickles, and others whatever they like. */
		if (e != OK || p.at == t->text.n)
			break;
		if (p.round + 1 == PICKLE_ROUNDS_MAX) {
			finding_add(t->f, RULE_PICKLE_UNREAD, t->package, t->path, 0, S(""),
				    "too many pickles in one file");
			break;
		}
		pickle_again(&p);
		imports = 0;
		p.protocol = 0;
		p.ops = 0;
	}
	finding_add(t->f, RULE_MODEL_FILE, t->package, t->path, 0, S(""), "pickle, protocol %u",
		    p.protocol);
}

/* joblib looks at the first bytes and takes the compression off by itself. What a stream gives
 * before it breaks is loaded, too. */
static bool uncompress(struct target *t)
{
	static const struct str others[] = { SC("BZh"),
					     SC("\xfd"
						"7zXZ"),
					     SC("\x5d\0\0"), SC("\x04\x22\x4d\x18"),
					     SC("\x28\xb5\x2f\xfd") };
	bool gzip = str_has_prefix(t->text, S("\x1f\x8b"));
	struct buf out;

	if (!gzip && (t->text.n < 2 || t->text.p[0] != 0x78)) {
		for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
			if (str_has_prefix(t->text, others[i]))
				finding_add(t->f, RULE_PICKLE_UNREAD, t->package, t->path, 0, S(""),
					    "compressed in a way that is not read");
		return false;
	}
	char *room = arena_take(t->scratch, INFLATED_MAX, 16);
	enum err e = ERR_NOMEM;
	buf_init(&out, INFLATED_MAX);
	if (room != NULL) {
		buf_fixed(&out, room, INFLATED_MAX);
		e = inflate_all(t->scratch, gzip ? INFLATE_GZIP : INFLATE_ZLIB, t->text, &out);
	}
	if (e != OK && e != ERR_SYNTAX)
		finding_add(t->f, RULE_PICKLE_UNREAD, t->package, t->path, 0, S(""),
			    "too large to be uncompressed");
	t->text = (struct str){ room, out.n };
	return out.n > 0;
}

static void inspect_pickle(const struct target *t)
{
	struct target inner = *t;

	if (uncompress(&inner))
		read_pickle(&inner);
	else
		read_pickle(t);
}

/* Text that is a pickle as well: it imports what runs code, and calls. Lines that name directories
 * do not come to that. */
static bool runs_code(const struct target *t)
{
	struct pickle p;
	struct pickle_import i;
	bool more = true, harmful = false;

	pickle_init(&p, t->text, t->scratch);
	while (pickle_import(&p, &i, &more) == OK && more)
		harmful |= i.computed || model_import_judge(i.module, i.name) == ERR_DENIED;
	return harmful && p.calls > 0;
}

/* ---- numpy ---------------------------------------------------------------------------------- */

/* Arrays of objects are pickles behind the header. */
static void inspect_numpy(struct target t)
{
	size_t at, n;
	const unsigned char *h = (const unsigned char *)t.text.p;

	if (t.text.n < 12)
		return;
	at = h[6] >= 2 ? 12 : 10;
	n = (size_t)h[8] | (size_t)h[9] << 8;
	if (h[6] >= 2)
		n |= (size_t)h[10] << 16 | (size_t)h[11] << 24;
	struct str header = str_head(str_tail(t.text, at), n);
	/* "|O", "O8", "object": all of them name objects; the name of a field may look so, too, and
	 * what follows then is no pickle. Python reads the header, so "\\x4f" is an O. */
	bool objects = str_chr(header, 'O') != SIZE_MAX || str_chr(header, '\\') != SIZE_MAX ||
		       str_find(header, S("object")) != SIZE_MAX;
	t.text = str_tail(t.text, at + n);
	if (objects)
		inspect_pickle(&t);
}

/* ---- safetensors ---------------------------------------------------------------------------- */

static void broken(const struct target *t, struct str name, const char *why)
{
	finding_add(t->f, RULE_MODEL_BROKEN, t->package, t->path, 0, str_head(name, 200), "%s",
		    why);
}

struct span {
	int64_t from, to;
	struct str name;
};

static int by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

/* "data_offsets": [from, to] */
static bool read_span(const struct json *v, struct span *out)
{
	const struct json *list = json_get(v, S("data_offsets"));

	return json_is(list, JSON_ARRAY) && json_count(list) == 2 &&
	       json_i64(list + 1, &out->from) == OK && json_i64(list + 2, &out->to) == OK &&
	       out->from >= 0 && out->from <= out->to;
}

/* The tensors must fill the data without holes: in a hole, and behind the last, anything may
 * hide. */
static void check_spans(const struct target *t, const struct json *root, uint64_t data)
{
	struct span *spans = NEW_ARRAY(t->scratch, struct span, json_count(root) + 1);
	size_t n = 0;
	int64_t end = 0;

	if (spans == NULL) {
		broken(t, S(""), "the header is too large to be checked");
		return;
	}
	JSON_EACH_MEMBER (root, key) {
		if (json_str_eq(key, S("__metadata__")))
			continue;
		spans[n].name = json_esc(key);
		if (!read_span(key + 1, &spans[n++])) {
			broken(t, json_esc(key), "a tensor without a proper place");
			return;
		}
	}
	qsort(spans, n, sizeof spans[0], by_start);
	for (size_t i = 0; i < n; i++) {
		if (spans[i].from != end) {
			broken(t, spans[i].name,
			       spans[i].from < end ? "a tensor overlaps another"
						   : "a hole between tensors");
			return;
		}
		end = spans[i].to;
	}
	if ((uint64_t)end != data)
		broken(t, S(""), "the tensors do not fill the file");
}

static void inspect_safetensors(const struct target *t)
{
	const struct json *root;
	uint64_t n = 0;

	if (t->text.n < 8) {
		broken(t, S(""), "too short for a header");
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		n |= (uint64_t)(unsigned char)t->text.p[i] << 8 * i;
	if (n > t->text.n - 8 || n > HEADER_MAX) {
		broken(t, S(""), "the header is longer than the file or 100 MB");
		return;
	}
	struct str header = { t->text.p + 8, (size_t)n };
	enum err e = json_read(t->scratch, header, &root, NULL);
	if (e != OK || !json_is(root, JSON_OBJECT)) {
		broken(t, header, e == OK ? "the header is no object" : err_text(e));
		return;
	}
	check_spans(t, root, t->text.n - 8 - n);
	finding_add(t->f, RULE_MODEL_FILE, t->package, t->path, 0, S(""), "safetensors");
}

void model_inspect(enum model kind, struct str package, struct str path, struct str text,
		   struct arena *scratch, struct findings *f)
{
	struct target t = { package, path, text, scratch, f };

	switch (kind) {
	case MODEL_PICKLE:
		inspect_pickle(&t);
		return;
	case MODEL_TORCH:
		finding_add(f, RULE_MODEL_FILE, package, path, 0, S(""), "archive of torch");
		return;
	case MODEL_SAFETENSORS:
		inspect_safetensors(&t);
		return;
	case MODEL_GGUF:
		finding_add(f, RULE_MODEL_FILE, package, path, 0, S(""), "GGUF");
		return;
	case MODEL_NUMPY:
		inspect_numpy(t);
		return;
	case MODEL_PTH:
		if (runs_code(&t))
			inspect_pickle(&t);
		return;
	case MODEL_NONE:
	default:
		return;
	}
}
