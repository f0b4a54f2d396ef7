/*
 * inspect/report_read.c - reads a report back.
 * Input: hostile (a checker that was taken over).   Runs in: cli.   Fuzz: fuzz/report_fuzz.c
 */
#include "inspect/detonation.h"

#include "base/limits.h"
#include "base/num.h"
#include "codec/json.h"
#include "codec/utf8.h"

#include <string.h>

struct reading {
	struct arena *arena;
	struct report *out;
	enum err err; /* sticky */
};

static void wrong(struct reading *r, enum err e)
{
	if (r->err == OK)
		r->err = e;
}

/* ---- values ---- */

/* "\u{...}" behind the brace; *out_n counts what was used, the closing brace included. */
static enum err code_point(struct str s, uint32_t *out, size_t *out_n)
{
	uint32_t c = 0;
	size_t i = 0;

	for (; i < s.n && i < 6 && num_hex(s.p[i]) >= 0; i++)
		c = c << 4 | (uint32_t)num_hex(s.p[i]);
	if (i == 0 || i == s.n || s.p[i] != '}' || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return ERR_SYNTAX;
	*out = c;
	*out_n = i + 1;
	return OK;
}

enum err report_unescape(struct buf *out, struct str text)
{
	uint8_t byte;

	while (text.n > 0) {
		size_t plain = str_chr(text, '\\');
		buf_add(out, str_head(text, plain));
		text = str_tail(text, plain);
		if (text.n == 0)
			break;
		if (text.n >= 2 && text.p[1] == '\\') {
			buf_addc(out, '\\');
			text = str_tail(text, 2);
		} else if (text.n >= 4 && text.p[1] == 'x' &&
			   num_hex_bytes((struct str){ text.p + 2, 2 }, &byte, 1)) {
			buf_addc(out, (char)byte);
			text = str_tail(text, 4);
		} else if (str_has_prefix(text, S("\\u{"))) {
			uint32_t c;
			size_t n;
			TRY(code_point(str_tail(text, 3), &c, &n));
			utf8_put(out, c);
			text = str_tail(text, 3 + n);
		} else {
			return ERR_SYNTAX;
		}
	}
	return out->err;
}

/* A string that stands for any bytes. */
static enum err unescaped(struct arena *a, const struct json *v, struct str *out)
{
	struct str text = json_str(a, v);
	struct buf b;

	if (text.p == NULL)
		return ERR_SYNTAX;
	if (str_chr(text, '\\') == SIZE_MAX) {
		*out = text;
		return OK;
	}
	buf_init(&b, text.n + 1);
	enum err e = report_unescape(&b, text);
	if (e == OK) {
		*out = arena_dup(a, buf_str(&b));
		e = out->p != NULL ? OK : ERR_NOMEM;
	}
	buf_free(&b);
	return e;
}

/* A member that is any bytes; "" when it is missing. */
static struct str get(struct reading *r, const struct json *obj, struct str name)
{
	const struct json *v = json_get(obj, name);
	struct str out = S("");
	enum err e = v == NULL ? OK : unescaped(r->arena, v, &out);

	if (e == OK)
		return out;
	wrong(r, e);
	return S("");
}

static uint64_t number(struct reading *r, const struct json *obj, struct str name)
{
	const struct json *v = json_get(obj, name);
	int64_t n = 0;

	if (v != NULL && (json_i64(v, &n) != OK || n < 0))
		wrong(r, ERR_SYNTAX);
	return n < 0 ? 0 : (uint64_t)n;
}

/* A member of n bytes in hex; false when it is missing or null. */
static bool bytes_of(struct reading *r, const struct json *v, uint8_t *out, size_t n)
{
	if (v == NULL || json_is(v, JSON_NULL))
		return false;
	if (json_is(v, JSON_STRING) && num_hex_bytes(json_esc(v), out, n))
		return true;
	wrong(r, ERR_SYNTAX);
	return false;
}

static enum target_kind kind_of(struct reading *r, const struct json *v)
{
	for (enum target_kind k = 0; k < TARGET_KIND_COUNT; k++)
		if (json_str_eq(v, target_word(k)))
			return k;
	wrong(r, ERR_SYNTAX);
	return TARGET_UNKNOWN;
}

static enum severity severity_of(struct reading *r, const struct json *v)
{
	enum severity s = SEV_BLOCK;

