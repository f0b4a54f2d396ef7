/*
 * cli/check_text.c - a report for people: first what it is and what to do, then the evidence.
 * Input: a report; its names and excerpts are escaped anew.   Runs in: cli.
 */
#include "cli/check.h"

#include "sys/clock.h"

#include <string.h>

enum {
	SHOWN_OF_RULE = 20,
	SHOWN_ENVIRONMENTS = 20,
	SHOWN_NAMES = 20,
	SUM_MAX = 12,
	EXCERPT_SHOWN = 240
};

static const struct {
	const char *style, *word;
} severities[] = { [SEV_INFO] = { "2", "info" },
		   [SEV_HOLD] = { "33", "hold" },
		   [SEV_BLOCK] = { "31;1", "block" } };

static const char *const verdict_styles[VERDICT_COUNT] = {
	[VERDICT_PASS] = "32;1",
	[VERDICT_HOLD] = "33;1",
	[VERDICT_BLOCK] = "31;1",
	[VERDICT_INCONCLUSIVE] = "35;1",
};

static void head(struct cli *c, const struct report *r)
{
	cli_style(c, verdict_styles[r->judgement.verdict], verdict_word(r->judgement.verdict));
	buf_add(&c->out, S("  "));
	cli_safe(c, r->target);
	buf_add(&c->out, S(": "));
	cli_safe(c, r->headline);
	buf_addc(&c->out, '\n');
	if (r->next.n > 0) {
		buf_add(&c->out,
			r->judgement.verdict == VERDICT_PASS ? S("  note: ") : S("  to do: "));
		cli_safe(c, r->next);
		buf_addc(&c->out, '\n');
	}
}

static void place(struct cli *c, const struct finding *f)
{
	if (f->path.n == 0)
		return;
	buf_add(&c->out, S("    "));
	cli_safe(c, f->path);
	if (f->line > 0)
		buf_addf(&c->out, ":%u", f->line);
	buf_addc(&c->out, '\n');
}

static void show(struct cli *c, const struct finding *f, enum severity severity)
{
	const struct rule_row *row = rule_row(f->rule);

	buf_addc(&c->out, '\n');
	cli_style(c, severities[severity].style, str_z(severities[severity].word));
	cli_pad(c, strlen(severities[severity].word), 7);
	buf_addf(&c->out, "%.*s", FMT(row->title));
	if (f->package.n > 0) {
		buf_add(&c->out, S(", "));
		cli_safe(c, f->package);
	}
	buf_addf(&c->out, " [%.*s]\n", FMT(row->id));
	place(c, f);
	if (str_trim(f->detail).n > 0) {
		buf_add(&c->out, S("    "));
		cli_safe(c, str_trim(f->detail));
		buf_addc(&c->out, '\n');
	}
	if (f->excerpt.n > 0) {
		buf_add(&c->out, S("    | "));
		cli_safe(c, str_head(f->excerpt, EXCERPT_SHOWN));
		if (f->excerpt.n > EXCERPT_SHOWN)
			buf_add(&c->out, S(" ..."));
		buf_addc(&c->out, '\n');
	}
}

/* The row's reasons, once for each rule. */
static void explain(struct cli *c, enum rule rule)
{
	const struct rule_row *row = rule_row(rule);

	buf_addf(&c->out, "    why: %.*s\n    to do: %.*s\n", FMT(row->why), FMT(row->next));
}

/* Why a verdict is inconclusive is shown, whatever its severity. */
static bool is_gap(const struct report *r, const struct finding *f)
{
	return r->judgement.verdict == VERDICT_INCONCLUSIVE &&
	       (f->rule == RULE_FILE_UNREADABLE || f->rule == RULE_FILE_CHANGING ||
		f->rule == RULE_FILE_TOO_LARGE);
}

static void show_all(struct cli *c, const struct report *r, enum severity severity, bool only_gaps)
{
	size_t shown[RULE_COUNT] = { 0 };

	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *f = &r->findings.items[i];
		if (f->allowed || f->severity != severity || (only_gaps && !is_gap(r, f)) ||
		    ++shown[f->rule] > SHOWN_OF_RULE)
			continue;
		show(c, f, severity);
		if (shown[f->rule] == 1)
			explain(c, f->rule);
	}
	for (enum rule k = 0; k < RULE_COUNT; k++)
		if (shown[k] > SHOWN_OF_RULE)
			buf_addf(&c->out, "\n%-7s%zu more [%.*s]; --format json has them all\n",
				 severities[severity].word, shown[k] - SHOWN_OF_RULE,
				 FMT(rule_row(k)->id));
}

static void sum_up(struct cli *c, const struct report *r)
{
	size_t n[RULE_COUNT] = { 0 }, all = 0, kinds = 0;

	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *f = &r->findings.items[i];
		if (f->allowed || f->severity != SEV_INFO || is_gap(r, f))
			continue;
		n[f->rule]++;
		all++;
	}
	if (all == 0)
		return;
	buf_addf(&c->out, "\nfor information: %zu (", all);
	for (enum rule k = 0; k < RULE_COUNT; k++) {
		if (n[k] == 0 || kinds++ >= SUM_MAX)
			continue;
		buf_addf(&c->out, "%s%.*s %zu", kinds > 1 ? ", " : "", FMT(rule_row(k)->id), n[k]);
	}
	buf_add(&c->out, S("); --all shows them\n"));
}

