/*
 * inspect/report.c - what was found, as JSON; its other half is report_read.c.
 * Input: own, but for names and excerpts, which are escaped.   Runs in: checker, cli.
 */
#include "inspect/report.h"

#include "codec/jw.h"
#include "codec/utf8.h"
#include "package/purl.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define X(code, word) [code] = SC(word),
static const struct str target_words[TARGET_KIND_COUNT] = { TARGET_LIST(X) };
#undef X

#define X(code, word) [code] = SC(word),
static const struct str detonated_words[DETONATED_COUNT] = { DETONATED_LIST(X) };
#undef X

struct str target_word(enum target_kind k)
{
	assert(k < TARGET_KIND_COUNT);
	return target_words[k];
}

enum detonated detonated_by_word(struct str word)
{
	enum detonated v = 0;

	while (v < DETONATED_COUNT && !str_eq(detonated_words[v], word))
		v++;
	return v;
}

void report_init(struct report *r, struct arena *a)
{
	*r = (struct report){ .kind = TARGET_UNKNOWN };
	package_list_init(&r->packages, a, REPORT_PACKAGES);
	findings_init(&r->findings, a);
}

struct report_environment *report_environment(struct report *r)
{
	size_t n = r->n_environments;

	if (n == REPORT_ENVIRONMENTS)
		return NULL;
	if (n == 0 || (n >= 16 && (n & (n - 1)) == 0)) { /* full: 16, 32, 64, ... */
		struct report_environment *more = NEW_ARRAY(
			r->findings.arena, struct report_environment, n == 0 ? 16 : 2 * n);
		if (more == NULL)
			return NULL;
		if (n > 0)
			memcpy(more, r->environments, n * sizeof *more);
		r->environments = more;
	}
	return &r->environments[r->n_environments++];
}

/* ---- escaping ---- */

/* Characters that show nothing, or change how others are shown. */
static bool is_hidden(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ 0x80, 0x9f },	    { 0xad, 0xad },	{ 0x34f, 0x34f },     { 0x61c, 0x61c },
		{ 0x115f, 0x1160 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },   { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

/* The code point at the front of s, which is UTF-8 for *out_n bytes. */
static uint32_t code_point(struct str s, size_t *out_n)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	*out_n = n;
	return c;
}

static void escape_valid(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t n;
		uint32_t c = code_point(s, &n);
		if (c == '\\')
			buf_add(out, S("\\\\"));
		else if (c < 0x20 || c == 0x7f)
			buf_addf(out, "\\x%02x", c);
		else if (is_hidden(c))
			buf_addf(out, "\\u{%x}", c);
		else
			buf_add(out, str_head(s, n));
		s = str_tail(s, n);
	}
}

void report_escape(struct buf *out, struct str bytes)
{
	while (bytes.n > 0) {
		size_t good = utf8_valid(bytes);
		escape_valid(out, str_head(bytes, good));
		bytes = str_tail(bytes, good);
		if (bytes.n == 0)
			return;
		buf_addf(out, "\\x%02x", (unsigned char)bytes.p[0]);
		bytes = str_tail(bytes, 1);
	}
}

/* A string of any bytes. */
static void put_bytes(struct buf *b, struct str bytes)
{
	struct buf text;

	buf_init(&text, REPORT_MAX);
	report_escape(&text, bytes);
	jw_str(b, buf_str(&text));
	if (text.err != OK && b->err == OK)
		b->err = text.err;
	buf_free(&text);
}

static void put(struct buf *b, struct str name, struct str bytes)
{
	jw_key(b, name);
	put_bytes(b, bytes);
}

static void put_digest(struct buf *b, const uint8_t *bytes, size_t n)
{
	jw_quote_open(b);
	buf_addhex(b, (struct str){ (const char *)bytes, n });
	jw_quote_close(b);
}

static void put_hex(struct buf *b, struct str name, const uint8_t *bytes, size_t n)
{
	jw_key(b, name);
	put_digest(b, bytes, n);
}

static void put_number(struct buf *b, struct str name, uint64_t v)
{
	jw_key(b, name);
	jw_uint(b, v);
}

static bool is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* ---- sections ---- */