	if (!severity_by_word(json_is(v, JSON_STRING) ? json_esc(v) : S(""), &s))
		wrong(r, ERR_SYNTAX);
	return s;
}

/* ---- sections ---- */

static void read_head(struct reading *r, const struct json *root)
{
	struct report *out = r->out;
	const struct json *target = json_get(root, S("target"));
	const struct json *counts = json_get(root, S("counts"));
	const struct json *adv = json_get(root, S("advisories"));
	struct str word = json_str(r->arena, json_get(root, S("verdict")));

	out->target = get(r, target, S("name"));
	out->kind = kind_of(r, json_get(target, S("kind")));
	out->package = get(r, target, S("package"));
	out->has_sha256 = bytes_of(r, json_get(target, S("sha256")), out->sha256, 32);
	out->judgement.verdict = verdict_by_word(word);
	if (out->judgement.verdict == VERDICT_COUNT) {
		wrong(r, ERR_SYNTAX);
		out->judgement.verdict = VERDICT_INCONCLUSIVE;
	}
	out->judgement.n[SEV_BLOCK] = number(r, counts, S("block"));
	out->judgement.n[SEV_HOLD] = number(r, counts, S("hold"));
	out->judgement.n[SEV_INFO] = number(r, counts, S("info"));
	out->judgement.allowed = number(r, counts, S("allowed"));
	out->findings.dropped = number(r, counts, S("dropped"));
	out->headline = get(r, root, S("headline"));
	out->next = get(r, root, S("next"));
	out->started = (int64_t)number(r, root, S("started"));
	out->elapsed_us = number(r, root, S("elapsed_us"));
	out->has_advisories = json_is(adv, JSON_OBJECT);
	if (out->has_advisories) {
		out->advisories_n = number(r, adv, S("records"));
		out->advisories_date = (int64_t)number(r, adv, S("newest"));
		(void)bytes_of(r, json_get(adv, S("sha256")), out->advisories_sha256, 32);
	}
	(void)bytes_of(r, json_get(root, S("policy_sha256")), out->policy_sha256, 32);
}

static void read_coverage(struct reading *r, const struct json *v)
{
	r->out->coverage = (struct report_coverage){
		.files = number(r, v, S("files")),
		.bytes = number(r, v, S("bytes")),
		.cached = number(r, v, S("cached")),
		.unread = number(r, v, S("unread")),
		.changed = number(r, v, S("changed")),
		.skipped = number(r, v, S("skipped")),
	};
}

static void read_detonation(struct reading *r, const struct json *v)
{
	struct report_detonation *t = &r->out->detonation;

	if (v == NULL || json_is(v, JSON_NULL)) /* not run, or of an older checker */
		return;
	enum err e = detonation_ran(v, v, r->arena, unescaped, t);
	if (e != OK)
		wrong(r, e);
	t->variants = number(r, v, S("variants"));
	t->capped = json_bool(json_get(v, S("capped")));
	t->elapsed_ms = number(r, v, S("elapsed_ms"));
}

static void read_environment(struct reading *r, const struct json *v)
{
	struct report_environment *e = report_environment(r->out);

	if (e == NULL) {
		wrong(r, ERR_LIMIT);
		return;
	}
	e->path = get(r, v, S("path"));
	e->kind = kind_of(r, json_get(v, S("kind")));
	e->version = get(r, v, S("version"));
	e->packages = number(r, v, S("packages"));
	e->files = number(r, v, S("files"));
	e->has_digest = bytes_of(r, json_get(v, S("digest")), e->digest, sizeof e->digest);
	const struct json *i = json_get(v, S("interpreter"));
	if (i == NULL)
		return;
	e->interpreter.path = get(r, i, S("path"));
	e->interpreter.files = number(r, i, S("files"));
	e->interpreter.known = bytes_of(r, json_get(i, S("digest")), e->interpreter.digest,
					sizeof e->interpreter.digest);
}

static void read_hash(struct reading *r, struct str algorithm, const struct json *v,
		      struct package *p)
{
	size_t n = json_is(v, JSON_STRING) ? json_esc(v).n / 2 : 0;

