/*
 * cli/cmd_advisories.c - `yett advisories`: brings records in, says what is there, and what they
 * say. Input: an index that may be corrupt.   Runs in: cli.   Fuzz: fuzz/index_fuzz.c
 */
#include "cli/advisories.h"

#include "advisory/answer.h"
#include "cli/fetch.h"
#include "codec/jw.h"
#include "package/purl.h"
#include "package/requirement.h"
#include "sys/clock.h"
#include "sys/fs.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_ARENA = 256 << 20, SHOW_BAD = 20, SHOW_RECORDS = 50, STALE_DAYS = 7 };

/* ---- words ---- */

static void add_digest(struct buf *b, const struct advisory_index *ix)
{
	buf_addhex(b, (struct str){ (const char *)ix->digest, ADVISORY_DIGEST });
}

static void add_day(struct cli *c, int64_t s)
{
	char text[CLOCK_TEXT];

	buf_add(&c->out, s ? str_head(clock_format(s, text), 10) : S("an unknown day"));
}

static int64_t age_days(const struct advisory_index *ix)
{
	int64_t now = (int64_t)(clock_wall_ns() / 1000000000u);

	return now > ix->newest_s ? (now - ix->newest_s) / 86400 : 0;
}

/* tell_snapshot says on what an answer rests. */
static void tell_snapshot(struct cli *c, const struct advisories *a)
{
	buf_addf(&c->out, "%s: %u records of %u packages, the newest of ",
		 a->builtin ? "Built-in records" : "Records", advisory_n_records(&a->ix),
		 advisory_n_packages(&a->ix));
	add_day(c, a->ix.newest_s);
	buf_addc(&c->out, '\n');
	if (a->builtin)
		buf_add(&c->out, S("These are a few known incidents: "
				   "'yett advisories update' brings the rest.\n"));
	else if (age_days(&a->ix) > STALE_DAYS)
		buf_addf(&c->out,
			 "The newest is %lld days old: 'yett advisories update' "
			 "brings those of today.\n",
			 (long long)age_days(&a->ix));
}

static void kv_time(struct buf *b, struct str name, int64_t s)
{
	char text[CLOCK_TEXT];

	jw_key(b, name);
	if (s)
		jw_str(b, clock_format(s, text));
	else
		jw_null(b);
}

static void json_snapshot(struct cli *c, const struct advisories *a)
{
	struct buf *b = &c->out;

	jw_obj(b);
	jw_kv_bool(b, S("builtin"), a->builtin);
	jw_key(b, S("digest"));
	jw_quote_open(b);
	add_digest(b, &a->ix);
	jw_quote_close(b);
	kv_time(b, S("newest"), a->ix.newest_s);
	jw_kv_int(b, S("records"), advisory_n_records(&a->ix));
	jw_kv_int(b, S("malware"), a->ix.n_malware);
	jw_kv_int(b, S("withdrawn"), a->ix.n_withdrawn);
	jw_kv_int(b, S("packages"), advisory_n_packages(&a->ix));
	jw_obj_end(b);
}

/* ---- status ---- */

static int status_run(struct cli *c)
{
	struct diag d = { .err = OK };
	struct advisories a;
	enum err e = advisories_open(c, &a, &d);

	if (e == OK && !a.builtin)
		e = advisory_check(&a.ix, &d);
	if (e != OK) {
		advisories_close(&a);
		return cli_fail(c, e, &d);
	}
	if (c->json) {
		json_snapshot(c, &a);
		buf_addc(&c->out, '\n');
	} else {
		tell_snapshot(c, &a);
		buf_addf(&c->out, "%u of malware, %u withdrawn\nsnapshot sha256:", a.ix.n_malware,
			 a.ix.n_withdrawn);
		add_digest(&c->out, &a.ix);
		buf_addc(&c->out, '\n');
		if (!a.builtin)
			buf_addf(&c->out, "%s\n", a.path);
	}
	advisories_close(&a);
	return cli_done(c, OK);
}

/* ---- update ---- */

static const char *const default_urls[] = {
	"https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip",
	"https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip",
};

static bool is_url(struct str s)
{
	return str_has_prefix(s, S("https://")) || str_has_prefix(s, S("http://"));
}

