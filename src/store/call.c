/*
 * store/call.c - finished calls: rows, sums, and reading them back.
 * Runs in: keeper.
 */
#include "store/db.h"
#include "store/record.h"

#include <assert.h>
#include <string.h>

enum { DAY_MS = 86400000, SCAN_MAX = 20000 };

static const int64_t money_top = INT64_C(9000000000000000000); /* MONEY_MAX of the statements */

static struct str text_of(const char *field, size_t cap)
{
	return (struct str){ field, strnlen(field, cap) };
}

static int64_t day_of(int64_t ms)
{
	return ms / DAY_MS;
}

void call_forget(struct store *s)
{
	if (s->n_groups)
		memset(s->table, 0, sizeof s->table);
	s->n_groups = 0;
}

static enum err flush_group(struct store *s, const struct spend_group *g, struct diag *d)
{
	const int64_t n[] = { g->calls,	      g->fails,	 g->input,     g->cache_read,
			      g->cache_write, g->output, g->reasoning, g->cost_pico };

	db_int(s, Q_SPEND_ADD, 1, g->day);
	db_int(s, Q_SPEND_ADD, 2, g->key);
	db_text(s, Q_SPEND_ADD, 3, text_of(g->model, sizeof g->model));
	for (int i = 0; i < 8; i++)
		db_int(s, Q_SPEND_ADD, 4 + i, n[i]);
	TRY(db_run(s, Q_SPEND_ADD, d));
	if (g->key == 0 || g->cost_pico == 0)
		return OK;
	db_int(s, Q_KEY_SPENT, 1, g->key);
	db_int(s, Q_KEY_SPENT, 2, g->cost_pico);
	return db_run(s, Q_KEY_SPENT, d);
}

enum err store_settle(struct store *s, struct diag *d)
{
	assert(s->open);
	if (s->summed == s->last)
		return OK;
	for (uint32_t i = 0; i < s->n_groups; i++)
		TRY(flush_group(s, &s->groups[i], d));
	call_forget(s);
	s->summed = s->last;
	return store_meta_set(s, S("summed"), (int64_t)s->last, d);
}

enum err store_settle_now(struct store *s, struct diag *d)
{
	enum err e = store_begin(s, d);

	if (e == OK)
		e = store_settle(s, d);
	if (e == OK)
		e = store_commit(s, d);
	if (e != OK)
		store_rollback(s);
	return e;
}

static struct spend_group *find_group(struct store *s, int64_t day, uint32_t key, const char *model)
{
	uint64_t h = ((uint64_t)day << 32 ^ key) * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < USAGE_TEXT; i += 8) {
		uint64_t w;
		memcpy(&w, model + i, sizeof w);
		h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	for (uint32_t at = (uint32_t)(h >> 40) % SPEND_TABLE;; at = (at + 1) % SPEND_TABLE) {
		if (s->table[at] == 0) {
			s->table[at] = (uint16_t)(s->n_groups + 1);
			struct spend_group *g = &s->groups[s->n_groups++];
			*g = (struct spend_group){ .day = day, .key = key };
			memcpy(g->model, model, USAGE_TEXT);
			return g;
		}
		struct spend_group *g = &s->groups[s->table[at] - 1];
		if (g->day == day && g->key == key && memcmp(g->model, model, USAGE_TEXT) == 0)
			return g;
	}
}

/* A sum of tokens stays an integer of SQLite: one record counts a billion of each at most. */
static int64_t bounded(int64_t v)
{
	return v < 0 ? 0 : v > 1000000000 ? 1000000000 : v;
}

static enum err count(struct store *s, const struct usage_record *r, struct diag *d)
{
	static const char nothing[USAGE_TEXT];
	int64_t day = day_of(r->end_ms);

