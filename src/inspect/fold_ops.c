/*
 * inspect/fold_ops.c - operators, indexing and attributes of the folder's values. Memory: the
 * arena's.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/fold_fuzz.c
 */
#include "inspect/fold_machine.h"

#include <stdio.h>

char *value_bytes(struct unit *u, size_t n)
{
	if (n > FOLD_BYTES || n > *u->bytes)
		return NULL;
	*u->bytes -= n;
	return arena_take(u->a, n ? n : 1, 1);
}

struct value *value_items(struct unit *u, size_t n)
{
	size_t size = n * sizeof(struct value);

	if (n > FOLD_ITEMS || size > *u->bytes)
		return NULL;
	*u->bytes -= size;
	return NEW_ARRAY(u->a, struct value, n ? n : 1);
}

static uint32_t taint2(const struct unit *u, const struct value *a, const struct value *b)
{
	return value_taint(u, a) | value_taint(u, b);
}

static uint8_t layers2(const struct value *a, const struct value *b)
{
	return a->layers > b->layers ? a->layers : b->layers;
}

/* What stands for a value inside of a text: a hole for what is not known. */
static struct str piece(const struct value *v, bool *partial)
{
	static const char hole = HOLE;

	*partial = *partial || v->partial;
	if (value_is_text(v))
		return v->s;
	*partial = true;
	return (struct str){ &hole, 1 };
}

static struct value concat(struct unit *u, const struct value *a, const struct value *b)
{
	struct value out = { .kind = a->kind == V_BYTES || b->kind == V_BYTES ? V_BYTES : V_STR,
			     .layers = layers2(a, b),
			     .taint = taint2(u, a, b) };
	struct str x = piece(a, &out.partial), y = piece(b, &out.partial);
	char *p = value_bytes(u, x.n + y.n);

	if (p == NULL)
		return value_unknown(out.taint);
	if (x.n)
		memcpy(p, x.p, x.n);
	if (y.n)
		memcpy(p + x.n, y.p, y.n);
	out.s = (struct str){ p, x.n + y.n };
	return out;
}

static struct value list_concat(struct unit *u, const struct value *a, const struct value *b)
{
	struct value out = { .kind = V_LIST, .taint = taint2(u, a, b), .layers = layers2(a, b) };
	struct value *items = a->n + b->n <= FOLD_ITEMS && a->n + b->n > 0
				      ? value_items(u, a->n + b->n)
				      : NULL;

	if (items == NULL)
		return value_unknown(out.taint);
	if (a->n)
		memcpy(items, a->items, a->n * sizeof *items);
	if (b->n)
		memcpy(items + a->n, b->items, b->n * sizeof *items);
	out.items = items;
	out.n = a->n + b->n;
	return out;
}

static struct value repeat(struct unit *u, const struct value *a, int64_t times)
{
	struct value out = *a;

	if (times < 0 || times > FOLD_BYTES || (size_t)times * a->s.n > (1 << 20))
		return value_unknown(a->taint);
	char *p = value_bytes(u, a->s.n * (size_t)times);
	if (p == NULL)
		return value_unknown(a->taint);
	for (size_t i = 0; i < (size_t)times && a->s.n; i++)
		memcpy(p + i * a->s.n, a->s.p, a->s.n);
	out.s = (struct str){ p, a->s.n * (size_t)times };
	return out;
}

/* "..." % values: %s and %d take the next one, anything else is kept. */
static struct value percent(struct unit *u, const struct value *format, const struct value *with)
{
	struct value out = { .kind = format->kind,
			     .taint = taint2(u, format, with),
			     .layers = layers2(format, with),
			     .partial = format->partial };
	uint32_t at = 0, n = with->kind == V_LIST ? with->n : 1;
	const struct value *v = with->kind == V_LIST ? with->items : with;
	char number[24];
	struct buf b;