/* bring makes a source of what was named: a path as it is, a URL by fetching it. */
static enum err bring(struct cli *c, const char *named, struct advisories_source *out,
		      struct diag *d)
{
	*out = (struct advisories_source){ .path = named, .fd = -1 };
	if (!is_url(str_z(named)))
		return OK;
	out->path = NULL;
	TRY(advisories_scratch(c, &out->fd, d));
	if (!c->json && strchr(named, '@') == NULL) /* what may hold a password is not repeated */
		fprintf(stderr, "yett: fetching %s\n", named);
	return fetch_url(str_z(named), out->fd, FETCH_ADVISORIES_MAX, d);
}

static void tell_made(struct cli *c, const struct advisories_made *m)
{
	struct buf *b = &c->out;

	buf_addf(b, "%u records taken in, %u about no package of PyPI or npm\n", m->report.records,
		 m->report.other);
	if (m->report.unread) {
		buf_addf(b, "%u files are no records that yett understands: ", m->report.unread);
		cli_safe(c, m->report.why);
		buf_addc(b, '\n');
	}
	if (m->report.ranges_unread)
		buf_addf(b,
			 "%u ranges of versions were left out: a version in them is none of its "
			 "ecosystem\n",
			 m->report.ranges_unread);
}

static int tell_update(struct cli *c, const struct advisories_made *m)
{
	struct diag d = { .err = OK };
	struct advisories a;
	enum err e = advisories_open(c, &a, &d);

	if (e == OK && c->json) {
		jw_obj(&c->out);
		jw_key(&c->out, S("snapshot"));
		json_snapshot(c, &a);
		jw_kv_int(&c->out, S("taken_in"), m->report.records);
		jw_kv_int(&c->out, S("other"), m->report.other);
		jw_kv_int(&c->out, S("not_understood"), m->report.unread);
		jw_kv_int(&c->out, S("ranges_left_out"), m->report.ranges_unread);
		jw_obj_end(&c->out);
		buf_addc(&c->out, '\n');
	} else if (e == OK) {
		tell_made(c, m);
		tell_snapshot(c, &a);
	}
	advisories_close(&a);
	return e == OK ? cli_done(c, OK) : cli_fail(c, e, &d);
}

static int update_run(struct cli *c)
{
	struct advisories_source sources[ADVISORIES_SOURCES];
	size_t n = 0, wanted = c->n_args ? (size_t)c->n_args : 2;
	struct diag d = { .err = OK };
	struct advisories_made made;
	enum err e = OK;

	while (e == OK && n < wanted) {
		e = bring(c, c->n_args ? c->args[n] : default_urls[n], &sources[n], &d);
		n++;
	}
	if (e == OK)
		e = advisories_make(c, sources, n, &made, &d);
	for (size_t i = 0; i < n; i++)
		fd_closep(&sources[i].fd);
	return e == OK ? tell_update(c, &made) : cli_fail(c, e, &d);
}

/* ---- show a record ---- */

static const char *kind_text(enum advisory_kind k)
{
	return k == ADVISORY_MALWARE ? "malware" : "vulnerability";
}

static void add_range(struct buf *b, struct str from, struct str end, enum advisory_end kind)
{
	static const char *const words[] = { "", "<", "<=", "<" };
	bool first = str_eq(from, S("0"));

	if (!first)
		buf_addf(b, ">=%.*s%s", FMT(from), kind == ADVISORY_OPEN ? "" : " ");
	if (kind != ADVISORY_OPEN)
		buf_addf(b, "%s%.*s", words[kind], FMT(end));
	else if (first)
		buf_add(b, S("every version"));
}

static void tell_aliases(struct cli *c, const struct advisory_record *r)
{
	for (unsigned i = 0; i < r->n_aliases; i++) {
		buf_add(&c->out, i ? S(", ") : S("  also "));
		cli_safe(c, r->aliases[i]);
	}
	if (r->n_aliases)
		buf_addc(&c->out, '\n');
}

