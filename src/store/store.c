/*
 * store/store.c - the connection, transactions, and statements wrapped once.
 * Runs in: keeper.
 */
#include "store/db.h"
#include "store/schema.h"

#include <assert.h>
#include <string.h>

static const char *const sql_text[Q_COUNT] = {
#define X(name, sql) [name] = sql,
	STORE_STATEMENTS(X)
#undef X
};

enum err db_fail(struct store *s, struct diag *d, const char *what)
{
	int code = sqlite3_extended_errcode(s->db);

	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return diag_set(d, ERR_EXISTS, "%s: exists already", what);
	case SQLITE_NOMEM:
		return diag_set(d, ERR_NOMEM, "%s: out of memory", what);
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return diag_set(d, ERR_BUSY, "%s: %s (%d)", what, sqlite3_errmsg(s->db), code);
	default:
		return diag_set(d, ERR_SYS, "%s: %s (%d)", what, sqlite3_errmsg(s->db), code);
	}
}

enum err db_run(struct store *s, enum statement q, struct diag *d)
{
	int rc = sqlite3_step(s->st[q]);
	enum err e = rc == SQLITE_DONE || rc == SQLITE_ROW ? OK : db_fail(s, d, "database");

	(void)sqlite3_reset(s->st[q]);
	return e;
}

enum err db_row(struct store *s, enum statement q, struct diag *d)
{
	int rc = sqlite3_step(s->st[q]);

	return rc == SQLITE_ROW	   ? OK
	       : rc == SQLITE_DONE ? ERR_NOT_FOUND
				   : db_fail(s, d, "database");
}

void db_reset(struct store *s, enum statement q)
{
	(void)sqlite3_reset(s->st[q]);
}

void db_int(struct store *s, enum statement q, int at, int64_t v)
{
	int rc = sqlite3_bind_int64(s->st[q], at, v);

	assert(rc == SQLITE_OK);
	(void)rc;
}

void db_text(struct store *s, enum statement q, int at, struct str v)
{
	int rc = sqlite3_bind_text(s->st[q], at, v.p ? v.p : "", (int)v.n, SQLITE_STATIC);

	assert(rc == SQLITE_OK);
	(void)rc;
}

void db_blob(struct store *s, enum statement q, int at, struct str v)
{
	int rc = sqlite3_bind_blob(s->st[q], at, v.p, (int)v.n, SQLITE_STATIC);

	assert(rc == SQLITE_OK);
	(void)rc;
}

int64_t db_get(struct store *s, enum statement q, int column)
{
	return sqlite3_column_int64(s->st[q], column);
}

struct str db_get_str(struct store *s, enum statement q, int column)
{
	const char *p = sqlite3_column_blob(s->st[q], column);
	int n = sqlite3_column_bytes(s->st[q], column);

	return p == NULL ? S("") : (struct str){ p, (size_t)n };
}

static enum err exec(struct store *s, const char *sql, struct diag *d)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK
								       : db_fail(s, d, "database");
}

static enum err version(struct store *s, int *out, struct diag *d)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW) {
		(void)sqlite3_finalize(st);
		return db_fail(s, d, "database");
	}
	*out = sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	return OK;
}

static enum err migrate(struct store *s, struct diag *d)
{
	int at = 0;

	TRY(version(s, &at, d));
	if (at > SCHEMA_VERSION)
		return diag_set(
			d, ERR_CONFIG,
			"the database has layout %d, made by a newer yett; this one knows %d", at,
			SCHEMA_VERSION);
	for (; at < SCHEMA_VERSION; at++) {
		char set[40];
		(void)snprintf(set, sizeof set, "PRAGMA user_version=%d", at + 1);
		enum err e = exec(s, "BEGIN EXCLUSIVE", d);
		if (e == OK)
			e = exec(s, schema_steps[at], d);
		if (e == OK)
			e = exec(s, set, d);
		if (e == OK)
			e = exec(s, "COMMIT", d);
		if (e != OK) {
			(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
			return e;
		}
	}
	return OK;
}

/*
 * NORMAL: a commit survives kill -9 of any process; a power cut takes what came after the last
 * store_sync. The WAL may grow to 4000 pages before it is copied back: fewer, larger copies.
 */
static const char settings[] =
	"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
	"PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864;"
	"PRAGMA cache_size=-8192; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
	"PRAGMA foreign_keys=OFF;";

static enum err prepare(struct store *s, struct diag *d)
{
	for (unsigned i = 0; i < Q_COUNT; i++)
		if (sqlite3_prepare_v3(s->db, sql_text[i], -1, SQLITE_PREPARE_PERSISTENT, &s->st[i],
				       NULL) != SQLITE_OK)
			return db_fail(s, d, sql_text[i]);
	TRY(db_row(s, Q_LAST, d));
	s->last = (uint64_t)db_get(s, Q_LAST, 0);
	db_reset(s, Q_LAST);
	return OK;
}

enum err store_open(const char *path, struct store **out, struct diag *d)
{
	struct store *s = calloc(1, sizeof *s);
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			  SQLITE_OPEN_NOFOLLOW;

