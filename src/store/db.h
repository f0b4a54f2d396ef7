/*
 * store/db.h - inside the store: the connection, its statements, and the way they are run. Ring 1.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "store/store.h"

#include <sqlite3.h>

#define KEY_COLUMNS                                                                            \
	"id,hash,name,alias,user,team,metadata,aliases,tags,models,created_ms,expires_ms,"     \
	"rpm,tpm,parallel,budget_pico,soft_budget_pico,budget_period_s,budget_reset_ms,spent_" \
	"pico,blocked"

/* A sum of money may not leave SQLite's integers: one overflow would block the queue for good. */
#define MONEY_MAX "9000000000000000000"

#define STORE_STATEMENTS(X)                                                                        \
	X(Q_BEGIN, "BEGIN IMMEDIATE")                                                              \
	X(Q_COMMIT, "COMMIT")                                                                      \
	X(Q_ROLLBACK, "ROLLBACK")                                                                  \
	X(Q_LAST, "SELECT max(ifnull((SELECT max(seq) FROM call),0),ifnull((SELECT max(seq) FROM " \
		  "event),0))")                                                                    \
	X(Q_META, "SELECT value FROM meta WHERE name=?1")                                          \
	X(Q_META_SET, "INSERT INTO meta VALUES(?1,?2) ON CONFLICT DO UPDATE SET value=?2")         \
	X(Q_CALL_ADD, "INSERT INTO call VALUES(?1,?2,?3,?4)")                                      \
	X(Q_EVENT_ADD, "INSERT INTO event VALUES(?1,?2)")                                          \
	X(Q_DAY_ADD, "INSERT OR IGNORE INTO day VALUES(?1,?2)")                                    \
	X(Q_SPEND_ADD,                                                                             \
	  "INSERT INTO spend VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) ON CONFLICT DO"            \
	  " UPDATE SET calls=calls+?4,fails=fails+?5,input=input+?6,"                              \
	  "cache_read=cache_read+?7,cache_write=cache_write+?8,output=output+?9,"                  \
	  "reasoning=reasoning+?10,cost_pico=min(cost_pico," MONEY_MAX "-?11)+?11")                \
	X(Q_KEY_SPENT,                                                                             \
	  "UPDATE key SET spent_pico=min(spent_pico," MONEY_MAX "-?2)+?2 WHERE id=?1")             \
	X(Q_CALLS_AFTER, "SELECT seq,key,end_ms,rec FROM call WHERE seq>?1 ORDER BY seq")          \
	X(Q_EVENTS_AFTER, "SELECT seq,leaf FROM event WHERE seq>?1 ORDER BY seq")                  \
	X(Q_KEY_ADD,                                                                               \
	  "INSERT INTO key(hash,name,alias,user,team,metadata,aliases,tags,models,created_ms,"     \
	  "expires_ms,rpm,tpm,parallel,budget_pico,soft_budget_pico,budget_period_s,"              \
	  "budget_reset_ms,spent_pico,blocked) VALUES(?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"        \
	  "?13,?14,?15,?16,?17,?18,?19,?20,?21)")                                                  \
	X(Q_KEY_PUT,                                                                               \
	  "UPDATE key SET hash=?2,name=?3,alias=?4,user=?5,team=?6,metadata=?7,aliases=?8,"        \
	  "tags=?9,models=?10,created_ms=?11,expires_ms=?12,rpm=?13,tpm=?14,parallel=?15,"         \
	  "budget_pico=?16,soft_budget_pico=?17,budget_period_s=?18,budget_reset_ms=?19,"          \
	  "spent_pico=?20,blocked=?21 WHERE id=?1 AND deleted_ms=0")                               \
	X(Q_KEY_DELETE, "UPDATE key SET deleted_ms=?2 WHERE id=?1 AND deleted_ms=0")               \
	X(Q_KEY_BY_ID, "SELECT " KEY_COLUMNS " FROM key WHERE id=?1 AND deleted_ms=0")             \
	X(Q_KEY_BY_HASH, "SELECT " KEY_COLUMNS " FROM key WHERE hash=?1 AND deleted_ms=0")         \
	X(Q_KEY_BY_ALIAS,                                                                          \
	  "SELECT " KEY_COLUMNS " FROM key WHERE alias=?1 AND alias<>'' AND deleted_ms=0")         \
	X(Q_KEY_AFTER,                                                                             \
	  "SELECT " KEY_COLUMNS " FROM key WHERE id>?1 AND deleted_ms=0 ORDER BY id LIMIT 1")      \
	X(Q_KEY_COUNT, "SELECT count(*) FROM key WHERE deleted_ms=0")                              \
	X(Q_DAY_FROM, "SELECT min(first_seq) FROM day WHERE day>=?1")                              \
	X(Q_SPEND_SCAN, "SELECT call.seq,call.key,end_ms,rec,key.hash,key.name,key.alias,"         \
			"key.user,key.team"                                                        \
			" FROM call LEFT JOIN key ON key.id=call.key"                              \
			" WHERE call.seq>=?1 AND call.seq<?2 ORDER BY call.seq DESC")              \
	X(Q_SUMS, "SELECT CASE WHEN ?3&4 THEN day ELSE 0 END AS d,"                                \
		  "CASE WHEN ?3&1 THEN spend.key ELSE 0 END AS k,"                                 \
		  "CASE WHEN ?3&2 THEN model ELSE '' END AS m,"                                    \
		  "sum(calls),sum(fails),sum(input),sum(cache_read),sum(cache_write),sum(output)," \
		  "sum(reasoning),sum(cost_pico/1000),key.hash,key.name,key.alias"                 \
		  " FROM spend LEFT JOIN key ON ?3&1 AND key.id=spend.key"                         \
		  " WHERE day>=?1 AND day<=?2 GROUP BY d,k,m ORDER BY d,k,m")

