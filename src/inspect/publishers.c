/*
 * inspect/publishers.c - lines of the ledger, read and written.
 * Input: the user's own file, into which names of strangers were written.   Runs in: cli, checker.
 * Fuzz: fuzz/publishers_fuzz.c
 */
#include "inspect/publishers.h"

#include "base/date.h"
#include "codec/json.h"
#include "codec/jw.h"

#include <stdlib.h>

enum { LINE_ARENA = 1 << 20, ENTRIES_MAX = 1 << 19, LINE_MIN = 64 };

static const struct str states[PUBLISHER_STATES] = {
#define X(code, word) SC(word),
	PUBLISHER_LIST(X)
#undef X
};

/* ---- writing ---- */

static void put(struct buf *b, struct str name, struct str value)
{
	if (value.n > PUBLISHER_TEXT)
		b->err = b->err != OK ? b->err : ERR_LIMIT;
	else if (value.n)
		jw_kv_str(b, name, value);
}

void publishers_write(const struct publisher_entry *e, struct buf *out)
{
	char date[DATE_TEXT];

	jw_obj(out);
	jw_kv_int(out, S("ledger"), 1);
	jw_kv_str(out, S("at"), date_format(e->at_s, date));
	jw_kv_str(out, S("state"), states[e->state]);
	jw_kv_str(out, S("ecosystem"), ecosystem_purl(e->eco));
#define X(member, word) put(out, S(word), e->member);
	PUBLISHER_TEXTS(X)
#undef X
	jw_obj_end(out);
	buf_addc(out, '\n');
}

/* ---- reading ---- */

static struct str text_of(struct arena *a, const struct json *v, struct str name)
{
	const struct json *it = json_get(v, name);
	struct str s = json_is(it, JSON_STRING) ? json_str(a, it) : S("");

	return s.p != NULL ? s : S("");
}

/* The strings of a line outlive its tokens. */
static struct str keep(struct arena *a, struct str s)
{
	struct str copy = s.n ? arena_dup(a, s) : S("");

	return copy.p != NULL ? copy : S("");
}

static bool read_line(struct publisher_entry *e, struct str line, struct arena *tokens,
		      struct arena *a)
{
	const struct json *v;
	int64_t version = 0;

	*e = (struct publisher_entry){ .eco = ECO_OTHER, .state = PUBLISHER_STATES };
	if (line.n > PUBLISHER_LINE || json_read(tokens, line, &v, NULL) != OK ||
	    json_i64(json_get(v, S("ledger")), &version) != OK || version != 1)
		return false;
	struct str state = text_of(tokens, v, S("state"));
	struct str eco = text_of(tokens, v, S("ecosystem"));
	for (unsigned i = 0; i < PUBLISHER_STATES; i++)
		if (str_eq(state, states[i]))
			e->state = (enum publisher_state)i;
	for (unsigned i = 0; i < ECO_OTHER; i++)
		if (str_eq(eco, ecosystem_purl((enum ecosystem)i)))
			e->eco = (enum ecosystem)i;
	if (date_parse(text_of(tokens, v, S("at")), &e->at_s) != OK)
		return false;
#define X(member, word) e->member = keep(a, text_of(tokens, v, S(word)));
	PUBLISHER_TEXTS(X)
#undef X
	return e->state != PUBLISHER_STATES && e->eco != ECO_OTHER && e->name.n && e->version.n;
}

static int by_project(const void *va, const void *vb)
{
	const struct publisher_entry *a = va, *b = vb;
	int order = a->eco != b->eco ? (a->eco < b->eco ? -1 : 1) : str_cmp(a->name, b->name);

	return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
}

static size_t count_lines(struct str text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	/* Shorter ones are no entries: an empty line costs no memory. */
	return n < text.n / LINE_MIN + 1 ? n : text.n / LINE_MIN + 1;
}

enum err publishers_read(struct publishers *l, struct str text, struct arena *a)
{
	size_t cap = count_lines(text);
	struct arena tokens;
	uint32_t number = 0;

	*l = (struct publishers){ .n = 0 };
	if (text.n > PUBLISHER_MAX || cap > ENTRIES_MAX)
		return ERR_LIMIT;
	l->items = NEW_ARRAY(a, struct publisher_entry, cap);
	if (l->items == NULL)
		return ERR_NOMEM;
	arena_init(&tokens, LINE_ARENA);
	while (text.n) {
		struct str line = str_cut(text, '\n', &text);
		if (line.n == 0)
			continue;
		arena_reset(&tokens);
		struct publisher_entry *e = &l->items[l->n];
		if (line.n < LINE_MIN || l->n == cap || !read_line(e, line, &tokens, a)) {
			l->torn++;
			continue;
		}
		e->n = number++;
		l->n++;
	}
	arena_done(&tokens);
	if (l->n > 1)
		qsort(l->items, l->n, sizeof *l->items, by_project);
	return OK;
}

/* ---- asking ---- */

const struct publisher_entry *publishers_project(const struct publishers *l, enum ecosystem eco,
						 struct str name, size_t *out_n)
{
	const struct publisher_entry key = { .eco = eco, .name = name };
	size_t low = 0, high = l->n, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_project(&l->items[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < l->n && l->items[end].eco == eco && str_eq(l->items[end].name, name);)
		end++;
	*out_n = end - low;
	return l->items + low;
}

static bool same(const struct publisher_entry *a, const struct publisher_entry *b)
{
	bool all = a->state == b->state;

#define X(member, word) all = all && str_eq(a->member, b->member);
	PUBLISHER_TEXTS(X)
#undef X
	return all;
}

bool publishers_knows(const struct publishers *l, const struct publisher_entry *e)
{
	size_t n;
	const struct publisher_entry *of = publishers_project(l, e->eco, e->name, &n);

	while (n-- > 0)
		if (str_eq(of[n].version, e->version) && str_eq(of[n].file, e->file))
			return same(&of[n], e);
	return false;
}