	if (s->n_groups == SPEND_GROUPS) {
		s->last--; /* this record is not in the groups yet */
		enum err e = store_settle(s, d);
		s->last++;
		TRY(e);
	}
	/* What was never routed is one group: a client could make up model names without end. */
	struct spend_group *g =
		find_group(s, day, r->key, r->deployment[0] ? r->model_asked : nothing);
	g->calls++;
	g->fails += r->status >= 400;
	g->input += bounded(r->input);
	g->cache_read += bounded(r->cache_read);
	g->cache_write += bounded(r->cache_write);
	g->output += bounded(r->output);
	g->reasoning += bounded(r->reasoning);
	if (r->cost_pico > 0)
		g->cost_pico = r->cost_pico > money_top - g->cost_pico
				       ? money_top
				       : g->cost_pico + r->cost_pico;
	if (day == s->day_known)
		return OK;
	s->day_known = day;
	db_int(s, Q_DAY_ADD, 1, day);
	db_int(s, Q_DAY_ADD, 2, (int64_t)s->last);
	return db_run(s, Q_DAY_ADD, d);
}

static enum err add(struct store *s, const struct usage_record *r, struct diag *d)
{
	char rec[RECORD_MAX];
	size_t n = record_pack(r, rec);

	db_int(s, Q_CALL_ADD, 1, (int64_t)s->last);
	db_int(s, Q_CALL_ADD, 2, r->key);
	db_int(s, Q_CALL_ADD, 3, r->end_ms);
	db_blob(s, Q_CALL_ADD, 4, (struct str){ rec, n });
	return db_run(s, Q_CALL_ADD, d);
}

enum err store_calls(struct store *s, const struct usage_record *r, uint32_t n, struct diag *d)
{
	assert(s->open);
	for (uint32_t i = 0; i < n; i++) {
		s->last++;
		TRY(add(s, &r[i], d));
		TRY(count(s, &r[i], d));
	}
	return OK;
}

enum err store_event(struct store *s, struct str leaf, struct diag *d)
{
	assert(s->open);
	s->last++;
	db_int(s, Q_EVENT_ADD, 1, (int64_t)s->last);
	db_text(s, Q_EVENT_ADD, 2, leaf);
	return db_run(s, Q_EVENT_ADD, d);
}

/* The columns seq, key, end_ms and rec, which both statements begin with. */
static enum err read_record(struct store *s, enum statement q, struct usage_record *r,
			    struct diag *d)
{
	*r = (struct usage_record){ .key = (uint32_t)db_get(s, q, 1), .end_ms = db_get(s, q, 2) };
	if (record_unpack(r, db_get_str(s, q, 3)) != OK)
		return diag_set(d, ERR_SYS, "the database's row %lld is damaged",
				(long long)db_get(s, q, 0));
	return OK;
}

/* next gives the statement's next row's number, UINT64_MAX when there is none. */
static enum err next(struct store *s, enum statement q, uint64_t *out_seq, struct diag *d)
{
	enum err e = db_row(s, q, d);

	if (e == OK || e == ERR_NOT_FOUND)
		*out_seq = e == OK ? (uint64_t)db_get(s, q, 0) : UINT64_MAX;
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err store_entries(struct store *s, uint64_t after, uint32_t max, struct diag *d, void *arg,
		       enum err (*on_entry)(void *, uint64_t, const struct usage_record *,
					    struct str))
{
	uint64_t call = 0, event = 0;
	struct usage_record r;

	db_int(s, Q_CALLS_AFTER, 1, (int64_t)after);
	db_int(s, Q_EVENTS_AFTER, 1, (int64_t)after);
	enum err e = next(s, Q_CALLS_AFTER, &call, d);
	if (e == OK)
		e = next(s, Q_EVENTS_AFTER, &event, d);
	for (uint64_t seq = after + 1; e == OK && max > 0; seq++, max--) {
		if (call == UINT64_MAX && event == UINT64_MAX)
			break;
		if (call == seq) {
			e = read_record(s, Q_CALLS_AFTER, &r, d);
			if (e == OK)
				e = on_entry(arg, seq, &r, S(""));
			if (e == OK)
				e = next(s, Q_CALLS_AFTER, &call, d);
		} else if (event == seq) {
			e = on_entry(arg, seq, NULL, db_get_str(s, Q_EVENTS_AFTER, 1));
			if (e == OK)
				e = next(s, Q_EVENTS_AFTER, &event, d);
		} else
			e = diag_set(d, ERR_SYNTAX, "the database has no row %llu",
				     (unsigned long long)seq);
	}
	db_reset(s, Q_CALLS_AFTER);
	db_reset(s, Q_EVENTS_AFTER);
	return e;
}

static enum err on_unsummed(void *arg, uint64_t seq, const struct usage_record *r, struct str event)
{
	struct store *s = arg;
	uint64_t last = s->last;

