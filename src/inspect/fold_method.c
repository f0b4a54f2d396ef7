/*
 * inspect/fold_method.c - what known methods of values give. Memory: the arena's.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/fold_fuzz.c
 */
#include "base/ascii.h"
#include "codec/utf8.h"
#include "inspect/fold_call.h"

static struct value m_join(struct call *c, struct str with)
{
	(void)with;
	struct value other = c->n ? c->v[0] : value_text(V_STR, S(","));
	return c->u->lang == LANG_PYTHON ? fold_join(c->u, c->self, other)
					 : fold_join(c->u, other, c->self);
}

static struct value m_replace(struct call *c, struct str with)
{
	(void)with;
	struct value a = arg(c, 0), b = arg(c, 1), out = c->self;
	struct str left = c->self.s;
	bool all = c->u->lang == LANG_PYTHON || a.kind == V_UNKNOWN;
	struct buf text;

	if (!value_is_text(&c->self) || a.s.n == 0 || !value_is_text(&b) || c->self.partial)
		return value_unknown(c->taint);
	fold_scan(c->u, left);
	buf_init(&text, FOLD_BYTES);
	for (size_t at; (at = str_find(left, a.s)) != SIZE_MAX;) {
		buf_add(&text, str_head(left, at));
		buf_add(&text, b.s);
		left = str_tail(left, at + a.s.n);
		if (!all)
			break;
	}
	buf_add(&text, left);
	char *p = text.err == OK ? value_bytes(c->u, text.n) : NULL;
	if (p && text.n)
		memcpy(p, text.p, text.n);
	out.s = (struct str){ p, text.n };
	out.taint |= c->taint;
	buf_free(&text);
	return p ? out : value_unknown(c->taint);
}

static struct value m_split(struct call *c, struct str with)
{
	(void)with;
	struct value by = arg(c, 0), *items;
	struct str left = c->self.s;
	uint32_t n = 1;

	if (!value_is_text(&c->self) || !value_is_text(&by) || c->self.partial)
		return value_unknown(c->taint);
	if (by.s.n == 0) {
		struct value all = fold_list_new(c, (uint32_t)left.n, &items);
		for (uint32_t i = 0; all.kind == V_LIST && i < all.n; i++)
			items[i] = fold_item(c->u, &c->self, i);
		all.layers = c->self.layers;
		return all;
	}
	fold_scan(c->u, left);
	for (size_t at; (at = str_find(left, by.s)) != SIZE_MAX; n++)
		left = str_tail(left, at + by.s.n);
	struct value out = fold_list_new(c, n, &items);
	left = c->self.s;
	for (uint32_t i = 0; out.kind == V_LIST && i < n; i++) {
		size_t at = str_find(left, by.s);
		items[i] = value_text((enum value_kind)c->self.kind, str_head(left, at));
		left = at == SIZE_MAX ? S("") : str_tail(left, at + by.s.n);
	}
	out.layers = c->self.layers;
	return out;
}

/* .decode(codec), .encode(codec), .toString(codec) */
static struct value m_code(struct call *c, struct str with)
{
	struct value v = c->self, codec = arg(c, 0);

	if (!value_is_text(&v))
		return value_unknown(c->taint);
	v.kind = str_eq(with, S("encode")) ? V_BYTES : V_STR;
	if (codec.kind == V_STR && str_eq(with, S("toString")) && !str_ieq(codec.s, S("utf8")) &&
	    !str_ieq(codec.s, S("utf-8")) && !str_ieq(codec.s, S("binary")) &&
	    !str_ieq(codec.s, S("latin1")) && !str_ieq(codec.s, S("ascii")))
		return value_unknown(c->taint); /* that encodes */
	if (codec.kind == V_STR && !str_eq(with, S("toString")) && c->u->lang == LANG_PYTHON &&
	    !(str_eq(with, S("decode")) && str_ieq(codec.s, S("latin-1")))) {
		struct value out = fold_decoded(c, v, codec.s, (enum value_kind)v.kind);
		if (out.kind != V_UNKNOWN) {
			out.layers = v.layers;
			return out;
		}
	}
	return v;
}

static struct value m_same(struct call *c, struct str with)
{
	(void)with;
	struct value v = c->self;
	v.taint |= c->taint;
	return v;
}

static struct value m_slice(struct call *c, struct str with)
{
	struct value at[2] = { arg(c, 0), arg(c, 1) };