static void put_target(struct buf *b, const struct report *r)
{
	jw_key(b, S("target"));
	jw_obj(b);
	put(b, S("name"), r->target);
	jw_kv_str(b, S("kind"), target_word(r->kind));
	if (r->package.n > 0)
		put(b, S("package"), r->package);
	if (r->has_sha256)
		put_hex(b, S("sha256"), r->sha256, sizeof r->sha256);
	jw_obj_end(b);
}

static void put_judgement(struct buf *b, const struct report *r)
{
	const struct judgement *j = &r->judgement;

	jw_kv_str(b, S("verdict"), verdict_word(j->verdict));
	put(b, S("headline"), r->headline);
	put(b, S("next"), r->next);
	jw_key(b, S("counts"));
	jw_obj(b);
	put_number(b, S("block"), j->n[SEV_BLOCK]);
	put_number(b, S("hold"), j->n[SEV_HOLD]);
	put_number(b, S("info"), j->n[SEV_INFO]);
	put_number(b, S("allowed"), j->allowed);
	put_number(b, S("dropped"), r->findings.dropped);
	jw_obj_end(b);
	jw_kv_int(b, S("started"), r->started);
	put_number(b, S("elapsed_us"), r->elapsed_us);
}

static void put_sources(struct buf *b, const struct report *r)
{
	jw_key(b, S("advisories"));
	if (r->has_advisories) {
		jw_obj(b);
		put_number(b, S("records"), r->advisories_n);
		jw_kv_int(b, S("newest"), r->advisories_date);
		put_hex(b, S("sha256"), r->advisories_sha256, sizeof r->advisories_sha256);
		jw_obj_end(b);
	} else {
		jw_null(b);
	}
	if (is_zero(r->policy_sha256, sizeof r->policy_sha256)) {
		jw_key(b, S("policy_sha256"));
		jw_null(b);
	} else {
		put_hex(b, S("policy_sha256"), r->policy_sha256, sizeof r->policy_sha256);
	}
}

static void put_coverage(struct buf *b, const struct report_coverage *c)
{
	jw_key(b, S("coverage"));
	jw_obj(b);
	put_number(b, S("files"), c->files);
	put_number(b, S("bytes"), c->bytes);
	put_number(b, S("cached"), c->cached);
	put_number(b, S("unread"), c->unread);
	put_number(b, S("changed"), c->changed);
	put_number(b, S("skipped"), c->skipped);
	jw_obj_end(b);
}

static void put_names(struct buf *b, struct str name, const struct report_names *names)
{
	jw_key(b, name);
	jw_arr(b);
	for (size_t i = 0; i < names->n; i++)
		put_bytes(b, names->items[i]);
	jw_arr_end(b);
}

static void put_detonation(struct buf *b, const struct report_detonation *t)
{
	jw_key(b, S("detonation"));
	if (t->outcome == DETONATED_NOT) {
		jw_null(b);
		return;
	}
	jw_obj(b);
	jw_kv_str(b, S("outcome"), detonated_words[t->outcome]);
	put(b, S("reason"), t->reason);
	put_number(b, S("variants"), t->variants);
	jw_kv_bool(b, S("capped"), t->capped);
	put_number(b, S("modules"), t->modules);
	put_number(b, S("imported"), t->imported);
	put_number(b, S("entry_points"), t->entry_points);
	put_number(b, S("classes"), t->classes);
	put_number(b, S("constructed"), t->constructed);
	put_number(b, S("scripts"), t->scripts);
	put_names(b, S("failed"), &t->failed);
	put_names(b, S("stubbed"), &t->stubbed);
	put_number(b, S("elapsed_ms"), t->elapsed_ms);
	jw_obj_end(b);
}

static void put_interpreter(struct buf *b, const struct report_interpreter *i)
{
	if (!i->known)
		return;
	jw_key(b, S("interpreter"));
	jw_obj(b);
	put(b, S("path"), i->path);
	put_number(b, S("files"), i->files);
	put_hex(b, S("digest"), i->digest, sizeof i->digest);
	jw_obj_end(b);
}

