/*
 * cli/cmd_audit.c - `yett audit`: checks and prints the audit log. Needs its files and its public
 * key, no gate.
 * Input: hostile (the log may have been tampered with).   Runs in: cli.
 * Fuzz: fuzz/tlog_fuzz.c, fuzz/note_fuzz.c
 */
#include "cli/cli.h"

#include "codec/base64.h"
#include "codec/jw.h"
#include "sys/fs.h"
#include "tlog/note.h"
#include "tlog/tlog.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
	BUNDLE_MAX = TLOG_WIDTH * (2 + TLOG_ENTRY_MAX),
	FLUSH_AT = 1 << 20,
	TRIES = 20 /* to read the edge between two checkpoints, which a gate signs once a second */
};

struct audit {
	struct cli *c;
	int dir;
	bool print;             /* entries go to standard output */
	struct sha256 sha;
	struct note_key key;
	struct checkpoint want;
	struct buf key_text, note, file;
	struct buf edge[TLOG_LEVELS], edge_bundle; /* the partial tiles, read with the checkpoint */
	char *room;             /* 1 + TLOG_ENTRY_MAX bytes */
	struct tlog *tree;
};

static enum err read_at(struct audit *a, const char *path, struct buf *out, struct diag *d)
{
	buf_reset(out);
	enum err e = fs_read_at(a->dir, path, FS_NOFOLLOW, out, d);
	return e == ERR_NOT_FOUND ? diag_set(d, e, "'%s' of the audit log is missing", path) : e;
}

/* The checkpoint, if the key has signed it. */
static enum err read_checkpoint(struct audit *a, struct diag *d)
{
	struct str text;

	TRY(read_at(a, "checkpoint", &a->note, d));
	enum err e = note_open(buf_str(&a->note), &a->key, &text);
	if (e == ERR_NOT_FOUND)
		return diag_set(d, ERR_AUTH, "the checkpoint is not signed by '%.*s'",
				FMT(a->key.name));
	if (e != OK)
		return diag_set(
			d, ERR_AUTH,
			"the checkpoint's signature is wrong: it was changed after it was signed");
	if (checkpoint_parse(&a->want, text) != OK || !str_eq(a->want.origin, a->key.name))
		return diag_set(d, ERR_AUTH, "the checkpoint is not one of this log");
	return OK;
}

/* What a signed checkpoint speaks of is there, and not larger than it can be, or was changed. */
static enum err read_signed(struct audit *a, const char *path, struct buf *out, struct diag *d)
{
	enum err e = read_at(a, path, out, d);

	return e == ERR_NOT_FOUND || e == ERR_LIMIT ? ERR_AUTH : e;
}

static enum err read_edge(struct audit *a, struct diag *d)
{
	char path[TLOG_PATH];
	uint64_t index;
	uint32_t width;

	for (int level = TLOG_ENTRIES; level < TLOG_LEVELS; level++) {
		tlog_edge(a->want.size, level < 0 ? 0 : (unsigned)level, &index, &width);
		if (width)
			TRY(read_signed(a, tlog_path(level, index, width, path),
					level < 0 ? &a->edge_bundle : &a->edge[level], d));
	}
	return OK;
}

/* A gate that runs takes a checkpoint's partial tiles away once it has signed the next one. */
static enum err read_head(struct audit *a, struct diag *d)
{
	enum err e = OK;

	for (int i = 0; i < TRIES; i++) {
		TRY(read_checkpoint(a, d));
		e = read_edge(a, d);
		if (read_at(a, "checkpoint", &a->file, NULL) == OK &&
		    str_eq(buf_str(&a->file), buf_str(&a->note)))
			break;
	}
	return e;
}

static enum err check_tile(struct audit *a, unsigned level, uint64_t index, uint32_t width,
			   struct diag *d)
{
	char path[TLOG_PATH];
	struct buf *file = width == TLOG_WIDTH ? &a->file : &a->edge[level];

	(void)tlog_path((int)level, index, width, path);
	if (file == &a->file)
		TRY(read_signed(a, path, file, d));
	struct str want = str_head(tlog_tile(a->tree, level), (size_t)width * TLOG_HASH);
	if (!str_eq(buf_str(file), want))
		return diag_set(d, ERR_AUTH,
				"'%s' does not belong to the entries: one of them was changed",
				path);
	return OK;
}

static enum err one_entry(struct audit *a, struct str entry, unsigned *out_full)
{
	uint8_t hash[TLOG_HASH];

	if (entry.n)
		memcpy(a->room + 1, entry.p, entry.n);
	tlog_leaf(&a->sha, a->room, entry.n, hash);
	*out_full = tlog_add(a->tree, hash);
	if (!a->print)
		return OK;
	buf_add(&a->c->out, entry);
	buf_addc(&a->c->out, '\n');
	return a->c->out.n > FLUSH_AT ? cli_flush(a->c) : OK;
}

static enum err one_bundle(struct audit *a, uint64_t index, uint32_t width, struct diag *d)
{
	char path[TLOG_PATH];
	unsigned full = 0;
	struct str entry;
	struct buf bundle;

	(void)tlog_path(TLOG_ENTRIES, index, width, path);
	buf_init(&bundle, BUNDLE_MAX);
	enum err e = width == TLOG_WIDTH ? read_signed(a, path, &bundle, d) : OK;
	struct str rest = buf_str(width == TLOG_WIDTH ? &bundle : &a->edge_bundle);
	for (uint32_t i = 0; e == OK && i < width; i++) {
		e = tlog_bundle_next(&rest, &entry);
		if (e != OK)
			(void)diag_set(d, ERR_AUTH, "'%s' is cut short", path);
		else
			e = one_entry(a, entry, &full);
	}
	if (e == OK && rest.n)
		e = diag_set(d, ERR_AUTH, "'%s' holds more than it should", path);
	for (unsigned level = 0; e == OK && level < full; level++)
		e = check_tile(a, level, tlog_index(a->tree, level), TLOG_WIDTH, d);
	buf_free(&bundle);
	return e == ERR_SYNTAX ? ERR_AUTH : e;
}

