/*
 * inspect/fold_finish.c - what a frame of the folder's machine gives when it ends: lists, calls,
 * items, formats. Memory: the arena's.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/fold_fuzz.c
 */
#include "inspect/fold_machine.h"

static struct value list_of(struct fold *f, const struct value *v, uint32_t n, enum value_kind kind)
{
	struct value *items = value_items(f->u, n ? n : 1);
	struct value out = { .kind = (uint8_t)kind, .n = n, .items = items };

	if (items == NULL)
		return value_unknown(0);
	for (uint32_t i = 0; i < n; i++) {
		items[i] = v[i];
		out.taint |= value_taint(f->u, &v[i]);
		out.layers = v[i].layers > out.layers ? v[i].layers : out.layers;
	}
	return out;
}

/* A call of map with a lambda over a list is a comprehension. */
static bool begin_map(struct fold *f, struct value callee, const struct value *v, uint32_t n)
{
	struct value over = value_unknown(0), fn = value_unknown(0);

	if (callee.kind == V_NAME && str_eq(callee.s, S("map")) && n == 2) {
		over = v[1];
		fn = v[0];
	} else if (callee.kind == V_METHOD && str_eq(callee.s, S("map")) && n >= 1) {
		over = callee.items[0];
		fn = v[0];
	} else if (callee.kind == V_NAME && str_eq(callee.s, S("Array.from")) && n == 2) {
		over = v[0];
		fn = v[1];
	}
	if (fn.kind != V_LAMBDA || fold_count(&over) == 0)
		return false;
	struct each *e = NEW(f->u->a, struct each);
	if (e == NULL)
		return false;
	*e = (struct each){ .over = over, .fn = fn };
	fold_each(f, e);
	return true;
}

static void finish_call(struct fold *f, struct frame t)
{
	static const uint32_t max = 512;
	const struct value *v = &f->values[t.values];
	uint32_t n = f->n_values - t.values;
	struct value callee = t.values > 0 ? f->values[t.values - 1] : value_unknown(0);
	struct value args[3] = { n > 0 ? v[0] : value_unknown(0), n > 1 ? v[1] : value_unknown(0),
				 n > 2 ? v[2] : value_unknown(0) };

	if (callee.kind == V_LAMBDA && n <= max) {
		f->n_values = t.values ? t.values - 1 : 0;
		fold_apply(f, callee, args, n < 3 ? n : 3);
		return;
	}
	struct value out = value_unknown(0);
	bool mapping = n <= 3 && (callee.kind == V_NAME || callee.kind == V_METHOD);
	if (!mapping || args[0].kind != V_LAMBDA)
		mapping = mapping && args[1].kind == V_LAMBDA;
	if (!mapping)
		out = fold_call(f->u, callee, v, n);
	f->n_values = t.values ? t.values - 1 : 0;
	if (mapping && begin_map(f, callee, args, n))
		return;
	if (mapping)
		out = fold_call(f->u, callee, args, n);
	fold_operand(f, out);
}

static void finish_element(struct fold *f, struct frame t, struct value v)
{
	struct each *e = t.each;

	e->out[e->i] = v;
	e->out[e->i++].taint |= e->over.taint;
	fold_next(f, e);
}

static void finish_bracket(struct fold *f, struct frame t)
{
	uint32_t n = f->n_values - t.values;
	const struct value *v = &f->values[t.values];
	struct value out;

	switch ((unsigned)t.kind) {
	case F_PAREN:
		if (n >= 1 && (n == 1 || f->u->lang == LANG_JAVASCRIPT) &&
		    !(t.comma && f->u->lang == LANG_PYTHON))
			out = v[n - 1];
		else
			out = list_of(f, v, n, V_LIST);
		break;
	case F_LIST:
		if (n == 1 && !t.comma && t.at == t.end && v[0].kind == V_LIST &&
		    fold_comprehension(f->u, t.open, t.end))
			out = v[0];
		else
			out = list_of(f, v, n, V_LIST);
		break;
	case F_INDEX:
		if (t.comma && n == 1) { /* a[1:] */
			fold_push(f, (struct value){ .kind = V_UNKNOWN, .n = 1 });
			n = f->n_values - t.values; /* or there was no room */
		}
		f->n_values = t.values;
		out = fold_index(f->u, t.values ? f->values[t.values - 1] : value_unknown(0), v, n);
		f->n_values = t.values ? t.values - 1 : 0;
		fold_operand(f, out);
		return;
	case F_FORMAT:
		out = list_of(f, v, n, V_LIST);
		out = fold_join(f->u, value_text(V_STR, S("")), out);
		break;
	default:
		out = list_of(f, v, n, V_MAP);
	}
	f->n_values = t.values;
	fold_operand(f, out);
}

void fold_finish(struct fold *f)
{
	struct frame t = *fold_top(f);

	fold_reduce(f, t.ops, 0);
	f->n_ops = t.ops;
	f->n_frames--;
	f->n_locals = t.locals;
	if (f->spent || f->n_values < t.values)
		return;
	if (t.kind == F_CALL) {
		finish_call(f, t);
		return;
	}
	if (t.bracket || t.kind == F_FORMAT) {
		finish_bracket(f, t);
		return;
	}
	struct value v = f->n_values > t.values ? f->values[t.values] : value_unknown(0);
	f->n_values = t.values;
	if (t.each && t.kind == F_ITEMS) {
		t.each->over = v;
		fold_each(f, t.each);
	} else if (t.each) {
		finish_element(f, t, v);
	} else if (t.kind == F_BINDING) {
		fold_bound(f, t, v);
	} else if (t.kind == F_ROOT) {
		fold_push(f, v);
	} else {
		fold_operand(f, v);
	}
}
