/*
 * keeper/ledger.c - appends to the audit log and publishes it.
 * Input: the log's own files, which may be damaged.   Runs in: keeper.
 */
#include "keeper/ledger.h"

#include "keeper/leaf.h"
#include "keeper/ledger_file.h"
#include "sys/log.h"

#include <assert.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { BUNDLE_MAX = TLOG_WIDTH * (2 + TLOG_ENTRY_MAX) };

static enum err trouble(struct ledger *l, bool broken, enum err e, const char *text)
{
	(void)snprintf(l->trouble, sizeof l->trouble, "%s", text);
	l->broken = l->broken || broken;
	return e;
}

/* Full tiles are written before the next leaf takes their place. */
static enum err save_full(struct ledger *l)
{
	char path[TLOG_PATH];
	struct diag d;

	if (l->bundle_unsaved) {
		uint64_t index = l->tree.size / TLOG_WIDTH - 1;
		enum err e = ledger_write(l->dir, tlog_path(TLOG_ENTRIES, index, TLOG_WIDTH, path),
					  buf_str(&l->bundle), &d);
		if (e != OK)
			return trouble(l, false, e, d.text);
		buf_reset(&l->bundle);
		l->bundle_unsaved = false;
	}
	for (; l->unsaved > 0; l->unsaved--) {
		unsigned level = l->unsaved - 1;
		enum err e = ledger_write(
			l->dir,
			tlog_path((int)level, tlog_index(&l->tree, level), TLOG_WIDTH, path),
			tlog_tile(&l->tree, level), &d);
		if (e != OK)
			return trouble(l, false, e, d.text);
		l->wide = true;
	}
	return OK;
}

/* The entry stands in l->room from its second byte on. */
static enum err append(struct ledger *l, size_t n)
{
	uint8_t hash[TLOG_HASH];

	assert(l->unsaved == 0 && !l->bundle_unsaved && n <= TLOG_ENTRY_MAX);
	tlog_bundle_add(&l->bundle, (struct str){ l->room + 1, n });
	if (l->bundle.err != OK)
		return trouble(l, true, ERR_NOMEM, "out of memory for the audit log");
	tlog_leaf(&l->sha, l->room, n, hash);
	l->unsaved = tlog_add(&l->tree, hash);
	l->bundle_unsaved = l->unsaved > 0;
	return save_full(l);
}

enum err ledger_calls(struct ledger *l, uint64_t first, const struct usage_record *r, uint32_t n)
{
	if (l->broken || l->tree.size + 1 != first)
		return OK;
	TRY(save_full(l));
	for (uint32_t i = 0; i < n; i++)
		TRY(append(l, leaf_call(first + i, &r[i], l->room + 1)));
	return OK;
}

static enum err on_entry(void *arg, uint64_t seq, const struct usage_record *r, struct str event)
{
	struct ledger *l = arg;

	assert(seq == l->tree.size + 1);
	if (r != NULL)
		return append(l, leaf_call(seq, r, l->room + 1));
	if (event.n > TLOG_ENTRY_MAX)
		return trouble(l, true, ERR_LIMIT, "a line of the audit log is too long");
	if (event.n)
		memcpy(l->room + 1, event.p, event.n);
	return append(l, event.n);
}

enum err ledger_catch_up(struct ledger *l, uint32_t max)
{
	struct diag d = { 0 };

	if (l->broken)
		return OK;
	TRY(save_full(l));
	if (l->tree.size >= store_last(l->store))
		return OK;
	enum err e = store_entries(l->store, l->tree.size, max, &d, l, on_entry);
	if (e != OK && d.text[0])
		return trouble(l, e == ERR_SYNTAX, e, d.text);
	return e;
}

static enum err write_partials(struct ledger *l, struct diag *d)
{
	char path[TLOG_PATH];
	uint64_t index;
	uint32_t width;

	for (int level = TLOG_ENTRIES; level < TLOG_LEVELS; level++) {
		tlog_edge(l->tree.size, level < 0 ? 0 : (unsigned)level, &index, &width);
		if (width == 0)
			continue;
		TRY(ledger_partial(
			l->dir, tlog_path(level, index, width, path), level,
			level < 0 ? buf_str(&l->bundle) : tlog_tile(&l->tree, (unsigned)level), d));
	}
	return OK;
}