	if (at[0].kind != V_INT || (c->n > 1 && at[1].kind != V_INT))
		return value_unknown(c->taint);
	if (str_eq(with, S("substr")) && c->n > 1 &&
	    __builtin_add_overflow(at[0].i, at[1].i, &at[1].i))
		return value_unknown(c->taint);
	if (c->n < 2)
		at[1] = (struct value){ .kind = V_UNKNOWN, .n = 1 };
	return fold_index(c->u, c->self, at, 2);
}

static struct value m_char_code(struct call *c, struct str with)
{
	struct value i = arg(c, 0);
	if (!value_is_text(&c->self) || (c->n && i.kind != V_INT))
		return value_unknown(c->taint);
	if (c->n == 0)
		i = value_int(0);
	if (i.i < 0 || (size_t)i.i >= c->self.s.n)
		return value_unknown(c->taint);
	if (with.n)
		return fold_item(c->u, &c->self, (uint32_t)i.i);
	struct value v = value_int((uint8_t)c->self.s.p[i.i]);
	v.layers = c->self.layers;
	return v;
}

static struct value m_concat(struct call *c, struct str with)
{
	(void)with;
	struct value out = c->self;
	for (uint32_t i = 0; i < c->n; i++)
		out = fold_binary(c->u, FO_ADD, out, c->v[i]);
	return out;
}

static struct value m_get(struct call *c, struct str with)
{
	(void)with;
	return c->n ? fold_index(c->u, c->self, c->v, 1) : value_unknown(c->taint);
}

/* "{}{}".format(a, b), and nothing finer. */
static struct value m_format(struct call *c, struct str with)
{
	(void)with;
	struct str left = c->self.s;
	struct value out = value_text(V_STR, S(""));
	uint32_t i = 0;

	if (!value_is_text(&c->self) || left.n > 4096)
		return value_unknown(c->taint);
	for (size_t at; (at = str_chr(left, '{')) != SIZE_MAX && i < 32;) {
		size_t end = str_chr(str_tail(left, at), '}');
		if (end == SIZE_MAX)
			break;
		struct str field = str_head(str_tail(left, at + 1), end - 1);
		uint32_t k = field.n == 1 && ascii_digit(field.p[0]) ? (uint32_t)(field.p[0] - '0')
								     : i;
		out = fold_binary(c->u, FO_ADD, out, value_text(V_STR, str_head(left, at)));
		out = fold_binary(c->u, FO_ADD, out, arg(c, k));
		i++;
		left = str_tail(left, at + end + 1);
	}
	return fold_binary(c->u, FO_ADD, out, value_text(V_STR, left));
}

static struct value m_path_join(struct call *c, struct str with)
{
	struct value all[8] = { c->self };
	uint32_t n = 1;

	(void)with;
	for (; n < 8 && n <= c->n; n++)
		all[n] = c->v[n - 1];
	struct value list = { .kind = V_LIST, .items = all, .n = n, .taint = c->taint };
	return fold_join(c->u, value_text(V_STR, S("/")), list);
}

static const struct fold_row methods[] = {
	{ SC("join"), m_join, SC("") },
	{ SC("replace"), m_replace, SC("") },
	{ SC("replaceAll"), m_replace, SC("") },
	{ SC("split"), m_split, SC("") },
	{ SC("decode"), m_code, SC("decode") },
	{ SC("encode"), m_code, SC("encode") },
	{ SC("toString"), m_code, SC("toString") },
	{ SC("reverse"), fold_reversed, SC("") },
	{ SC("slice"), m_slice, SC("") },
	{ SC("substring"), m_slice, SC("") },
	{ SC("substr"), m_slice, SC("substr") },
	{ SC("charCodeAt"), m_char_code, SC("") },
	{ SC("codePointAt"), m_char_code, SC("") },
	{ SC("charAt"), m_char_code, SC("text") },
	{ SC("concat"), m_concat, SC("") },
	{ SC("get"), m_get, SC("") },
	{ SC("format"), m_format, SC("") },
	{ SC("strip"), m_same, SC("") },
	{ SC("trim"), m_same, SC("") },
	{ SC("read"), m_same, SC("") },
	{ SC("getvalue"), m_same, SC("") },
	{ SC("tobytes"), m_same, SC("") },
	{ SC("expanduser"), m_same, SC("") },
	{ SC("resolve"), m_same, SC("") },
	{ SC("joinpath"), m_path_join, SC("") },
	{ SC("read_text"), fold_read, SC("") },
	{ SC("read_bytes"), fold_read, SC("") },
	{ SC("open"), fold_read, SC("") },
};

const struct fold_row *fold_method(struct str name)
{
	return fold_row_of(methods, sizeof methods / sizeof methods[0], name);
}
