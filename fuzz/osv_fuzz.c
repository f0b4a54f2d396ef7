/*
 * fuzz/osv_fuzz.c - oracle: the intervals of a record hold the same versions as the algorithm of OSV's
 * schema, done event by event; versions are sorted and each is there once.
 */
#include "fuzz/fuzz.h"

#include "advisory/osv.h"
#include "codec/json.h"
#include "package/version_key.h"

enum { EVENTS = 64 };

struct event {
	struct str version;
	const char *kind;
};

static const char *const kinds[] = { "introduced", "fixed", "last_affected", "limit" };

/* The first kind that an event has, in the order of the schema. */
static size_t read_events(struct arena *a, const struct json *list, struct event *out)
{
	size_t n = 0;

	JSON_EACH_ITEM (list, it)
		for (size_t k = 0; k < 4; k++) {
			const struct json *v = json_get(it, str_z(kinds[k]));
			if (v == NULL)
				continue;
			if (n < EVENTS)
				out[n] = (struct event){ json_str(a, v), kinds[k] };
			n++;
			break;
		}
	return n;
}

static int order(enum ecosystem eco, const struct event *x, const struct event *y)
{
	bool fx = x->kind == kinds[0] && str_eq(x->version, S("0"));
	bool fy = y->kind == kinds[0] && str_eq(y->version, S("0"));

	return fx || fy ? fy - fx : version_cmp(eco, x->version, y->version, NULL);
}

/* naive is the pseudo code of the schema: before a limit, and then event by event. */
static bool naive(enum ecosystem eco, struct event *e, size_t n, struct str v)
{
	bool limits = false, before = false, bad = false;

	for (size_t i = 1; i < n; i++) /* a stable sort by insertion */
		for (size_t k = i; k && order(eco, &e[k - 1], &e[k]) > 0; k--) {
			struct event t = e[k];
			e[k] = e[k - 1];
			e[k - 1] = t;
		}
	for (size_t i = 0; i < n; i++)
		if (e[i].kind == kinds[3]) {
			limits = true;
			before = before || str_eq(e[i].version, S("*")) ||
				 version_cmp(eco, v, e[i].version, NULL) < 0;
		}
	for (size_t i = 0; i < n; i++) {
		int c = version_cmp(eco, v, e[i].version, NULL);
		if (e[i].kind == kinds[0] && (str_eq(e[i].version, S("0")) || c >= 0))
			bad = true;
		else if ((e[i].kind == kinds[1] && c >= 0) || (e[i].kind == kinds[2] && c > 0))
			bad = false;
	}
	return bad && (!limits || before);
}

static void check_events(struct arena *a, enum ecosystem eco, const struct json *list)
{
	struct event e[EVENTS], sorted[EVENTS];
	struct osv_interval *out;
	size_t made, n;

	if (osv_intervals(a, eco, list, &out, &made) != OK)
		return;
	n = read_events(a, list, e);
	if (n > EVENTS)
		return;
	for (size_t i = 0; i < n; i++) {
		/* "*" of a limit sorts anywhere, which the insertion below must not see. */
		if (str_eq(e[i].version, S("*")))
			return;
	}
	for (size_t i = 0; i < n; i++) {
		struct version_key v = version_key(eco, e[i].version);
		bool in = false;
		if (!v.valid)
			continue;
		for (size_t k = 0; k < made; k++)
			in = in || advisory_interval_has(eco, out[k].from, out[k].end, out[k].kind, &v);
		memcpy(sorted, e, sizeof e);
		CHECK(in == naive(eco, sorted, n, e[i].version));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	const struct json *root;
	struct osv_record r;
	struct arena a;

	arena_init(&a, 64 << 20);
	if (json_read(&a, in, &root, NULL) == OK && json_is(root, JSON_ARRAY)) {
		check_events(&a, ECO_PYPI, root);
		check_events(&a, ECO_NPM, root);
	}
	if (osv_read(&a, in, &r, NULL) == OK) {
		CHECK(r.head.id.n && r.head.id.n <= OSV_ID && r.head.summary.n <= OSV_SUMMARY);
		for (size_t i = 0; i < r.n_affected; i++) {
			const struct osv_affected *f = &r.affected[i];
			CHECK(f->eco < ECO_OTHER && f->name.n && f->name.n <= OSV_NAME);
			for (size_t k = 1; k < f->n_versions; k++)
				CHECK(version_cmp(f->eco, f->versions[k - 1], f->versions[k], NULL) < 0);
		}
	}
	arena_done(&a);
	return 0;
}