static void interpreter(struct cli *c, const struct report_interpreter *i)
{
	if (!i->known)
		return;
	buf_add(&c->out, S("    interpreter "));
	cli_safe(c, i->path);
	buf_addf(&c->out, ": %llu files, ", (unsigned long long)i->files);
	buf_addhex(&c->out, (struct str){ (const char *)i->digest, REPORT_DIGEST });
	buf_addc(&c->out, '\n');
}

static void environments(struct cli *c, const struct report *r)
{
	if (r->n_environments > 0)
		buf_addc(&c->out, '\n');
	for (size_t i = 0; i < r->n_environments && i < SHOWN_ENVIRONMENTS; i++) {
		const struct report_environment *e = &r->environments[i];
		buf_addf(&c->out, "%.*s ", FMT(target_word(e->kind)));
		cli_safe(c, e->path.n > 0 ? e->path : r->target);
		if (e->version.n > 0) {
			buf_add(&c->out, S(", "));
			cli_safe(c, e->version);
		}
		buf_addf(&c->out, ": %llu package%s, %llu file%s", (unsigned long long)e->packages,
			 e->packages == 1 ? "" : "s", (unsigned long long)e->files,
			 e->files == 1 ? "" : "s");
		if (e->has_digest) {
			buf_add(&c->out, S(", "));
			buf_addhex(&c->out, (struct str){ (const char *)e->digest, REPORT_DIGEST });
		}
		buf_addc(&c->out, '\n');
		interpreter(c, &e->interpreter);
	}
	if (r->n_environments > SHOWN_ENVIRONMENTS)
		buf_addf(&c->out, "and %zu more\n", r->n_environments - SHOWN_ENVIRONMENTS);
}

static void names(struct cli *c, const char *what, const struct report_names *list)
{
	if (list->n == 0)
		return;
	buf_addf(&c->out, "    %s: ", what);
	for (size_t i = 0; i < list->n && i < SHOWN_NAMES; i++) {
		buf_add(&c->out, i > 0 ? S(", ") : S(""));
		cli_safe(c, str_head(list->items[i], EXCERPT_SHOWN));
	}
	if (list->n > SHOWN_NAMES)
		buf_addf(&c->out, " and %zu more", list->n - SHOWN_NAMES);
	buf_addc(&c->out, '\n');
}

static void detonation(struct cli *c, const struct report *r, bool all)
{
	const struct report_detonation *t = &r->detonation;

	if (t->outcome == DETONATED_NOT)
		return;
	if (t->outcome != DETONATED_COMPLETE) {
		buf_add(&c->out, t->outcome == DETONATED_UNAVAILABLE
					 ? S("\nnot run in a sandbox: ")
					 : S("\nwhat it does in a sandbox is not known: "));
		cli_safe(c, t->reason);
		buf_add(&c->out, S("\n"));
	}
	if (t->variants == 0)
		return;
	buf_addf(&c->out,
		 "%srun in a sandbox in %llu variants and %llu.%03llu s: %llu of %llu modules "
		 "imported, %llu entry points, %llu classes, %llu scripts%s\n",
		 t->outcome == DETONATED_COMPLETE ? "\n" : "", (unsigned long long)t->variants,
		 (unsigned long long)t->elapsed_ms / 1000, (unsigned long long)t->elapsed_ms % 1000,
		 (unsigned long long)t->imported, (unsigned long long)t->modules,
		 (unsigned long long)t->entry_points, (unsigned long long)t->classes,
		 (unsigned long long)t->scripts, t->capped ? "; not all of it is kept" : "");
	if (!all)
		return;
	names(c, "not imported", &t->failed);
	names(c, "stood in for", &t->stubbed);
}

static void tail(struct cli *c, const struct report *r)
{
	const struct report_coverage *v = &r->coverage;
	char date[CLOCK_TEXT];

	buf_addf(&c->out, "%zu package%s, %llu file%s (%llu as remembered) in %llu.%03llu s; ",
		 r->packages.n, r->packages.n == 1 ? "" : "s", (unsigned long long)v->files,
		 v->files == 1 ? "" : "s", (unsigned long long)v->cached,
		 (unsigned long long)r->elapsed_us / 1000000,
		 (unsigned long long)r->elapsed_us / 1000 % 1000);
	if (r->has_advisories)
		buf_addf(&c->out, "%llu advisory records, the newest of %.10s\n",
			 (unsigned long long)r->advisories_n,
			 clock_format(r->advisories_date, date).p);
	else
		buf_add(&c->out, S("no advisories: known bad releases are not recognised "
				   "(yett advisories update)\n"));
	if (r->judgement.allowed > 0)
		buf_addf(&c->out, "%zu findings are allowed by the policy\n", r->judgement.allowed);
}

void check_text(struct cli *c, const struct report *r, bool all)
{
	head(c, r);
	show_all(c, r, SEV_BLOCK, false);
	show_all(c, r, SEV_HOLD, false);
	show_all(c, r, SEV_INFO, !all);
	if (!all)
		sum_up(c, r);
	environments(c, r);
	detonation(c, r, all);
	tail(c, r);
}
