/*
 * store/schema.c - the tables.
 *
 * call and event share one sequence: a row's number is its leaf in the audit log, counted from 1,
 * so the log can be written again from the rows after a crash. call has no secondary index: it
 * would cost ten times the row. A time is found through day, which knows the first row of each day.
 */
#include "store/schema.h"

const char *const schema_steps[SCHEMA_VERSION] = {
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

	"CREATE TABLE key ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  hash BLOB NOT NULL CHECK (length(hash) = 32),"
	"  name TEXT NOT NULL, alias TEXT NOT NULL, user TEXT NOT NULL, team TEXT NOT NULL,"
	"  metadata TEXT NOT NULL, aliases TEXT NOT NULL, tags TEXT NOT NULL,"
	"  models TEXT NOT NULL," /* one a line; empty: all */
	"  created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
	"  rpm INTEGER NOT NULL, tpm INTEGER NOT NULL, parallel INTEGER NOT NULL,"
	"  budget_pico INTEGER NOT NULL, soft_budget_pico INTEGER NOT NULL,"
	"  budget_period_s INTEGER NOT NULL, budget_reset_ms INTEGER NOT NULL,"
	"  spent_pico INTEGER NOT NULL, blocked INTEGER NOT NULL,"
	"  deleted_ms INTEGER NOT NULL DEFAULT 0" /* a deleted key keeps its row: calls name it */
	") STRICT;"
	"CREATE UNIQUE INDEX key_hash ON key (hash) WHERE deleted_ms = 0;"
	"CREATE UNIQUE INDEX key_alias ON key (alias) WHERE deleted_ms = 0 AND alias <> '';"

	/* rec: store/record.h. Twenty columns would cost twice as much a row. */
	"CREATE TABLE call (seq INTEGER PRIMARY KEY, key INTEGER, end_ms INTEGER, rec BLOB) STRICT;"

	"CREATE TABLE event (seq INTEGER PRIMARY KEY, leaf TEXT NOT NULL) STRICT;"

	"CREATE TABLE day (day INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL) STRICT;"

	"CREATE TABLE spend ("
	"  day INTEGER NOT NULL, key INTEGER NOT NULL, model TEXT NOT NULL,"
	"  calls INTEGER NOT NULL, fails INTEGER NOT NULL,"
	"  input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,"
	"  output INTEGER NOT NULL, reasoning INTEGER NOT NULL, cost_pico INTEGER NOT NULL,"
	"  PRIMARY KEY (day, key, model)"
	") STRICT, WITHOUT ROWID;",
};
