/*
 * cli/check_release.c - a release that is only named, "litellm==1.82.7": what the advisories know.
 * Input: the user's arguments; the index is the user's own.   Runs in: cli.
 */
#include "cli/check.h"

#include "advisory/answer.h"
#include "inspect/typosquat.h"
#include "package/purl.h"
#include "sys/clock.h"

#include <string.h>

enum { BAD_SHOWN = 8 };

static struct str keep(struct arena *a, const struct buf *b)
{
	struct str s = arena_dup(a, buf_str(b));

	return s.p != NULL ? s : S("");
}

static void add_hits(struct report *r, const struct advisory_answer *a)
{
	for (size_t i = 0; i < a->n_hits; i++) {
		const struct advisory_hit *h = &a->hits[i];
		bool malware = h->record.kind == ADVISORY_MALWARE;
		if (h->seconded)
			continue;
		finding_add(&r->findings, malware ? RULE_KNOWN_MALWARE : RULE_KNOWN_VULNERABLE,
			    r->package, S(""), 0, h->record.summary, "%.*s", FMT(h->record.id));
	}
}

/* Where to go from here, or what is known when nothing names the release. */
static void say(struct report *r, struct arena *a, const struct advisory_answer *x)
{
	struct buf b;

	buf_init(&b, 4096);
	bool floor = x->floor_from != FLOOR_NONE && x->floor_from != FLOOR_SELF && !x->no_good;
	if (x->n_hits > 0 && floor)
		buf_addf(&b, "go to %.*s, the lowest version that no record names (%s)",
			 FMT(x->floor), floor_text(x->floor_from));
	else if (x->n_hits > 0)
		buf_add(&b, S("no version is known that no record names"));
	else if (x->n_bad > 0)
		buf_add(&b, S("no record names this release; the bad ones on record are"));
	for (size_t i = 0; x->n_hits == 0 && i < x->n_bad && i < BAD_SHOWN; i++)
		buf_addf(&b, "%s %.*s", i > 0 ? "," : "", FMT(x->bad[i]));
	if (x->n_hits == 0 && r->judgement.verdict == VERDICT_PASS) {
		struct buf head;
		buf_init(&head, 4096);
		buf_addf(&head, "%.*s: no record names it, of %zu about this package",
			 FMT(r->package), x->n_records);
		r->headline = keep(a, &head);
		buf_free(&head);
	}
	r->next = b.n > 0 ? keep(a, &b) : r->next;
	buf_free(&b);
}

enum err release_report(const struct advisory_index *index, const struct package *release,
			const char *name, struct report *r, struct arena *a)
{
	struct advisory_answer answer;
	struct package p = *release;
	struct buf purl;
	uint64_t began = clock_mono_ns();

	report_init(r, a);
	TRY(advisory_answer(index, a, p.eco, p.name, p.version, NULL, 0, &answer));
	buf_init(&purl, PURL_MAX);
	purl_write(&p, &purl);
	r->target = str_z(name);
	r->kind = TARGET_RELEASE;
	r->package = keep(a, &purl);
	buf_free(&purl);
	r->started = (int64_t)(clock_wall_ns() / 1000000000);
	r->has_advisories = true;
	r->advisories_n = advisory_n_records(index);
	r->advisories_date = index->newest_s;
	memcpy(r->advisories_sha256, index->digest, sizeof r->advisories_sha256);
	p.where = S("");
	TRY(package_list_add(&r->packages, &p));
	struct typosquats squats;
	typosquats_init(&squats, a);
	add_hits(r, &answer);
	typosquat_check(&squats, &p, r->package, &r->findings);
	report_judge(r, NULL);
	say(r, a, &answer);
	r->elapsed_us = (clock_mono_ns() - began) / 1000;
	return OK;
}