/* What the two edges have in common stays. */
static void remove_old(struct ledger *l, uint64_t old)
{
	char path[TLOG_PATH];

	for (int level = TLOG_ENTRIES; level < TLOG_LEVELS; level++) {
		uint64_t i0, i1;
		uint32_t w0, w1;
		tlog_edge(old, level < 0 ? 0 : (unsigned)level, &i0, &w0);
		tlog_edge(l->tree.size, level < 0 ? 0 : (unsigned)level, &i1, &w1);
		if (w0 != 0 && (i0 != i1 || w0 != w1))
			ledger_retire(l->dir, tlog_path(level, i0, w0, path), level);
	}
}

static enum err write_checkpoint(struct ledger *l, struct diag *d)
{
	char storage[1024], text_storage[512];
	struct checkpoint c = { .origin = str_z(l->origin), .size = l->tree.size };
	struct buf text, note;
	struct str out;

	buf_fixed(&text, text_storage, sizeof text_storage);
	buf_fixed(&note, storage, sizeof storage);
	tlog_root(&l->tree, c.root);
	checkpoint_encode(&c, &text);
	note_sign(buf_str(&text), &l->who, &l->key, &note);
	TRY(buf_finish(&note, &out));
	return ledger_replace(l->dir, "checkpoint", out, d);
}

enum err ledger_publish(struct ledger *l)
{
	struct diag d = { 0 };

	if (l->broken || (l->tree.size == l->published && l->tree.size != 0))
		return OK;
	TRY(save_full(l));
	/*
	 * The rows must outlive a power cut before a signature says that they were there; otherwise
	 * their numbers could be given to other calls.
	 */
	enum err e = store_sync(l->store, &d);
	if (e == OK)
		e = write_partials(l, &d);
	if (e == OK && l->wide && syncfs(l->dir) != 0)
		e = diag_set(&d, ERR_BUSY, "cannot sync the audit log");
	if (e == OK)
		e = write_checkpoint(l, &d);
	if (e != OK)
		return trouble(l, false, e, d.text);
	remove_old(l, l->published);
	l->published = l->tree.size;
	l->wide = false;
	l->trouble[0] = '\0';
	return OK;
}

/* Reads the edge that checkpoint c speaks of. ERR_SYNTAX, ERR_NOT_FOUND: it is damaged. */
static enum err resume(struct ledger *l, const struct checkpoint *c)
{
	uint8_t root[TLOG_HASH], hash[TLOG_HASH];
	char path[TLOG_PATH];
	uint64_t index;
	uint32_t width;
	struct buf b;
	enum err e = OK;

	tlog_init(&l->tree, &l->sha);
	tlog_resume(&l->tree, c->size);
	buf_init(&b, TLOG_WIDTH * TLOG_HASH);
	for (unsigned level = 0; e == OK && level < TLOG_LEVELS; level++) {
		buf_reset(&b);
		tlog_edge(c->size, level, &index, &width);
		if (width)
			e = ledger_read(l->dir, tlog_path((int)level, index, width, path), &b);
		if (e == OK)
			e = tlog_resume_tile(&l->tree, level, buf_str(&b));
	}
	buf_free(&b);
	TRY(e);
	tlog_root(&l->tree, root);
	if (memcmp(root, c->root, sizeof root) != 0)
		return ERR_SYNTAX;

	buf_reset(&l->bundle);
	tlog_edge(c->size, 0, &index, &width);
	if (width)
		TRY(ledger_read(l->dir, tlog_path(TLOG_ENTRIES, index, width, path), &l->bundle));
	struct str rest = buf_str(&l->bundle), entry;
	for (uint32_t i = 0; i < width; i++) {
		TRY(tlog_bundle_next(&rest, &entry));
		if (entry.n)
			memcpy(l->room + 1, entry.p, entry.n);
		tlog_leaf(&l->sha, l->room, entry.n, hash);
		if (memcmp(hash, l->tree.levels[0].hash[i], TLOG_HASH) != 0)
			return ERR_SYNTAX;
	}
	return rest.n == 0 ? OK : ERR_SYNTAX;
}

/* The edge is damaged: the log is written again from the rows, and must come to the signed root. */
static enum err rebuild(struct ledger *l, const struct checkpoint *c)
{
	uint8_t root[TLOG_HASH];

