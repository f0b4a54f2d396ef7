/*
 * keeper/parts.c - what keeper keeps, behind one front: store, audit log, usage files and keys.
 * Input: hostile (a subverted admin; the files of a subverted ingress).
 * Runs in: keeper.   Fuzz: fuzz/control_fuzz.c
 */
#include "base/le.h"
#include "base/rd.h"
#include "keeper/keyring.h"
#include "keeper/leaf.h"
#include "keeper/supervise.h"
#include "keeper/usage.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/log.h"

#include <assert.h>
#include <string.h>

enum { REPLY_ROWS_MAX = LIMIT_CONTROL - 8192, LOOK_MS = 1000 };

struct parts {
	struct store *store;
	struct ledger ledger;
	struct usage usage;
	struct keyring keys;
	bool ledger_open, usage_open, keys_open;
	char said[256];          /* the trouble that was logged last */
	int64_t looked_ms;       /* monotonic; see look_around */
	const char *gone;        /* what happened to the data directory, or NULL */
};

static int64_t wall_ms(void)
{
	return (int64_t)(clock_wall_ns() / 1000000);
}

static int64_t mono_ms(void)
{
	return (int64_t)(clock_mono_ns() / 1000000);
}

static void on_change(void *ctx, uint16_t type, struct str body)
{
	keeper_to_ingress(ctx, type, body);
}

static enum err open_all(struct keeper *k, struct parts *p, struct diag *d)
{
	char path[KEEPER_PATH + 32], key[KEEPER_PATH + 32];

	TRY(fs_mkdirs(k->data, d));
	(void)snprintf(path, sizeof path, "%s/yett.db", k->data);
	TRY(store_open(path, &p->store, d));
	(void)snprintf(path, sizeof path, "%s/audit", k->data);
	(void)snprintf(key, sizeof key, "%s/audit.key", k->data);
	TRY(ledger_open(&p->ledger, p->store, path, key, d));
	p->ledger_open = true;
	(void)snprintf(path, sizeof path, "%s/usage", k->data);
	TRY(usage_open(&p->usage, p->store, &p->ledger, path, d));
	p->usage_open = true;
	for (unsigned i = 0; i < k->workers; i++)
		TRY(usage_file_for(&p->usage, i, &k->usage_fds[i], d));
	/* What an earlier run left behind counts before any key's spending is read. */
	(void)usage_tick(&p->usage, mono_ms(), wall_ms(), true);
	for (unsigned i = 0; i < LIMIT_WORKERS; i++)
		usage_mend(&p->usage, i); /* after a power cut nobody lied */
	TRY(keyring_open(&p->keys, p->store, k->counters, d));
	p->keys_open = true;
	p->keys.on_change = on_change;
	p->keys.ctx = k;
	return OK;
}

enum err parts_open(struct keeper *k, struct diag *d)
{
	struct parts *p = calloc(1, sizeof *p);

	assert(k->parts == NULL);
	if (p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	k->parts = p;
	enum err e = open_all(k, p, d);
	if (e != OK)
		parts_close(k);
	return e;
}

void parts_close(struct keeper *k)
{
	struct parts *p = k->parts;

	if (p == NULL)
		return;
	if (p->usage_open) {
		(void)usage_tick(&p->usage, mono_ms(), wall_ms(), true);
		usage_close(&p->usage);
	}
	if (p->keys_open)
		keyring_close(&p->keys);
	if (p->ledger_open)
		ledger_close(&p->ledger);
	store_close(p->store);
	free(p);
	k->parts = NULL;
}

/* What is written to files that nobody finds any more is lost when this process ends. */
static void look_around(struct keeper *k, struct parts *p)
{
	char lock[KEEPER_PATH + 32], audit[KEEPER_PATH + 32];
	int64_t now = mono_ms();

	if (now - p->looked_ms < LOOK_MS)
		return;
	p->looked_ms = now;
	(void)snprintf(lock, sizeof lock, "%s/lock", k->data);
	(void)snprintf(audit, sizeof audit, "%s/audit", k->data);
	p->gone = !fs_leads_to(lock, k->lock_fd)
			  ? "the data directory or its lock was moved, removed or replaced: put it "
			    "back, or what is recorded from now on may be lost"
		  : !fs_leads_to(audit, p->ledger.dir)
			  ? "the audit log was moved, removed or replaced: the gate writes to the "
			    "one that it had, and goes on with the other at its next start"
			  : NULL;
}

/* Trouble is said once when it begins and once when it is over. */
static void say_trouble(struct keeper *k, struct parts *p)
{
	const char *now = parts_trouble(k);

	if (strcmp(now ? now : "", p->said) == 0)
		return;
	if (now)
		log_msg(LOG_ERROR, "%s", now);
	else
		log_msg(LOG_INFO, "calls are stored and the audit log is written again");
	(void)snprintf(p->said, sizeof p->said, "%s", now ? now : "");
}

/* A worker whose usage file makes no sense is ended; it starts again with a file that does. */
static void end_liars(struct keeper *k)
{
	struct usage *u = &k->parts->usage;

	for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
		if (!u->sources[i].lied)
			continue;
		if (i < k->workers && child_runs(&k->ingress[i]))
			child_kill(&k->ingress[i], "its usage file makes no sense");
		usage_mend(u, i);
	}
}

