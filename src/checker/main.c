/*
 * checker/main.c - the process of one check: born with descriptors, jailed, judges, writes a
 * report, ends. Input: the command line's request, which is trusted; what it names is hostile. Runs
 * in: checker.
 */
#include "checker/checker.h"

#include "advisory/index.h"
#include "checker/bases.h"
#include "checker/glance.h"
#include "checker/jail.h"
#include "checker/profile.h"
#include "checker/python.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/log.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EXIT_SYSTEM = 71, CONTENT_ARENA = 128 << 20, INDEX_MAX = 1 << 30 };

static int fail(const struct diag *d)
{
	(void)dprintf(STDERR_FILENO, "%s\n", diag_text(d));
	return err_exit(d->err != OK ? d->err : ERR_SYS);
}

/* ---- what it was born with ---- */

static enum err read_request(struct checker *c, struct diag *d)
{
	struct str map;

	TRY(fs_map(CHECK_REQUEST, CHECK_REQUEST_MAX, &map, d));
	enum err e = check_request_decode(&c->request, map);
	if (e != OK || c->request.n_roots == 0)
		return diag_set(d, ERR_SYNTAX, "the request of the check is malformed");
	return OK;
}

/* The index is the user's own file: mapped, since it is large and little of it is read. */
static enum err open_advisories(struct checker *c, struct advisory_index *index, struct diag *d)
{
	int fd = c->request.advisory_fd;
	int64_t n = fd < 0 ? 0 : fd_size(fd);

	if (n <= 0 || n > INDEX_MAX)
		return fd < 0 ? OK : diag_set(d, ERR_SYNTAX, "the advisory index is empty");
	void *p = mmap(NULL, (size_t)n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return diag_set(d, ERR_SYS, "cannot map the advisory index");
	TRY(advisory_open((struct str){ p, (size_t)n }, index, d));
	c->advisories = index;
	c->report.has_advisories = true;
	c->report.advisories_n = advisory_n_records(index);
	c->report.advisories_date = index->newest_s;
	memcpy(c->report.advisories_sha256, index->digest, sizeof c->report.advisories_sha256);
	return OK;
}

/* The ledger is the user's own file, too; others may be writing to it, so it is not mapped. One
 * that cannot be read is as none, but that is counted. */
static void read_publishers(struct checker *c)
{
	int fd = c->request.publishers_fd;
	int64_t n = fd < 0 ? 0 : fd_size(fd), at = 0;
	ssize_t got = 1;

	if (n <= 0)
		return;
	char *p = n > PUBLISHER_MAX ? NULL : arena_take(&c->arena, (size_t)n, 1);
	while (p != NULL && at < n && (got = pread(fd, p + at, (size_t)(n - at), at)) > 0)
		at += got;
	if (p == NULL || got < 0 ||
	    publishers_read(&c->publishers, (struct str){ p, (size_t)at }, &c->arena) != OK) {
		c->publishers = (struct publishers){ .n = 0 };
		c->report.coverage.skipped++;
	}
}

static enum err read_policy(struct checker *c, struct diag *d)
{
	struct buf text;