	fold_scan(u, format->s);
	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < format->s.n && b.err == OK; i++) {
		char c = format->s.p[i], d = i + 1 < format->s.n ? format->s.p[i + 1] : '\0';
		if (c != '%' || (d != 's' && d != 'd' && d != 'c' && d != '%')) {
			buf_addc(&b, c);
			continue;
		}
		i++;
		if (d == '%') {
			buf_addc(&b, '%');
		} else if (at < n && v[at].kind == V_INT) {
			int len = snprintf(number, sizeof number, "%lld", (long long)v[at++].i);
			buf_add(&b, (struct str){ number, (size_t)len });
		} else {
			struct value none = value_unknown(0);
			buf_add(&b, piece(at < n ? &v[at] : &none, &out.partial));
			at++;
		}
	}
	char *p = b.err == OK ? value_bytes(u, b.n) : NULL;
	if (p && b.n)
		memcpy(p, b.p, b.n);
	out.s = (struct str){ p, b.n };
	buf_free(&b);
	return p ? out : value_unknown(out.taint);
}

static struct value number(enum fold_op op, int64_t a, int64_t b)
{
	int64_t r = 0;
	bool bad = false;

	switch ((unsigned)op) {
	case FO_ADD:
		bad = __builtin_add_overflow(a, b, &r);
		break;
	case FO_SUB:
		bad = __builtin_sub_overflow(a, b, &r);
		break;
	case FO_MUL:
		bad = __builtin_mul_overflow(a, b, &r);
		break;
	case FO_DIV:
	case FO_FLOORDIV:
	case FO_MOD:
		bad = b == 0 || b == -1;
		if (!bad && op == FO_MOD)
			r = a % b < 0 && b > 0 ? a % b + b : a % b;
		else if (!bad)
			r = a / b;
		break;
	case FO_BIT_AND:
		r = a & b;
		break;
	case FO_BIT_OR:
		r = a | b;
		break;
	case FO_BIT_XOR:
		r = a ^ b;
		break;
	case FO_SHL:
		bad = b < 0 || b > 40 || a < 0 || a > (1 << 20);
		r = bad ? 0 : a << b;
		break;
	case FO_SHR:
		bad = b < 0 || b > 62;
		r = bad ? 0 : a >> b;
		break;
	default:
		bad = true;
	}
	return bad ? value_unknown(0) : value_int(r);
}

struct value fold_unary(struct unit *u, enum fold_op op, struct value a)
{
	if (a.kind == V_INT && op == FO_NEG && a.i > INT64_MIN)
		return value_int(-a.i);
	if (a.kind == V_INT && op == FO_INVERT)
		return value_int(~a.i);
	return op == FO_IGNORE ? a : value_unknown(value_taint(u, &a));
}

struct value fold_binary(struct unit *u, enum fold_op op, struct value a, struct value b)
{
	uint32_t taint = taint2(u, &a, &b);

	if (op == FO_COMPARE)
		return value_unknown(0);
	if (op == FO_MERGE) {
		bool known = a.kind != V_UNKNOWN && !(a.kind == V_INT && b.kind != V_INT);
		struct value v = known ? a : b;
		v.taint |= taint;
		return v;
	}
	if (a.kind == V_INT && b.kind == V_INT) {
		struct value v = number(op, a.i, b.i);
		v.taint |= taint;
		return v;
	}
	if (op == FO_MOD && value_is_text(&a))
		return percent(u, &a, &b);
	if (op == FO_MUL && value_is_text(&a) && b.kind == V_INT)
		return repeat(u, &a, b.i);
	if ((op == FO_ADD || op == FO_CONCAT) && a.kind == V_LIST && b.kind == V_LIST)
		return list_concat(u, &a, &b);
	/* pathlib's division joins as os.path.join does */
	if (op == FO_DIV && value_is_text(&b) && u->lang == LANG_PYTHON) {
		struct value slash = value_text(V_STR, S("/"));
		struct value left = concat(u, &a, &slash);
		return concat(u, &left, &b);
	}
	if ((op == FO_ADD || op == FO_CONCAT) && (value_is_text(&a) || value_is_text(&b)))
		return concat(u, &a, &b);
	if (op == FO_BIT_XOR && u->lang == LANG_PYTHON)
		taint |= T_DECODED;
	return value_unknown(taint);
}

uint32_t fold_count(const struct value *of)
{
	if (of->kind == V_LIST)
		return of->n;
	if (value_is_text(of))
		return of->s.n > UINT32_MAX ? 0 : (uint32_t)of->s.n;
	return 0;
}