static enum err walk(struct audit *a, struct diag *d)
{
	uint8_t root[TLOG_HASH];
	uint64_t index;
	uint32_t width;

	for (uint64_t i = 0; i < a->want.size / TLOG_WIDTH; i++)
		TRY(one_bundle(a, i, TLOG_WIDTH, d));
	tlog_edge(a->want.size, 0, &index, &width);
	if (width)
		TRY(one_bundle(a, index, width, d));
	for (unsigned level = 0; level < TLOG_LEVELS; level++) {
		tlog_edge(a->want.size, level, &index, &width);
		if (width)
			TRY(check_tile(a, level, index, width, d));
	}
	tlog_root(a->tree, root);
	if (memcmp(root, a->want.root, sizeof root) != 0)
		return diag_set(d, ERR_AUTH, "the entries are not those that were signed");
	return OK;
}

static enum err open_log(struct audit *a, struct diag *d)
{
	char dir[CLI_PATH], path[CLI_PATH + 16];
	const char *key = cli_value(a->c, "key");

	if (a->c->n_args)
		(void)snprintf(path, sizeof path, "%s", a->c->args[0]);
	else {
		TRY(cli_data_dir(a->c, dir, sizeof dir, d));
		(void)snprintf(path, sizeof path, "%s/audit", dir);
	}
	a->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->dir < 0)
		return diag_set(d, ERR_NOT_FOUND, "there is no audit log at '%s'", path);
	TRY(key ? fs_read(key, 0, &a->key_text, d) : read_at(a, "audit.pub", &a->key_text, d));
	if (note_key_parse(&a->key, buf_str(&a->key_text)) != OK)
		return diag_set(d, ERR_AUTH, "'%s' is no public key of an audit log",
				key ? key : "audit.pub");
	return OK;
}

static int report(struct cli *c, const struct audit *a)
{
	struct buf *b = &c->out;

	if (c->json) {
		jw_obj(b);
		jw_kv_bool(b, S("ok"), true);
		jw_kv_str(b, S("origin"), a->want.origin);
		jw_key(b, S("size"));
		jw_uint(b, a->want.size);
		jw_key(b, S("root"));
		jw_quote_open(b);
		buf_addhex(b, (struct str){ (const char *)a->want.root, sizeof a->want.root });
		jw_quote_close(b);
		jw_obj_end(b);
		buf_addc(b, '\n');
	} else {
		buf_addf(b, "%llu %s of ", (unsigned long long)a->want.size,
			 a->want.size == 1 ? "entry" : "entries");
		cli_safe(c, a->want.origin);
		buf_add(b, S(" are as they were signed\n"));
		if (cli_value(c, "key") == NULL)
			fputs("yett: checked with the log's own audit.pub; keep a copy elsewhere "
			      "and name it with --key\n",
			      stderr);
	}
	return cli_done(c, OK);
}

static int audit_run(struct cli *c, bool print)
{
	struct audit a = { .c = c, .dir = -1, .print = print };
	struct diag d = { 0 };

	buf_init(&a.key_text, NOTE_MAX);
	buf_init(&a.note, NOTE_MAX);
	buf_init(&a.file, TLOG_WIDTH * TLOG_HASH);
	buf_init(&a.edge_bundle, BUNDLE_MAX);
	for (int i = 0; i < TLOG_LEVELS; i++)
		buf_init(&a.edge[i], TLOG_WIDTH * TLOG_HASH);
	a.room = malloc(1 + TLOG_ENTRY_MAX);
	a.tree = malloc(sizeof *a.tree);
	enum err e =
		a.room && a.tree ? sha256_init(&a.sha) : diag_set(&d, ERR_NOMEM, "out of memory");
	if (e == OK) {
		tlog_init(a.tree, &a.sha);
		e = open_log(&a, &d);
	}
	if (e == OK)
		e = read_head(&a, &d);
	if (e == OK)
		e = walk(&a, &d);
	int status = e != OK ? cli_fail(c, e, &d) : print ? cli_done(c, OK) : report(c, &a);
	fd_closep(&a.dir);
	sha256_done(&a.sha);
	free(a.room);
	free(a.tree);
	buf_free(&a.key_text);
	buf_free(&a.note);
	buf_free(&a.file);
	buf_free(&a.edge_bundle);
	for (int i = 0; i < TLOG_LEVELS; i++)
		buf_free(&a.edge[i]);
	return status;
}

static int verify_run(struct cli *c)
{
	return audit_run(c, false);
}

static int export_run(struct cli *c)
{
	return audit_run(c, true);
}

static const struct cli_opt audit_opts[] = {
	{ "key", "FILE", "the public key to trust; default audit.pub beside the log" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_audit_verify = {
	.name = "audit verify",
	.args = "[DIR]",
	.brief = "check that nothing in the audit log was changed",
	.more = "Every entry, every tile, the root and its signature are checked. No gate need be "
		"running.",
	.opts = audit_opts,
	.args_max = 1,
	.run = verify_run,
};

const struct cmd cmd_audit_export = {
	.name = "audit export",
	.args = "[DIR]",
	.brief = "print the audit log, one JSON line an entry",
	.more = "The log is checked on the way; the exit status says how that went.",
	.opts = audit_opts,
	.args_max = 1,
	.run = export_run,
};