	policy_default(&c->policy, c->request.now);
	if (c->request.policy_fd < 0)
		return OK;
	buf_init(&text, POLICY_FILE);
	for (ssize_t n = 1; n > 0 && text.err == OK;) {
		char *p = buf_room(&text, 4096);
		n = p == NULL ? 0 : pread(c->request.policy_fd, p, 4096, (off_t)text.n);
		if (n > 0)
			buf_grew(&text, (size_t)n);
	}
	enum err e = text.err != OK ? diag_set(d, text.err, "the policy is too large")
				    : policy_parse(c->request.policy_name, buf_str(&text),
						   c->request.now, &c->arena, &c->policy, d);
	buf_free(&text);
	memcpy(c->report.policy_sha256, c->policy.sha256, sizeof c->policy.sha256);
	return e;
}

static enum err prepare(struct checker *c, struct advisory_index *index, struct diag *d)
{
	arena_init(&c->arena, CHECKER_ARENA);
	arena_init(&c->scratch, CHECKER_SCRATCH);
	arena_init(&c->content, CONTENT_ARENA);
	report_init(&c->report, &c->arena);
	typosquats_init(&c->squats, &c->arena);
	c->lexicon = lexicon_new(&c->arena);
	if (c->lexicon == NULL)
		return diag_set(d, ERR_NOMEM, "no memory to check with");
	TRY(read_request(c, d));
	c->report.target = c->request.name;
	c->report.started = c->request.now;
	c->deadline_ns = clock_mono_ns() + (uint64_t)CHECKER_SECONDS * 1000000000;
	TRY(open_advisories(c, index, d));
	read_publishers(c);
	TRY(read_policy(c, d));
	return OK;
}

/* Every thread does this for itself. */
static enum err lock(void *ctx, struct diag *d)
{
	const struct checker *c = ctx;
	struct jail_path paths[CHECK_ROOTS];
	char names[CHECK_ROOTS][CHECKER_PATH];
	struct jail j = checker_jail_for(&c->request, paths, names);
	int landlock;

	return jail_lock(&j, &landlock, d);
}

static enum err enter_jail(struct checker *c, struct diag *d)
{
	const struct check_request *r = &c->request;
	int keep[CHECK_ROOTS + 7] = { CHECK_REQUEST,  CHECK_REPORT, CHECK_REMEMBER,  r->policy_fd,
				      r->advisory_fd, r->cache_fd,  r->publishers_fd };

	for (uint32_t i = 0; i < r->n_roots; i++)
		keep[7 + i] = r->roots[i].fd;
	TRY(jail_begin(&checker_jail, keep, 7 + r->n_roots, d));
	TRY(checker_drop(d));
	TRY(team_start(&c->team, lock, c, d));
	c->text = c->team.workers[0].text;
	c->sha = c->team.workers[0].sha;
	return OK;
}

/* ---- the work ---- */

/* A file is a tree of one entry. */
static enum err open_file(struct checker *c, struct root *r, int fd, struct diag *d)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return diag_set(d, ERR_SYS, "cannot look at the target");
	return tree_single(&r->tree, fd, str_last(r->label, '/'), &st, &c->sha);
}

static struct root *add_root(struct checker *c)
{
	const struct check_root *from = &c->request.roots[c->n_roots];
	struct root *r = &c->roots[c->n_roots++];

	*r = (struct root){ .role = (enum check_role)from->role,
			    .label = from->label,
			    .uploader = from->uploader };
	return r;
}

static enum err list_roots(struct checker *c, struct diag *d)
{
	struct stat st;

	c->n_roots = 0;
	for (uint32_t i = 0; i < c->request.n_roots; i++) {
		const struct check_root *from = &c->request.roots[i];
		struct root *r = add_root(c);
		if (fstat(from->fd, &st) == 0 && S_ISDIR(st.st_mode))
			TRY(tree_list(&r->tree, &c->team, from->fd, from->label,
				      r->role == ROOT_STDLIB, d));
		else
			TRY(open_file(c, r, from->fd, d));
		r->tree.absolute_inside = i == 0 && (c->request.flags & CHECK_IMAGE) != 0;
	}
	return OK;
}

static enum err order_roots(struct checker *c, struct diag *d)
{
	for (unsigned i = 0; i < c->n_roots; i++) {
		struct root *r = &c->roots[i];
		if (!r->tree.single)
			TRY(tree_order(&r->tree, d));
		if (r->role <= ROOT_USER_SITE)
			c->report.coverage.files += r->tree.n;
		for (uint32_t k = 0; r->tree.unread > 0 && k < r->tree.n; k++)
			if (r->tree.items[k].state == ENTRY_FAILED)
				file_finding(c, &r->tree, k, RULE_FILE_UNREADABLE, S(""), 0, S(""),
					     "this directory could not be read");
		c->report.coverage.unread += r->tree.unread;
		c->report.coverage.skipped += r->tree.skipped;
	}
	return OK;
}