struct value fold_item(struct unit *u, const struct value *of, uint32_t i)
{
	if (of->kind == V_LIST && i < of->n) {
		struct value v = of->items[i];
		v.layers = layers2(&v, of);
		return v;
	}
	if (of->kind == V_BYTES && i < of->s.n) {
		struct value v = value_int((uint8_t)of->s.p[i]);
		v.layers = of->layers;
		return v;
	}
	if (of->kind == V_STR && i < of->s.n) {
		struct value v = value_text(V_STR, (struct str){ of->s.p + i, 1 });
		v.layers = of->layers;
		return v;
	}
	return value_unknown(value_taint(u, of));
}

/* What a name stands for that runs over items: all their texts, with holes between. */
struct value fold_items_as_one(struct unit *u, struct value of)
{
	struct value out = { .kind = V_STR, .partial = true, .taint = value_taint(u, &of) };
	size_t n = 0;

	if (of.kind != V_LIST)
		return value_unknown(out.taint);
	for (uint32_t i = 0; i < of.n && i < 64; i++)
		n += value_is_text(&of.items[i]) && of.items[i].s.n < 256 ? of.items[i].s.n + 1 : 0;
	char *p = n ? value_bytes(u, n) : NULL;
	if (p == NULL)
		return value_unknown(out.taint);
	out.s = (struct str){ p, n };
	for (uint32_t i = 0; i < of.n && i < 64; i++) {
		if (!value_is_text(&of.items[i]) || of.items[i].s.n >= 256)
			continue;
		if (of.items[i].s.n)
			memcpy(p, of.items[i].s.p, of.items[i].s.n);
		p += of.items[i].s.n;
		*p++ = HOLE;
	}
	return out;
}

static struct value slice_text(struct unit *u, const struct value *of, int64_t from, int64_t to,
			       int64_t by)
{
	struct value out = *of;

	if (by == 1) {
		out.s = from < to ? (struct str){ of->s.p + from, (size_t)(to - from) } : S("");
		return out;
	}
	size_t n = by > 0 ? (from < to ? (size_t)((to - from + by - 1) / by) : 0)
			  : (from > to ? (size_t)((from - to - by - 1) / -by) : 0);
	char *p = value_bytes(u, n);
	if (p == NULL)
		return value_unknown(of->taint);
	for (size_t i = 0; i < n; i++, from += by)
		p[i] = of->s.p[from];
	out.s = (struct str){ p, n };
	out.layers = (uint8_t)(out.layers + (by == -1 && n >= 16 && out.layers < 200));
	return out;
}

/* Python's a[from:to:by]; v holds what stands between the colons, holes included. */
static struct value slice(struct unit *u, const struct value *of, const struct value *v, uint32_t n)
{
	int64_t len = fold_count(of), by = n > 2 && v[2].kind == V_INT ? v[2].i : 1;
	int64_t from = by > 0 ? 0 : len - 1, to = by > 0 ? len : -1;

	if (by == 0 || by < -len - 1 || by > len + 1)
		return value_unknown(of->taint);
	if (v[0].kind == V_INT)
		from = v[0].i < 0 ? v[0].i + len : v[0].i;
	if (n > 1 && v[1].kind == V_INT)
		to = v[1].i < 0 ? v[1].i + len : v[1].i;
	int64_t low = by > 0 ? 0 : -1, high = by > 0 ? len : len - 1;
	from = from < low ? low : from > high ? high : from;
	to = to < low ? low : to > high ? high : to;
	if (value_is_text(of))
		return slice_text(u, of, from, to, by);
	struct value out = *of;
	size_t count = by > 0 ? (from < to ? (size_t)((to - from + by - 1) / by) : 0)
			      : (from > to ? (size_t)((from - to - by - 1) / -by) : 0);
	struct value *items = value_items(u, count ? count : 1);
	if (items == NULL)
		return value_unknown(of->taint);
	for (size_t i = 0; i < count; i++, from += by)
		items[i] = of->items[from];
	out.items = items;
	out.n = (uint32_t)count;
	return out;
}

static struct value lookup(struct unit *u, const struct value *map, struct str key)
{
	for (uint32_t i = 0; i + 1 < map->n && i < 8192; i += 2) {
		if (value_is_text(&map->items[i]) && str_eq(map->items[i].s, key))
			return map->items[i + 1];
	}
	return value_unknown(value_taint(u, map));
}