#define X(name, sql) name,
enum statement { STORE_STATEMENTS(X) Q_COUNT };
#undef X

/* What the sums of a (day, key, model) lack. */
struct spend_group {
	int64_t day, key;
	char model[USAGE_TEXT];
	int64_t calls, fails, input, cache_read, cache_write, output, reasoning, cost_pico;
};

enum { SPEND_GROUPS = 4096, SPEND_TABLE = 16384 };

struct store {
	sqlite3 *db;
	sqlite3_stmt *st[Q_COUNT];
	uint64_t last, last_begun; /* last: the newest number; last_begun: at store_begin */
	uint64_t summed; /* calls up to this number are in the sums; later ones in groups */
	bool stale;                /* groups hold calls of a transaction that was rolled back */
	int64_t day_known;         /* has its row, or INT64_MIN */
	bool open;                 /* a transaction is */
	uint32_t n_groups;
	uint16_t table[SPEND_TABLE]; /* 1 + index, 0 empty */
	struct spend_group groups[SPEND_GROUPS];
};

/* db_fail turns SQLite's last error into ours: ERR_BUSY for a full or failing disk. */
enum err db_fail(struct store *s, struct diag *d, const char *what);

/* db_run steps a statement that gives no row and resets it. */
MUST_USE enum err db_run(struct store *s, enum statement q, struct diag *d);

/* db_row steps to the next row: OK or ERR_NOT_FOUND. The caller resets with db_reset. */
MUST_USE enum err db_row(struct store *s, enum statement q, struct diag *d);
void db_reset(struct store *s, enum statement q);

/* db_int binds a number. */
void db_int(struct store *s, enum statement q, int at, int64_t v);
/* db_text and db_blob borrow: the bytes must stay until the statement is reset. */
void db_text(struct store *s, enum statement q, int at, struct str v);
void db_blob(struct store *s, enum statement q, int at, struct str v);
int64_t db_get(struct store *s, enum statement q, int column);
struct str db_get_str(struct store *s, enum statement q, int column);

/* call_sum_up counts the calls that are stored but not in the sums yet, as after a kill. */
MUST_USE enum err call_sum_up(struct store *s, struct diag *d);
void call_forget(struct store *s);

#endif