static bool is_home(const struct tree *t)
{
	return tree_find(t, S(".bashrc")) != TREE_NONE ||
	       tree_find(t, S(".profile")) != TREE_NONE || tree_find(t, S(".cache")) != TREE_NONE;
}

static bool is_image(const struct tree *t)
{
	return tree_find(t, S("usr/lib")) != TREE_NONE && tree_find(t, S("etc")) != TREE_NONE;
}

static enum target_kind kind_of(const struct checker *c)
{
	const struct tree *t = &c->roots[0].tree;

	if (t->absolute_inside || is_image(t))
		return TARGET_IMAGE;
	if (tree_find(t, S("pyvenv.cfg")) != TREE_NONE || c->roots[0].role != ROOT_TARGET)
		return TARGET_PYTHON;
	if (is_home(t))
		return TARGET_HOME;
	if (c->report.n_environments == 1 && c->report.environments[0].path.n == 0)
		return c->report.environments[0].kind;
	return TARGET_DIRECTORY;
}

/* The interpreter beside the target is that of the target, and of what else it loads from. */
static void tell_interpreter(struct checker *c)
{
	struct report_interpreter found = { .known = false };

	interpreter_beside(c, &found);
	for (size_t i = 0; i < c->report.n_environments; i++) {
		struct report_environment *e = &c->report.environments[i];
		bool its = e->path.n == 0 || e->path.p[0] == '/';
		if (its && e->kind == TARGET_PYTHON && !e->interpreter.known)
			e->interpreter = found;
	}
}

static void judge(struct checker *c)
{
	if (c->roots[0].tree.single) {
		target_file(c, &c->roots[0]);
		return;
	}
	for (unsigned i = 0; i < c->n_roots; i++) {
		struct root *r = &c->roots[i];
		switch (r->role) {
		case ROOT_TARGET:
			python_check(c, r);
			node_check(c, r);
			contents_digest(c, r);
			agents_check(c, r);
			models_check(c, r);
			caches_check(c, r);
			cached_artifacts(c, r);
			manifests_check(c, r);
			break;
		case ROOT_SITE:
		case ROOT_USER_SITE:
			python_check(c, r);
			contents_digest(c, r);
			models_check(c, r);
			break;
		case ROOT_STDLIB:
			stdlib_check(c, r);
			break;
		case ROOT_INTERPRETER:
		case ROOT_DPKG:
		case ROOT_PREVIOUS:
		case ROOT_ROLES:
			break;
		}
	}
	tell_interpreter(c);
	compare_directories(c);
	c->report.kind = kind_of(c);
}

/* ---- a check that sees what the one before it saw ---- */

/* Says in one digest what is checked and by what. False: it must not be relied on, since a part of
 * it may still change without leaving a trace, or is not a tree. */
static bool seal(struct checker *c, uint8_t out[SHA256_BYTES])
{
	const uint32_t flags = c->request.flags;
	const struct str fields[] = {
		c->request.name,
		c->request.python,
		c->request.prefix,
		{ (const char *)&flags, sizeof flags },
		{ (const char *)c->report.advisories_sha256, SHA256_BYTES },
	};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const uint64_t n = fields[i].n;
		sha256_update(&c->sha, (struct str){ (const char *)&n, sizeof n });
		sha256_update(&c->sha, fields[i]);
	}
	bool sound = true;
	for (unsigned i = 0; i < c->n_roots; i++) {
		const struct root *r = &c->roots[i];
		const uint64_t head[2] = { (uint64_t)r->role, r->label.n };
		sha256_update(&c->sha, (struct str){ (const char *)head, sizeof head });
		sha256_update(&c->sha, r->label);
		sha256_update(&c->sha, (struct str){ (const char *)r->tree.seal, SHA256_BYTES });
		sound = sound && !(i == 0 && r->tree.single) &&
			r->tree.unread + r->tree.skipped == 0 &&
			r->tree.newest_ns < c->cache.now_ns - CACHE_RACY_NS;
	}
	sha256_final(&c->sha, out);
	return sound;
}