static enum err tell_affect(struct cli *c, const struct advisory_index *ix,
			    const struct advisory_affect *a)
{
	struct buf line;

	buf_init(&line, 1 << 20);
	purl_release(a->eco, a->name, S(""), &line);
	for (uint32_t i = 0; i < a->n_intervals; i++) {
		struct str from, end;
		enum advisory_end kind;
		enum err e = advisory_interval(ix, a, i, &from, &end, &kind);
		if (e != OK) {
			buf_free(&line);
			return e;
		}
		buf_add(&line, i ? S(", ") : S("  "));
		add_range(&line, from, end, kind);
	}
	for (uint32_t i = 0; i < a->n_versions && i < SHOW_BAD; i++) {
		struct str v;
		if (advisory_version(ix, a, i, &v) != OK)
			break;
		buf_add(&line, i || a->n_intervals ? S(", ") : S("  "));
		buf_add(&line, v);
	}
	if (a->n_versions > SHOW_BAD)
		buf_addf(&line, " and %u more", a->n_versions - SHOW_BAD);
	buf_add(&c->out, S("  "));
	cli_safe(c, buf_str(&line));
	buf_addc(&c->out, '\n');
	buf_free(&line);
	return OK;
}

static void tell_record_head(struct cli *c, const struct advisory_record *r)
{
	cli_style(c, r->kind == ADVISORY_MALWARE ? "31" : "1", r->id);
	buf_addf(&c->out, "  %s%s  ", kind_text(r->kind), r->withdrawn_s ? ", withdrawn" : "");
	cli_safe(c, r->summary);
	buf_addc(&c->out, '\n');
}

static void json_record(struct buf *b, const struct advisory_record *r)
{
	jw_kv_str(b, S("id"), r->id);
	jw_kv_str(b, S("kind"), str_z(kind_text(r->kind)));
	jw_kv_str(b, S("summary"), r->summary);
	jw_key(b, S("aliases"));
	jw_arr(b);
	for (unsigned i = 0; i < r->n_aliases; i++)
		jw_str(b, r->aliases[i]);
	jw_arr_end(b);
	jw_kv_str(b, S("severity"), r->severity);
	kv_time(b, S("published"), r->published_s);
	kv_time(b, S("modified"), r->modified_s);
	kv_time(b, S("withdrawn"), r->withdrawn_s);
}

/* json_affect writes what a record says of one package. */
static enum err json_affect(struct buf *b, const struct advisory_index *ix,
			    const struct advisory_affect *a)
{
	static const char *const ends[] = { "", "fixed", "last_affected", "limit" };

	jw_obj(b);
	jw_kv_str(b, S("ecosystem"), ecosystem_osv(a->eco));
	jw_kv_str(b, S("name"), a->name);
	jw_key(b, S("ranges"));
	jw_arr(b);
	for (uint32_t i = 0; i < a->n_intervals; i++) {
		struct str from, end;
		enum advisory_end kind;
		TRY(advisory_interval(ix, a, i, &from, &end, &kind));
		jw_obj(b);
		jw_kv_str(b, S("introduced"), from);
		if (kind != ADVISORY_OPEN)
			jw_kv_str(b, str_z(ends[kind]), end);
		jw_obj_end(b);
	}
	jw_arr_end(b);
	jw_key(b, S("versions"));
	jw_arr(b);
	for (uint32_t i = 0; i < a->n_versions; i++) {
		struct str v;
		TRY(advisory_version(ix, a, i, &v));
		jw_str(b, v);
	}
	jw_arr_end(b);
	jw_obj_end(b);
	return OK;
}

static enum err show_record(struct cli *c, const struct advisories *a,
			    const struct advisory_record *r)
{
	struct buf *b = &c->out;
	struct advisory_affect of;
	uint32_t at = 0;
	enum err e;

	if (c->json) {
		jw_obj(b);
		json_record(b, r);
		jw_key(b, S("affected"));
		jw_arr(b);
	} else {
		tell_record_head(c, r);
		tell_aliases(c, r);
	}
	while ((e = advisory_names(&a->ix, r->number, &at, &of)) == OK)
		TRY(c->json ? json_affect(b, &a->ix, &of) : tell_affect(c, &a->ix, &of));
	if (c->json) {
		jw_arr_end(b);
		jw_obj_end(b);
		buf_addc(b, '\n');
		return e == ERR_NOT_FOUND ? OK : e;
	}
	buf_add(b, S("  published "));
	add_day(c, r->published_s);
	buf_add(b, S(", changed "));
	add_day(c, r->modified_s);
	if (r->severity.n) {
		buf_add(b, S(", "));
		cli_safe(c, r->severity);
	}
	buf_addc(b, '\n');
	return e == ERR_NOT_FOUND ? OK : e;
}