	if (p->n_hashes == LIMIT_PACKAGE_HASHES || n == 0 || n > sizeof p->hashes->bytes ||
	    !ARENA_ROOM(r->arena, p->hashes, p->n_hashes, p->cap_hashes)) {
		wrong(r, ERR_SYNTAX);
		return;
	}
	struct package_hash *h = &p->hashes[p->n_hashes];
	h->algorithm = algorithm;
	h->n = (uint8_t)n;
	if (bytes_of(r, v, h->bytes, n))
		p->n_hashes++;
}

static void read_hashes(struct reading *r, const struct json *v, struct package *p)
{
	if (!json_is(v, JSON_OBJECT))
		return;
	JSON_EACH_MEMBER (v, key) {
		struct str algorithm = json_str(r->arena, key);
		if (!json_is(key + 1, JSON_ARRAY)) {
			wrong(r, ERR_SYNTAX);
			return;
		}
		JSON_EACH_ITEM (key + 1, it) {
			if (r->err != OK)
				return;
			read_hash(r, algorithm, it, p);
		}
	}
}

static void read_package(struct reading *r, const struct json *v)
{
	struct package p = { .eco = ECO_OTHER };

	for (enum ecosystem e = 0; e < ECO_OTHER; e++)
		if (json_str_eq(json_get(v, S("ecosystem")), ecosystem_purl(e)))
			p.eco = e;
	p.name = get(r, v, S("name"));
	p.version = get(r, v, S("version"));
	p.wanted = get(r, v, S("wanted"));
	p.where = get(r, v, S("where"));
	p.url = get(r, v, S("url"));
	p.line = (uint32_t)number(r, v, S("line"));
	p.direct = json_bool(json_get(v, S("direct")));
	p.has_contents = bytes_of(r, json_get(v, S("files_sha256")), p.contents, sizeof p.contents);
	read_hashes(r, json_get(v, S("hashes")), &p);
	p.hashes_from = get(r, v, S("hashes_from"));
	enum err e = package_list_add(&r->out->packages, &p);
	if (e != OK)
		wrong(r, e);
}

static void read_finding(struct reading *r, const struct json *v)
{
	struct findings *f = &r->out->findings;
	struct str id = json_str(r->arena, json_get(v, S("rule")));
	enum rule rule = rule_by_id(id);
	size_t dropped = f->dropped;

	if (id.p == NULL || rule == RULE_COUNT) {
		wrong(r, ERR_SYNTAX);
		return;
	}
	struct str detail = get(r, v, S("detail"));
	finding_add(f, rule, get(r, v, S("package")), get(r, v, S("path")),
		    (uint32_t)number(r, v, S("line")), get(r, v, S("excerpt")), "%.*s",
		    FMT(detail));
	if (f->dropped == dropped && f->n > 0) {
		struct finding *last = &f->items[f->n - 1];
		last->severity = severity_of(r, json_get(v, S("severity")));
		last->allowed = json_get(v, S("allowed")) != NULL;
		last->has_sha256 = bytes_of(r, json_get(v, S("sha256")), last->sha256, 32);
	}
	f->dropped = dropped; /* the text says how many there were */
}

static void each(struct reading *r, const struct json *list,
		 void (*read)(struct reading *, const struct json *))
{
	if (!json_is(list, JSON_ARRAY)) {
		wrong(r, ERR_SYNTAX);
		return;
	}
	JSON_EACH_ITEM (list, it) {
		if (r->err != OK)
			return;
		read(r, it);
	}
}

enum err report_read(struct report *out, struct arena *a, struct str text, struct diag *d)
{
	struct reading r = { .arena = a, .out = out };
	const struct json *root;
	int64_t version = 0;
	size_t at;

	report_init(out, a);
	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	enum err e = json_read(a, text, &root, &at);
	if (e != OK)
		return diag_set(d, e, "the report is no JSON at byte %zu", at);
	if (json_i64(json_get(root, S("yett_report")), &version) != OK || version != REPORT_VERSION)
		return diag_set(d, ERR_SYNTAX, "no report of version %d", REPORT_VERSION);
	read_head(&r, root);
	read_coverage(&r, json_get(root, S("coverage")));
	read_detonation(&r, json_get(root, S("detonation")));
	each(&r, json_get(root, S("environments")), read_environment);
	each(&r, json_get(root, S("findings")), read_finding);
	each(&r, json_get(root, S("packages")), read_package);
	if (r.err != OK)
		return diag_set(d, r.err, "the report is malformed: %s", err_text(r.err));
	return OK;
}