/* Takes what the check before found. The policy is asked again: it has dates in it. */
static bool recall(struct checker *c, const uint8_t sealed[SHA256_BYTES])
{
	struct report old;
	struct str text;

	if (!cache_report(&c->cache, sealed, &c->arena, &text) ||
	    report_read(&old, &c->arena, text, NULL) != OK)
		return false;
	c->report.kind = old.kind;
	c->report.package = old.package;
	c->report.environments = old.environments;
	c->report.n_environments = old.n_environments;
	c->report.packages = old.packages;
	c->report.findings = old.findings;
	c->report.coverage = (struct report_coverage){ .files = old.coverage.files,
						       .cached = old.coverage.files };
	return true;
}

/* Whether all is as it was noted and was reported on then: nothing is listed. */
static bool glance(struct checker *c, uint8_t sealed[SHA256_BYTES])
{
	struct str noted;

	if (!cache_notes(&c->cache, &noted))
		return false;
	for (uint32_t i = 0; i < c->request.n_roots; i++)
		if (!glance_same(&c->team, c->request.roots[i].fd, c->deadline_ns, &noted,
				 add_root(c)->tree.seal))
			return false;
	return seal(c, sealed) && recall(c, sealed);
}

/* What the next check may glance at. */
static void note(const struct checker *c, struct buf *out)
{
	for (unsigned i = 0; i < c->n_roots; i++)
		glance_note(&c->roots[i].tree, out);
}

/* starved: something may have been left out for want of memory, and no finding says so. */
static bool starved(const struct checker *c)
{
	bool any = c->arena.starved || c->scratch.starved || c->content.starved;

	for (unsigned i = 0; i < c->team.n; i++)
		any = any || c->team.workers[i].arena.starved || c->team.workers[i].scratch.starved;
	return any;
}

static enum err deliver(struct checker *c, uint64_t began, const uint8_t *sealed, struct diag *d)
{
	struct buf out;

	if (starved(c))
		return diag_set(d, ERR_NOMEM, "out of memory: not all was looked at");
	c->report.elapsed_us = (clock_mono_ns() - began) / 1000;
	report_judge(&c->report, &c->policy);
	buf_init(&out, REPORT_MAX);
	report_write(&c->report, &c->policy, &out);
	enum err e = out.err;
	if (e == OK)
		e = fs_write_all(CHECK_REPORT, buf_str(&out));
	if (e != OK)
		return diag_set(d, e, "cannot write the report: %s", err_text(e));
	const struct report_coverage *seen = &c->report.coverage;
	bool again = sealed != NULL && seen->unread + seen->changed + seen->skipped == 0;
	static const uint8_t none[SHA256_BYTES];
	struct buf notes;
	buf_init(&notes, CACHE_MAX / 4);
	if (again)
		note(c, &notes);
	again = again && notes.err == OK;
	if (cache_write(&c->cache, again ? sealed : none, again ? buf_str(&out) : (struct str){ 0 },
			buf_str(&notes), CHECK_REMEMBER) != OK)
		return OK; /* half of it is refused next time: that costs time, nothing else */
	return OK;
}

int main(int argc, char **argv)
{
	static struct checker c;
	static struct advisory_index index;
	uint8_t sealed[SHA256_BYTES];
	struct diag d = { 0 };
	uint64_t began = clock_mono_ns();
	int status;

	if (jail_debug(&checker_jail, argc, argv, &status))
		return status;
	log_open("checker", LOG_WARN);
	if (prepare(&c, &index, &d) != OK || enter_jail(&c, &d) != OK)
		return fail(&d);
	cache_open(&c.cache, c.request.cache_fd, c.request.build, (int64_t)clock_wall_ns());
	bool known = glance(&c, sealed), sound = false;
	if (!known) {
		if (list_roots(&c, &d) != OK)
			return fail(&d);
		sound = seal(&c, sealed);
		known = sound && recall(&c, sealed);
	}
	if (!known) {
		cache_load(&c.cache);
		if (order_roots(&c, &d) != OK)
			return fail(&d);
		judge(&c);
	}
	if (deliver(&c, began, sound && !known ? sealed : NULL, &d) != OK)
		return fail(&d);
	/* The end of the process frees everything, and faster. */
	_exit(0);
}