	(void)event;
	if (r == NULL)
		return OK;
	s->last = seq; /* what count takes for the newest */
	enum err e = count(s, r, NULL);
	s->last = last;
	return e;
}

enum err call_sum_up(struct store *s, struct diag *d)
{
	int64_t summed = 0;

	call_forget(s);
	TRY(store_meta(s, S("summed"), 0, &summed, d));
	s->summed = (uint64_t)summed;
	while (s->summed < s->last) {
		TRY(store_begin(s, d));
		uint64_t to =
			s->last - s->summed > SPEND_GROUPS ? s->summed + SPEND_GROUPS : s->last;
		enum err e =
			store_entries(s, s->summed, (uint32_t)(to - s->summed), d, s, on_unsummed);
		uint64_t last = s->last;
		s->last = to;
		if (e == OK)
			e = store_settle(s, d);
		s->last = last;
		if (e == OK)
			e = store_commit(s, d);
		if (e != OK) {
			store_rollback(s);
			return e;
		}
	}
	return OK;
}

/* The first row of a day or of one after it; a day's margin, since rows are ordered by their
 * commit. */
static enum err first_of(struct store *s, int64_t ms, int64_t days, int64_t fallback, int64_t *out,
			 struct diag *d)
{
	db_int(s, Q_DAY_FROM, 1, day_of(ms) + days);
	enum err e = db_row(s, Q_DAY_FROM, d);
	int64_t seq = e == OK ? db_get(s, Q_DAY_FROM, 0) : 0;
	db_reset(s, Q_DAY_FROM);
	*out = seq > 0 ? seq : fallback;
	return e == ERR_NOT_FOUND ? OK : e;
}

static void read_call(struct store *s, const struct usage_record *r, struct control_call *c)
{
	struct str hash = db_get_str(s, Q_SPEND_SCAN, 4);

	*c = (struct control_call){
		.number = (uint64_t)db_get(s, Q_SPEND_SCAN, 0),
		.key_name = db_get_str(s, Q_SPEND_SCAN, 5),
		.key_alias = db_get_str(s, Q_SPEND_SCAN, 6),
		.key_user = db_get_str(s, Q_SPEND_SCAN, 7),
		.key_team = db_get_str(s, Q_SPEND_SCAN, 8),
		.request_id = text_of(r->request_id, sizeof r->request_id),
		.model_asked = text_of(r->model_asked, sizeof r->model_asked),
		.model_served = text_of(r->model_served, sizeof r->model_served),
		.deployment = text_of(r->deployment, sizeof r->deployment),
		.end_user = text_of(r->end_user, sizeof r->end_user),
		.start_ms = r->start_ms, .end_ms = r->end_ms, .first_byte_ms = r->first_byte_ms,
		.status = r->status, .upstream_status = r->upstream_status, .attempts = r->attempts,
		.flags = r->flags, .client_dialect = r->client_dialect, .endpoint = r->endpoint,
		.input = r->input, .cache_read = r->cache_read, .cache_write = r->cache_write,
		.output = r->output, .reasoning = r->reasoning, .cost_pico = r->cost_pico,
	};
	if (hash.n == sizeof c->key_hash)
		memcpy(c->key_hash, hash.p, hash.n);
}

static bool wanted(struct store *s, const struct control_spend_query *q, int64_t key_id)
{
	int64_t end_ms = db_get(s, Q_SPEND_SCAN, 2);
	struct str rec;

	if ((key_id >= 0 && db_get(s, Q_SPEND_SCAN, 1) != key_id) ||
	    (q->user.n && !str_eq(q->user, db_get_str(s, Q_SPEND_SCAN, 7))) ||
	    (q->from_ms && end_ms < q->from_ms) || (q->to_ms && end_ms >= q->to_ms))
		return false;
	if (q->request_id.n == 0)
		return true;
	rec = str_head(str_tail(db_get_str(s, Q_SPEND_SCAN, 3), RECORD_ID_AT), USAGE_ID);
	return str_eq(text_of(rec.p, rec.n), q->request_id);
}

enum err store_spend(struct store *s, const struct control_spend_query *q, int64_t key_id,
		     uint64_t *out_next, struct diag *d, void *arg,
		     bool (*on_row)(void *, const struct control_call *))
{
	uint64_t next = 0;
	int64_t from = 1, to = (int64_t)s->last + 1;
	uint32_t found = 0;
	enum err e = OK;

	if (q->from_ms)
		TRY(first_of(s, q->from_ms, -1, 1, &from, d));
	if (q->to_ms)
		TRY(first_of(s, q->to_ms, 2, to, &to, d));
	if (q->before && (int64_t)q->before < to)
		to = (int64_t)q->before;
	db_int(s, Q_SPEND_SCAN, 1, from);
	db_int(s, Q_SPEND_SCAN, 2, to);
	/* The bound on rows keeps one question from holding up the gate's bookkeeping. */
	for (uint32_t rows = 0; found < q->count && rows < SCAN_MAX; rows++) {
		struct usage_record r;
		struct control_call c;
		e = db_row(s, Q_SPEND_SCAN, d);
		if (e != OK)
			break;
		next = (uint64_t)db_get(s, Q_SPEND_SCAN, 0);
		if (!wanted(s, q, key_id))
			continue;
		e = read_record(s, Q_SPEND_SCAN, &r, d);
		if (e != OK)
			break;
		read_call(s, &r, &c);
		found++;
		if (!on_row(arg, &c)) {
			next++;
			break;
		}
		if (q->request_id.n) {
			next = 0;
			break;
		}
	}
	db_reset(s, Q_SPEND_SCAN);
	if (e != OK && e != ERR_NOT_FOUND)
		return e;
	*out_next = e == OK && (int64_t)next > from ? next : 0;
	return OK;
}

enum err store_sums(struct store *s, int64_t from_day, int64_t to_day, unsigned group,
		    struct diag *d, void *arg, bool (*on_row)(void *, const struct control_sum *))
{
	enum err e;

