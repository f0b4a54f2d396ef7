/*
 * checker/release.c - puts releases into the report and asks the advisories about each.
 * Input: the target's names and versions; the index is the user's own.   Runs in: checker.
 */
#include "checker/checker.h"

#include "advisory/answer.h"
#include "package/purl.h"
#include "sys/clock.h"

#include <stdio.h>
#include <string.h>

enum { PURL_BYTES = 1024, HASH_HITS = 8 };

struct str release_purl(struct checker *c, const struct package *p)
{
	char text[PURL_BYTES];
	struct buf b;
	struct str s;

	buf_fixed(&b, text, sizeof text);
	purl_write(p, &b);
	return buf_finish(&b, &s) == OK ? arena_dup(&c->arena, s) : S("");
}

static struct str keep(struct checker *c, struct str s)
{
	struct str copy = arena_dup(&c->arena, s);

	return copy.p != NULL ? copy : S("");
}

static void note_vulnerable(struct checker *c, const struct package *p, struct str purl,
			    const struct advisory_answer *a, const struct advisory_hit *h)
{
	struct str id = h->record.id, floor = a->floor;

	if (a->floor_from != FLOOR_NONE && !a->no_good && floor.n > 0)
		finding_add(&c->report.findings, RULE_KNOWN_VULNERABLE, purl, p->where, p->line,
			    h->record.summary, "%.*s; the next version without a record is %.*s",
			    FMT(id), FMT(floor));
	else
		finding_add(&c->report.findings, RULE_KNOWN_VULNERABLE, purl, p->where, p->line,
			    h->record.summary, "%.*s; no version without a record is known",
			    FMT(id));
}

void release_ask(struct checker *c, const struct package *p, enum rule malware)
{
	struct str purl = release_purl(c, p);
	struct advisory_answer a;

	if (c->advisories == NULL || p->eco == ECO_OTHER || p->version.n == 0)
		return;
	arena_reset(&c->scratch);
	if (advisory_answer(c->advisories, &c->scratch, p->eco, p->name, p->version, NULL, 0, &a) !=
	    OK) {
		c->report.coverage.skipped++;
		return;
	}
	for (size_t i = 0; i < a.n_hits; i++) {
		const struct advisory_hit *h = &a.hits[i];
		if (h->seconded)
			continue;
		if (h->record.kind == ADVISORY_MALWARE)
			finding_add(&c->report.findings, malware, purl, p->where, p->line,
				    h->record.summary, "%.*s", FMT(h->record.id));
		else if (malware == RULE_KNOWN_MALWARE)
			note_vulnerable(c, p, purl, &a, h);
	}
}

void release_add(struct checker *c, const struct package *p)
{
	struct package copy = *p;

	copy.name = keep(c, p->name);
	copy.version = keep(c, p->version);
	copy.wanted = keep(c, p->wanted);
	copy.url = keep(c, p->url);
	copy.where = keep(c, p->where);
	if (package_list_add(&c->report.packages, &copy) != OK) {
		c->report.coverage.skipped++;
		return;
	}
	release_ask(c, &copy, RULE_KNOWN_MALWARE);
	struct str purl = release_purl(c, &copy);
	publishers_judge(&c->publishers, &copy, purl, &c->report.findings);
	typosquat_check(&c->squats, &copy, purl, &c->report.findings);
	for (size_t i = 0; i < copy.n_hashes; i++)
		if (str_eq(copy.hashes[i].algorithm, S("sha256")))
			artifact_ask(c, copy.where, copy.hashes[i].bytes, RULE_KNOWN_MALWARE);
}

void finding_date(struct checker *c, size_t first, const char *what, int64_t time_ns)
{
	struct findings *f = &c->report.findings;
	char date[CLOCK_TEXT], text[FINDING_DETAIL];

	for (size_t i = first; i < f->n; i++) {
		struct finding *one = &f->items[i];
		if (one->rule != RULE_KNOWN_MALWARE && one->rule != RULE_CACHED_BAD &&
		    one->rule != RULE_TRACE_BAD)
			continue;
		struct str time = clock_format(time_ns / 1000000000, date);
		int n = snprintf(text, sizeof text, "%.*s; %s %.*s", FMT(one->detail), what,
				 FMT(time));
		struct str s = { text, n < 0 ? 0 : (size_t)n };
		struct str copy = arena_dup(&c->arena, str_head(s, sizeof text - 1));
		one->detail = copy.p != NULL ? copy : one->detail;
	}
}

void artifact_ask(struct checker *c, struct str path, const uint8_t sha256[32], enum rule malware)
{
	struct advisory_hit hits[HASH_HITS];
	size_t n = 0;

	if (c->advisories == NULL ||
	    advisory_match_hash(c->advisories, S("sha256"),
				(struct str){ (const char *)sha256, SHA256_BYTES }, hits, HASH_HITS,
				&n) != OK)
		return;
	for (size_t i = 0; i < n && i < HASH_HITS; i++)
		if (!hits[i].seconded)
			finding_add(&c->report.findings, malware, S(""), path, 0,
				    hits[i].record.summary, "%.*s, by its sha256",
				    FMT(hits[i].record.id));
}