/* ---- show a release ---- */

static void tell_hit(struct cli *c, const struct advisory_hit *h)
{
	buf_add(&c->out, S("  "));
	tell_record_head(c, &h->record);
	if (h->by == ADVISORY_BY_RANGE) {
		struct buf line;
		buf_init(&line, 4096);
		add_range(&line, h->introduced, h->end, h->end_kind);
		buf_add(&c->out, S("    "));
		cli_safe(c, buf_str(&line));
		buf_addc(&c->out, '\n');
		buf_free(&line);
	}
	if (h->record.n_aliases)
		buf_add(&c->out, S("  "));
	tell_aliases(c, &h->record);
}

static void tell_bad(struct cli *c, const struct advisory_answer *a)
{
	if (a->n_bad + a->n_bad_ranges == 0)
		return;
	buf_add(&c->out, S("Recorded as malicious:"));
	for (size_t i = 0; i < a->n_bad && i < SHOW_BAD; i++) {
		buf_add(&c->out, i ? S(", ") : S(" "));
		cli_safe(c, a->bad[i]);
	}
	if (a->n_bad > SHOW_BAD)
		buf_addf(&c->out, " and %zu more", a->n_bad - SHOW_BAD);
	for (size_t i = 0; i < a->n_bad_ranges; i++) {
		buf_add(&c->out, i + a->n_bad ? S(", ") : S(" "));
		cli_safe(c, a->bad_ranges[i]);
	}
	buf_addc(&c->out, '\n');
}

static void tell_floor(struct cli *c, const struct package *p, const struct advisory_answer *a)
{
	if (a->floor_from == FLOOR_SELF || p->version.n == 0)
		return;
	if (a->floor_from == FLOOR_NONE) {
		buf_addf(&c->out, "%s\n",
			 a->no_good ? "No later version is safe: a record names them all."
				    : "No safe version is known to the records.");
		return;
	}
	buf_add(&c->out, S("Safe: "));
	cli_style(c, "1", a->floor);
	buf_addf(&c->out, ", %s", floor_text(a->floor_from));
	if (a->floor_record.n)
		buf_addf(&c->out, " (%.*s)", FMT(a->floor_record));
	buf_addc(&c->out, '\n');
}

/* tell_records lists what speaks of a package, for who names no version. */
static void tell_records(struct cli *c, const struct advisories *snapshot, const struct package *p)
{
	uint32_t first, n;

	if (advisory_package(&snapshot->ix, p->eco, p->name, &first, &n) != OK)
		return;
	for (uint32_t i = 0, last = UINT32_MAX; i < n && i < SHOW_RECORDS; i++) {
		struct advisory_affect a;
		if (advisory_affect(&snapshot->ix, first + i, &a) != OK)
			return;
		if (a.record.number == last)
			continue; /* several entries for one package */
		last = a.record.number;
		buf_add(&c->out, S("  "));
		tell_record_head(c, &a.record);
	}
	if (n > SHOW_RECORDS)
		buf_addf(&c->out, "  and %u more\n", n - SHOW_RECORDS);
}

static void tell_release(struct cli *c, const struct advisories *snapshot, const struct package *p,
			 const struct advisory_answer *a)
{
	struct str osv = ecosystem_osv(p->eco);

	cli_safe(c, p->name);
	buf_add(&c->out, p->version.n ? S(" ") : S(""));
	cli_safe(c, p->version);
	buf_addf(&c->out, " (%.*s): ", FMT(osv));
	if (p->version.n == 0)
		buf_addf(&c->out, "%zu records speak of it", a->n_records);
	else if (a->n_malware)
		cli_style(c, "31", S("known malicious"));
	else
		buf_add(&c->out, a->n_hits ? S("known vulnerable") : S("no record names it"));
	buf_addc(&c->out, '\n');
	for (size_t i = 0; i < a->n_hits; i++)
		tell_hit(c, &a->hits[i]);
	if (p->version.n == 0)
		tell_records(c, snapshot, p);
	tell_floor(c, p, a);
	tell_bad(c, a);
	tell_snapshot(c, snapshot);
}