void parts_recount(struct keeper *k)
{
	(void)parts_tick(k, true);
	keyring_recount(&k->parts->keys);
}

uint32_t parts_tick(struct keeper *k, bool flush)
{
	struct parts *p = k->parts;
	uint32_t again = usage_tick(&p->usage, mono_ms(), wall_ms(), flush);

	look_around(k, p);
	say_trouble(k, p);
	end_liars(k);
	keyring_tick(&p->keys, wall_ms());
	return again;
}

enum err parts_next_key(struct keeper *k, uint32_t *cursor, struct buf *out)
{
	return keyring_next(&k->parts->keys, cursor, out);
}

/* ---- reports ---- */

struct rows {
	struct buf *out, row;
	uint32_t n, max;
	bool more;
};

static bool add_row(struct rows *r)
{
	if (r->row.err != OK || r->out->n + r->row.n + 4 > REPLY_ROWS_MAX || r->n == r->max) {
		r->more = true;
		return false;
	}
	wr_str(r->out, buf_str(&r->row));
	buf_reset(&r->row);
	r->n++;
	return true;
}

static bool on_call(void *arg, const struct control_call *c)
{
	struct rows *r = arg;

	control_call_encode(c, &r->row);
	return add_row(r);
}

static bool on_sum(void *arg, const struct control_sum *s)
{
	struct rows *r = arg;

	control_sum_encode(s, &r->row);
	return add_row(r);
}

/* Both reports begin with u8 more, u32 count, which are known at the end. */
static void rows_begin(struct rows *r, struct buf *out, uint32_t max)
{
	*r = (struct rows){ .out = out, .max = max };
	buf_init(&r->row, 4096);
	wr_bool(out, false);
	wr_u32(out, 0);
}

static enum err rows_end(struct rows *r, enum err e)
{
	if (r->out->err == OK) {
		r->out->p[0] = r->more;
		le32_put(r->out->p + 1, r->n);
	}
	buf_free(&r->row);
	return e == OK ? r->out->err : e;
}

static enum err spend_logs(struct parts *p, struct str body, struct buf *out, struct diag *d)
{
	struct control_spend_query q;
	struct control_key key;
	int64_t key_id = -1;
	struct rows r;

	if (control_spend_query_decode(&q, body) != OK)
		return ERR_SYNTAX;
	if (q.key.n) {
		TRY(keyring_find(&p->keys, q.key, &key, d));
		key_id = key.id;
	}
	uint64_t next = 0;
	rows_begin(&r, out, q.count);
	enum err e = store_spend(p->store, &q, key_id, &next, d, &r, on_call);
	r.more = next != 0;
	wr_u64(out, next);
	return rows_end(&r, e);
}

static enum err summary(struct parts *p, struct str body, struct buf *out, struct diag *d)
{
	enum { DAY_MS = 86400000 };
	struct rd in = rd_from(body);
	int64_t from = rd_i64(&in), to = rd_i64(&in);
	unsigned group = rd_u8(&in);
	struct rows r;

	if (rd_end(&in) != OK || from < 0 || to < 0 || group > (SUM_KEY | SUM_MODEL | SUM_DAY))
		return ERR_SYNTAX;
	TRY(store_settle_now(p->store, d));
	rows_begin(&r, out, UINT32_MAX);
	return rows_end(&r, store_sums(p->store, from / DAY_MS, to ? (to - 1) / DAY_MS : INT64_MAX,
				       group, d, &r, on_sum));
}

enum err parts_request(struct keeper *k, struct peer *from, const struct ipc_msg *m)
{
	struct parts *p = k->parts;
	struct diag d = { 0 };
	struct buf out;
	enum err e;

	/* What ended before the question is in the answer. */
	(void)usage_tick(&p->usage, mono_ms(), wall_ms(), false);
	buf_init(&out, LIMIT_CONTROL);
	if (m->type == MSG_SPEND_LOGS)
		e = spend_logs(p, m->body, &out, &d);
	else if (m->type == MSG_USAGE_SUMMARY)
		e = summary(p, m->body, &out, &d);
	else
		e = keyring_request(&p->keys, m->type, m->body,
				    from->role == R_CLI ? S("cli") : S("admin"), wall_ms(), &out,
				    &d);
	bool malformed = e == ERR_SYNTAX && d.text[0] == '\0';
	if (!malformed)
		peer_reply(from, m->seq, e, &d, buf_str(&out));
	buf_wipe(&out); /* it may have held a key's secret */
	buf_free(&out);
	return malformed ? ERR_SYNTAX : OK;
}

void parts_event(struct keeper *k, const char *what, const char *text)
{
	const struct str pairs[][2] = { { S("text"), str_z(text) } };
	struct parts *p = k->parts;
	struct diag d;
	struct buf b;

	if (p == NULL)
		return;
	buf_init(&b, 4096);
	leaf_note(&b, str_z(what), S("keeper"), wall_ms(), pairs, 1);
	enum err e = b.err == OK ? store_begin(p->store, &d) : b.err;
	if (e == OK)
		e = store_event(p->store, buf_str(&b), &d);
	if (e == OK)
		e = store_commit(p->store, &d);
	if (e != OK)
		store_rollback(p->store);
	buf_free(&b);
}

const char *parts_trouble(const struct keeper *k)
{
	return k->parts->gone ? k->parts->gone : usage_trouble(&k->parts->usage);
}