static void put_environments(struct buf *b, const struct report *r)
{
	jw_key(b, S("environments"));
	jw_arr(b);
	for (size_t i = 0; i < r->n_environments; i++) {
		const struct report_environment *e = &r->environments[i];
		jw_obj(b);
		put(b, S("path"), e->path);
		jw_kv_str(b, S("kind"), target_word(e->kind));
		put(b, S("version"), e->version);
		put_number(b, S("packages"), e->packages);
		put_number(b, S("files"), e->files);
		if (e->has_digest)
			put_hex(b, S("digest"), e->digest, sizeof e->digest);
		put_interpreter(b, &e->interpreter);
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

/* Each algorithm once, with all its digests. */
static void put_hashes(struct buf *b, const struct package *p)
{
	for (size_t i = 0; i < p->n_hashes; i++) {
		struct str algorithm = p->hashes[i].algorithm;
		size_t k = 0;
		while (!str_eq(p->hashes[k].algorithm, algorithm))
			k++;
		if (k < i)
			continue;
		jw_key(b, algorithm);
		jw_arr(b);
		for (; k < p->n_hashes; k++)
			if (str_eq(p->hashes[k].algorithm, algorithm))
				put_digest(b, p->hashes[k].bytes, p->hashes[k].n);
		jw_arr_end(b);
	}
}

static void put_package(struct buf *b, const struct package *p)
{
	struct buf purl;

	buf_init(&purl, PURL_MAX);
	purl_write(p, &purl);
	jw_obj(b);
	if (purl.err == OK && purl.n > 0)
		jw_kv_str(b, S("purl"), buf_str(&purl));
	if (purl.err == ERR_NOMEM && b->err == OK)
		b->err = ERR_NOMEM;
	buf_free(&purl);
	jw_kv_str(b, S("ecosystem"), ecosystem_purl(p->eco));
	put(b, S("name"), p->name);
	put(b, S("version"), p->version);
	if (p->wanted.n > 0)
		put(b, S("wanted"), p->wanted);
	put(b, S("where"), p->where);
	if (p->line > 0)
		put_number(b, S("line"), p->line);
	if (p->url.n > 0)
		put(b, S("url"), p->url);
	if (p->direct)
		jw_kv_bool(b, S("direct"), true);
	if (p->has_contents)
		put_hex(b, S("files_sha256"), p->contents, sizeof p->contents);
	if (p->n_hashes > 0) {
		jw_key(b, S("hashes"));
		jw_obj(b);
		put_hashes(b, p);
		jw_obj_end(b);
		if (p->hashes_from.n > 0)
			put(b, S("hashes_from"), p->hashes_from);
	}
	jw_obj_end(b);
}

static void put_finding(struct buf *b, const struct finding *f, const struct check_policy *p)
{
	const struct rule_row *row = rule_row(f->rule);
	struct ruling ruling = verdict_rule(f, p);

	jw_obj(b);
	jw_kv_str(b, S("rule"), row->id);
	jw_kv_str(b, S("severity"), severity_word(ruling.severity));
	jw_kv_str(b, S("title"), row->title);
	jw_kv_str(b, S("why"), row->why);
	jw_kv_str(b, S("next"), row->next);
	if (f->package.n > 0)
		put(b, S("package"), f->package);
	put(b, S("path"), f->path);
	if (f->line > 0)
		put_number(b, S("line"), f->line);
	if (f->excerpt.n > 0)
		put(b, S("excerpt"), f->excerpt);
	if (f->detail.n > 0)
		put(b, S("detail"), f->detail);
	if (f->has_sha256)
		put_hex(b, S("sha256"), f->sha256, sizeof f->sha256);
	if (ruling.allow != NULL) {
		jw_key(b, S("allowed"));
		jw_obj(b);
		put(b, S("reason"), ruling.allow->reason);
		jw_kv_int(b, S("until"), ruling.allow->until);
		put_number(b, S("line"), ruling.allow->line);
		jw_obj_end(b);
	}
	jw_obj_end(b);
}

void report_write(const struct report *r, const struct check_policy *p, struct buf *out)
{
	jw_obj(out);
	put_number(out, S("yett_report"), REPORT_VERSION);
	put_target(out, r);
	put_judgement(out, r);
	put_sources(out, r);
	put_coverage(out, &r->coverage);
	put_detonation(out, &r->detonation);
	put_environments(out, r);
	jw_key(out, S("findings"));
	jw_arr(out);
	for (enum severity s = SEV_BLOCK + 1; s-- > 0;) /* the worst first */
		for (size_t i = 0; i < r->findings.n; i++)
			if (verdict_rule(&r->findings.items[i], p).severity == s)
				put_finding(out, &r->findings.items[i], p);
	jw_arr_end(out);
	jw_key(out, S("packages"));
	jw_arr(out);
	for (size_t i = 0; i < r->packages.n; i++)
		put_package(out, &r->packages.items[i]);
	jw_arr_end(out);
	jw_obj_end(out);
	buf_addc(out, '\n');
}

/* ---- sentences ---- */

static struct str keep(struct report *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static struct str keep(struct report *r, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	struct str s = arena_dup(r->findings.arena, str_z(text));
	return s.p != NULL ? s : S("out of memory");
}

/* What a finding is about, for a headline: the release, else the file. */
static struct str subject(const struct report *r, const struct finding *f)
{
	if (f->package.n > 0)
		return f->package;
	if (r->package.n > 0)
		return r->package;
	return f->path.n > 0 ? f->path : r->target;
}

static void add_gap(struct buf *b, uint64_t n, const char *what)
{
	if (n > 0)
		buf_addf(b, "%s%llu %s", b->n > 0 ? ", " : "", (unsigned long long)n, what);
}

static void say_gaps(struct report *r)
{
	const struct report_coverage *c = &r->coverage;

	if (c->unread + c->changed + c->skipped == 0) {
		r->headline = keep(r, "what it does when it runs is not known: %.*s",
				   FMT(r->detonation.reason));
		r->next = S("look at it yourself; --no-detonate judges it by its files alone");
		return;
	}
	char parts[128];
	struct buf b;
	buf_fixed(&b, parts, sizeof parts);
	add_gap(&b, c->unread, "not read");
	add_gap(&b, c->changed, "changed meanwhile");
	add_gap(&b, c->skipped, "past a bound");
	r->headline = keep(r, "%llu of %llu file%s could not be judged: %.*s",
			   (unsigned long long)(c->unread + c->changed + c->skipped),
			   (unsigned long long)c->files, c->files == 1 ? "" : "s",
			   FMT(buf_str(&b)));
	r->next = S("see below which and why, mend that, and check again");
}

static const char *ran(const struct report_detonation *t)
{
	if (t->outcome == DETONATED_COMPLETE)
		return ", nor when it was run";
	return t->outcome == DETONATED_UNAVAILABLE ? "; it was not run" : "";
}

void report_judge(struct report *r, const struct check_policy *p)
{
	const struct report_coverage *c = &r->coverage;

	bool unknown = r->detonation.outcome == DETONATED_INCONCLUSIVE;

	r->judgement = verdict_judge(&r->findings, c->unread + c->changed + c->skipped + unknown,
				     p);
	const struct judgement *j = &r->judgement;
	for (size_t i = 0; i < r->findings.n; i++) {
		struct ruling ruling = verdict_rule(&r->findings.items[i], p);
		r->findings.items[i].severity = ruling.severity;
		r->findings.items[i].allowed = ruling.allow != NULL;
	}
	if (j->verdict == VERDICT_INCONCLUSIVE) {
		say_gaps(r);
	} else if (j->worst != NULL) {
		const struct rule_row *row = rule_row(j->worst->rule);
		struct str what = subject(r, j->worst);
		size_t more = j->n[SEV_BLOCK] + j->n[SEV_HOLD] - 1;
		r->headline = more == 0 ? keep(r, "%.*s: %.*s", FMT(what), FMT(row->title))
					: keep(r, "%.*s: %.*s, and %zu more", FMT(what),
					       FMT(row->title), more);
		r->next = row->next;
	} else {
		r->headline = keep(r, "%zu package%s, %llu file%s, nothing found%s", r->packages.n,
				   r->packages.n == 1 ? "" : "s", (unsigned long long)c->files,
				   c->files == 1 ? "" : "s", ran(&r->detonation));
		r->next = S("");
	}
}