static struct value whole_environment(uint32_t taint)
{
	/* one variable of it is one variable */
	return value_unknown((taint & ~(uint32_t)T_ENV_ALL) | (taint & T_ENV_ALL ? T_ENV : 0u));
}

struct value fold_index(struct unit *u, struct value of, const struct value *at, uint32_t n)
{
	uint32_t len = fold_count(&of);

	if (n == 0)
		return value_unknown(value_taint(u, &of));
	if (of.kind == V_NAME && value_is_text(&at[0]) && !at[0].partial && n == 1) {
		if (value_taint(u, &of) & T_ENV_ALL)
			return whole_environment(value_taint(u, &of));
		if (str_eq(of.s, S("sys.modules")) || of.s.n == 0)
			return value_text(V_NAME, at[0].s);
		return fold_attribute(u, of, at[0].s);
	}
	if (of.kind == V_MAP && value_is_text(&at[0]))
		return lookup(u, &of, at[0].s);
	if ((value_is_text(&of) || of.kind == V_LIST) &&
	    (n > 1 || (at[0].kind == V_UNKNOWN && at[0].n == 1)))
		return slice(u, &of, at, n);
	if (at[0].kind == V_INT && len > 0) {
		int64_t i = at[0].i < 0 && u->lang == LANG_PYTHON ? at[0].i + len : at[0].i;
		if (i >= 0 && i < len)
			return fold_item(u, &of, (uint32_t)i);
	}
	if (value_is_text(&at[0]) && !at[0].partial && at[0].s.n > 0 && at[0].s.n < 64)
		return fold_attribute(u, of, at[0].s);
	return whole_environment(value_taint(u, &of));
}

struct value fold_attribute(struct unit *u, struct value of, struct str name)
{
	if (of.kind == V_MAP) {
		struct value v = lookup(u, &of, name);
		if (v.kind != V_UNKNOWN)
			return v;
	}
	if (of.kind == V_NAME) {
		if (str_eq(name, S("__dict__")) || str_eq(name, S("default")))
			return of;
		if (of.s.n == 0)
			return value_text(V_NAME, name);
		char *p = of.s.n + name.n < 160 ? value_bytes(u, of.s.n + 1 + name.n) : NULL;
		if (p == NULL)
			return value_unknown(0);
		memcpy(p, of.s.p, of.s.n);
		p[of.s.n] = '.';
		if (name.n)
			memcpy(p + of.s.n + 1, name.p, name.n);
		of.s = (struct str){ p, of.s.n + 1 + name.n };
		return of;
	}
	if (str_eq(name, S("length")) && u->lang == LANG_JAVASCRIPT && fold_count(&of) > 0)
		return value_int(fold_count(&of));
	struct value *self = NEW(u->a, struct value);
	if (self == NULL)
		return value_unknown(of.taint);
	*self = of;
	return (struct value){ .kind = V_METHOD,
			       .s = name,
			       .items = self,
			       .n = 1,
			       .taint = value_taint(u, &of),
			       .layers = of.layers };
}

struct value fold_join(struct unit *u, struct value separator, struct value list)
{
	struct value out = { .kind = separator.kind,
			     .layers = layers2(&separator, &list),
			     .taint = taint2(u, &separator, &list) };
	size_t n = 0, at = 0;

	if (!value_is_text(&separator))
		return value_unknown(out.taint);
	if (list.kind != V_LIST) { /* of characters: themselves */
		if (value_is_text(&list) && separator.s.n == 0)
			return list;
		return value_unknown(out.taint);
	}
	for (uint32_t i = 0; i < list.n; i++)
		n += piece(&list.items[i], &out.partial).n + (i ? separator.s.n : 0);
	char *p = value_bytes(u, n);
	if (p == NULL)
		return value_unknown(out.taint);
	for (uint32_t i = 0; i < list.n; i++) {
		struct str s = piece(&list.items[i], &out.partial);
		if (i && separator.s.n)
			memcpy(p + at, separator.s.p, separator.s.n), at += separator.s.n;
		if (s.n)
			memcpy(p + at, s.p, s.n);
		at += s.n;
		out.layers = layers2(&out, &list.items[i]);
	}
	out.s = (struct str){ p, n };
	return out;
}