static void json_strings(struct buf *b, struct str name, const struct str *items, size_t n)
{
	jw_key(b, name);
	jw_arr(b);
	for (size_t i = 0; i < n; i++)
		jw_str(b, items[i]);
	jw_arr_end(b);
}

static void json_release(struct cli *c, const struct advisories *snapshot, const struct package *p,
			 const struct advisory_answer *a)
{
	struct buf *b = &c->out;

	jw_obj(b);
	jw_kv_str(b, S("ecosystem"), ecosystem_osv(p->eco));
	jw_kv_str(b, S("name"), p->name);
	jw_kv_str(b, S("version"), p->version);
	jw_key(b, S("hits"));
	jw_arr(b);
	for (size_t i = 0; i < a->n_hits; i++) {
		jw_obj(b);
		json_record(b, &a->hits[i].record);
		jw_kv_bool(b, S("seconded"), a->hits[i].seconded);
		jw_obj_end(b);
	}
	jw_arr_end(b);
	jw_key(b, S("safe"));
	if (a->floor_from == FLOOR_NONE)
		jw_null(b);
	else
		jw_str(b, a->floor);
	jw_kv_str(b, S("safe_because"), str_z(floor_text(a->floor_from)));
	jw_kv_str(b, S("safe_record"), a->floor_record);
	json_strings(b, S("malicious"), a->bad, a->n_bad);
	json_strings(b, S("malicious_ranges"), a->bad_ranges, a->n_bad_ranges);
	jw_key(b, S("snapshot"));
	json_snapshot(c, snapshot);
	jw_obj_end(b);
	buf_addc(b, '\n');
}

static enum err show_release(struct cli *c, const struct advisories *snapshot, struct str named,
			     struct arena *arena, struct diag *d)
{
	struct advisory_answer a;
	struct package p;

	TRY(release_parse(arena, named, &p, d));
	if (p.eco != ECO_PYPI && p.eco != ECO_NPM)
		return diag_set(d, ERR_UNSUPPORTED, "records are kept of PyPI and npm only");
	enum err e = advisory_answer(&snapshot->ix, arena, p.eco, p.name, p.version, NULL, 0, &a);
	if (e != OK)
		return diag_set(d, e, "the index of advisories is corrupt");
	if (c->json)
		json_release(c, snapshot, &p, &a);
	else
		tell_release(c, snapshot, &p, &a);
	return OK;
}

static int show_run(struct cli *c)
{
	struct diag d = { .err = OK };
	struct advisory_record r;
	struct advisories a;
	struct arena arena;

	arena_init(&arena, ANSWER_ARENA);
	enum err e = advisories_open(c, &a, &d);
	if (e == OK) {
		e = advisory_find(&a.ix, str_z(c->args[0]), &r);
		if (e == OK)
			e = show_record(c, &a, &r);
		else if (e == ERR_NOT_FOUND)
			e = show_release(c, &a, str_z(c->args[0]), &arena, &d);
		if (e != OK && d.err == OK)
			(void)diag_set(&d, e, "the index of advisories is corrupt");
	}
	int status = e == OK ? cli_done(c, OK) : cli_fail(c, e, &d);
	advisories_close(&a);
	arena_done(&arena);
	return status;
}

/* ---- rows ---- */

const struct cmd cmd_advisories_update = {
	.name = "advisories update",
	.args = "[DIR|FILE|URL...]",
	.brief = "make the index of advisory records anew",
	.more = "Records are in OSV's JSON: directories of them, zip archives, files of one record "
		"or "
		"of one a line. Without an argument the archives of PyPI and npm are fetched from "
		"osv.dev. The old index stays until the new one is whole.",
	.args_max = ADVISORIES_SOURCES,
	.run = update_run,
};

const struct cmd cmd_advisories_status = {
	.name = "advisories status",
	.args = "",
	.brief = "what the index of advisory records holds, and how old it is",
	.run = status_run,
};

const struct cmd cmd_advisories_show = {
	.name = "advisories show",
	.args = "ID|PURL|NAME==VERSION",
	.brief = "one record, or what the records say of a release",
	.more = "An npm release is NAME@VERSION or npm:NAME. Nothing is fetched.",
	.args_min = 1,
	.args_max = 1,
	.run = show_run,
};