	tlog_init(&l->tree, &l->sha);
	buf_reset(&l->bundle);
	while (l->tree.size < c->size) {
		uint64_t left = c->size - l->tree.size, before = l->tree.size;
		enum err e = ledger_catch_up(l, left > 65536 ? 65536 : (uint32_t)left);
		if (e == ERR_SYNTAX || (e == OK && l->tree.size == before))
			return trouble(l, true, OK,
				       "the audit log is damaged and the database cannot mend it");
		TRY(e);
	}
	tlog_root(&l->tree, root);
	if (memcmp(root, c->root, sizeof root) != 0)
		return trouble(
			l, true, OK,
			"the audit log is damaged and the database differs from what was signed");
	struct diag d = { 0 };
	return write_partials(l, &d);
}

/* What only hands, a bad disk or a copy that was put back can have brought about is told. The log
 * may end before the database, by a second, after a kill. */
static void tell(const struct ledger *l, uint64_t size, bool mended)
{
	unsigned long long log = size, rows = store_last(l->store);

	if (mended)
		log_msg(LOG_WARN, "the audit log's last tiles were damaged or missing; they were "
				  "written again as they had been signed");
	if (rows < log)
		log_msg(LOG_WARN,
			"the database has %llu records, the audit log %llu: it is an older copy, "
			"or records were taken out; they are missing from usage and spending",
			rows, log);
	if (rows > log)
		log_msg(size ? LOG_INFO : LOG_WARN,
			"the audit log %s %llu, the database has %llu records: the rest is "
			"written to it now",
			size ? "ends at" : "is not there or ends at", log, rows);
}

static enum err take_up(struct ledger *l, struct diag *d)
{
	struct buf note;
	struct str text;
	struct checkpoint c;

	buf_init(&note, NOTE_MAX);
	enum err e = ledger_read(l->dir, "checkpoint", &note);
	if (e == ERR_NOT_FOUND) {
		tell(l, 0, false);
		buf_free(&note);
		return OK; /* a new log, or one whose rows are all in the database */
	}
	if (e == OK)
		e = note_open(buf_str(&note), &l->who, &text);
	if (e == OK)
		e = checkpoint_parse(&c, text);
	if (e == OK && !str_eq(c.origin, str_z(l->origin)))
		e = ERR_SYNTAX;
	if (e != OK)
		e = trouble(l, true, OK,
			    "the audit log's checkpoint was not signed with its key; move the log "
			    "and its key away to begin a new one");
	else {
		e = resume(l, &c);
		bool damaged = e != OK;
		if (damaged)
			e = rebuild(l, &c);
		if (e == OK)
			tell(l, c.size, damaged && !l->broken);
		l->published = c.size;
		store_floor(l->store, c.size);
	}
	buf_free(&note);
	return e == OK ? OK : diag_set(d, e, "cannot read the audit log: %s", l->trouble);
}

enum err ledger_open(struct ledger *l, struct store *store, const char *dir_path,
		     const char *key_path, struct diag *d)
{
	*l = (struct ledger){ .store = store, .dir = -1 };
	buf_init(&l->bundle, BUNDLE_MAX);
	l->room = malloc(1 + TLOG_ENTRY_MAX);
	enum err e = l->room == NULL || sha256_init(&l->sha) != OK
			     ? diag_set(d, ERR_NOMEM, "out of memory")
			     : OK;
	tlog_init(&l->tree, &l->sha);
	if (e == OK)
		e = ledger_dir(dir_path, &l->dir, d);
	if (e == OK)
		e = ledger_key(l->dir, key_path, &l->key, l->origin, sizeof l->origin, d);
	if (e == OK) {
		note_key_of(&l->who, str_z(l->origin), l->key.public);
		e = take_up(l, d);
	}
	if (e == OK)
		e = ledger_public(l->dir, &l->who, d);
	if (e != OK)
		ledger_close(l);
	return e;
}

void ledger_close(struct ledger *l)
{
	if (l->dir >= 0)
		(void)close(l->dir);
	l->dir = -1;
	buf_free(&l->bundle);
	free(l->room);
	l->room = NULL;
	sha256_done(&l->sha);
	sign_key_wipe(&l->key);
}