	db_int(s, Q_SUMS, 1, from_day);
	db_int(s, Q_SUMS, 2, to_day);
	db_int(s, Q_SUMS, 3, (int64_t)group);
	while ((e = db_row(s, Q_SUMS, d)) == OK) {
		int64_t nano = db_get(s, Q_SUMS, 10);
		struct control_sum row = {
			.day = db_get(s, Q_SUMS, 0),
			.model = db_get_str(s, Q_SUMS, 2),
			.calls = db_get(s, Q_SUMS, 3),
			.fails = db_get(s, Q_SUMS, 4),
			.input = db_get(s, Q_SUMS, 5),
			.cache_read = db_get(s, Q_SUMS, 6),
			.cache_write = db_get(s, Q_SUMS, 7),
			.output = db_get(s, Q_SUMS, 8),
			.reasoning = db_get(s, Q_SUMS, 9),
			.cost_pico = nano > INT64_MAX / 1000 ? INT64_MAX : nano * 1000,
			.key_name = db_get_str(s, Q_SUMS, 12),
			.key_alias = db_get_str(s, Q_SUMS, 13),
		};
		struct str hash = db_get_str(s, Q_SUMS, 11);
		if (hash.n == sizeof row.key_hash)
			memcpy(row.key_hash, hash.p, hash.n);
		if (!on_row(arg, &row))
			break;
	}
	db_reset(s, Q_SUMS);
	return e == ERR_NOT_FOUND ? OK : e;
}