	if (s == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	s->day_known = INT64_MIN;
	enum err e = OK;
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
		e = s->db ? db_fail(s, d, path) : diag_set(d, ERR_NOMEM, "out of memory");
	if (e == OK) {
		(void)sqlite3_extended_result_codes(s->db, 1);
		(void)sqlite3_busy_timeout(s->db, 2000);
		(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		e = exec(s, settings, d);
	}
	if (e == OK)
		e = migrate(s, d);
	if (e == OK)
		e = prepare(s, d);
	if (e == OK)
		e = call_sum_up(s, d);
	if (e != OK) {
		store_close(s);
		return e;
	}
	*out = s;
	return OK;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < Q_COUNT; i++)
		(void)sqlite3_finalize(s->st[i]);
	(void)sqlite3_close(s->db);
	free(s);
}

enum err store_begin(struct store *s, struct diag *d)
{
	assert(!s->open);
	if (s->stale) {
		s->stale = false;
		enum err e = call_sum_up(s, d);
		s->stale = e != OK;
		TRY(e);
	}
	TRY(db_run(s, Q_BEGIN, d));
	s->open = true;
	s->last_begun = s->last;
	return OK;
}

void store_rollback(struct store *s)
{
	if (!s->open)
		return;
	/* After some failures SQLite has rolled back by itself, and says so with an error. */
	if (!sqlite3_get_autocommit(s->db)) {
		(void)sqlite3_step(s->st[Q_ROLLBACK]);
		(void)sqlite3_reset(s->st[Q_ROLLBACK]);
	}
	s->open = false;
	s->last = s->last_begun;
	s->day_known = INT64_MIN;
	s->stale = true;
}

enum err store_commit(struct store *s, struct diag *d)
{
	assert(s->open);
	enum err e = db_run(s, Q_COMMIT, d);
	if (e != OK) {
		store_rollback(s);
		return e;
	}
	s->open = false;
	return OK;
}

enum err store_sync(struct store *s, struct diag *d)
{
	sqlite3_file *wal = NULL;

	if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK ||
	    wal == NULL || wal->pMethods == NULL)
		return OK; /* nothing has been written yet */
	if (wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL) != SQLITE_OK)
		return diag_set(d, ERR_BUSY, "database: cannot sync");
	return OK;
}

uint64_t store_last(const struct store *s)
{
	return s->last;
}

void store_floor(struct store *s, uint64_t last)
{
	assert(!s->open);
	if (s->last < last)
		s->last = last;
}

enum err store_meta(struct store *s, struct str name, int64_t fallback, int64_t *out,
		    struct diag *d)
{
	db_text(s, Q_META, 1, name);
	enum err e = db_row(s, Q_META, d);
	if (e == OK || e == ERR_NOT_FOUND)
		*out = e == OK ? db_get(s, Q_META, 0) : fallback;
	db_reset(s, Q_META);
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err store_meta_set(struct store *s, struct str name, int64_t value, struct diag *d)
{
	db_text(s, Q_META_SET, 1, name);
	db_int(s, Q_META_SET, 2, value);
	return db_run(s, Q_META_SET, d);
}

enum err store_limit_pages(struct store *s, uint32_t n, struct diag *d)
{
	char sql[64];

	(void)snprintf(sql, sizeof sql, "PRAGMA max_page_count=%u", n ? n : 1073741823u);
	return exec(s, sql, d);
}
