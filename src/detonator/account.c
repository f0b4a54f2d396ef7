/*
 * detonator/account.c - facts to findings, and all to one JSON document.
 * Input: hostile (texts in facts).   Runs in: detonator.   Fuzz: fuzz/detonation_fuzz.c
 *
 * Only what the sink received and what inotify saw makes a finding of weight: arguments of system
 * calls can be changed after they were read, and what the probe says can be forged.
 */
#include "detonator/account.h"

#include "base/ascii.h"
#include "codec/jw.h"
#include "inspect/canary.h"

enum { COVERAGE_MAX = DETONATION_FACTS, NAMES_SHOWN = 200 };
enum {
	LOADING = 1 << PHASE_START | 1 << PHASE_INSTALL | 1 << PHASE_IMPORT | 1 << PHASE_AGAIN,
	STARTING = 1 << PHASE_START | 1 << PHASE_AGAIN
};

void account_init(struct account *r, struct arena *a)
{
	*r = (struct account){ .arena = a };
	findings_init(&r->findings, a);
	r->coverage_last = &r->coverage;
}

struct run *account_run(struct account *r, const char *name)
{
	struct run *run = &r->runs[r->n_runs++];

	*run = (struct run){ .name = name };
	run->last = &run->first;
	return run;
}

void account_break(struct account *r, struct str why)
{
	if (r->broken.n == 0)
		r->broken = arena_dup(r->arena, why);
	if (r->broken.p == NULL) /* a reason that finds no room is one all the same */
		r->broken = S("out of memory");
}

void account_cannot(struct account *r, struct str why)
{
	r->cannot |= r->broken.n == 0;
	account_break(r, why);
}

/* ---- facts ---- */

static struct kept_fact *keep(struct account *r, const struct fact *f)
{
	struct kept_fact *k = NEW(r->arena, struct kept_fact);

	if (k == NULL)
		return NULL;
	k->fact = *f;
	k->fact.text = arena_dup(r->arena, f->text);
	k->fact.more = arena_dup(r->arena, f->more);
	k->fact.excerpt = arena_dup(r->arena, f->excerpt);
	return k;
}

/* The same thing in another variant or phase is one finding. */
static bool told(const struct account *r, enum rule rule, struct str path, struct str excerpt)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *f = &r->findings.items[i];
		if (f->rule == rule && str_eq(f->path, path) &&
		    str_eq(f->excerpt, str_head(excerpt, FINDING_EXCERPT)))
			return true;
	}
	return false;
}

static void found(struct account *r, const struct run *run, const struct fact *f, enum rule rule,
		  struct str path, struct str excerpt, struct str detail)
{
	if (told(r, rule, path, excerpt))
		return;
	finding_add(&r->findings, rule, r->package, path, 0, excerpt,
		    "%.*s%sin phase %.*s, variant %s", FMT(str_head(detail, 250)),
		    detail.n ? ", " : "", FMT(phase_name(f->phase)), run->name);
}

/* One for each place and token: the finding's path is where it went. */
static void left(struct account *r, const struct run *run, const struct fact *f)
{
	char text[300];
	struct buf b;

	if (f->n >= CANARY_COUNT)
		return;
	buf_fixed(&b, text, sizeof text);
	buf_addf(&b, "%s, found as %.*s", canary_name(f->n), FMT(str_head(f->more, 200)));
	found(r, run, f, RULE_HONEY_LEFT, f->text, f->excerpt, buf_str(&b));
}

/* The finding that a fact is by itself. */
static void judge(struct account *r, const struct run *run, const struct fact *f)
{
	bool loading = (LOADING >> f->phase & 1) != 0, starting = (STARTING >> f->phase & 1) != 0;
	struct str none = { NULL, 0 };

	switch ((enum fact_kind)f->kind) {
	case FACT_LEFT:
		left(r, run, f);
		break;
	case FACT_HONEY_READ:
		if (loading && f->n == 0)
			found(r, run, f, RULE_HONEY_READ, f->text, none, none);
		break;
	case FACT_PERSISTENCE:
		found(r, run, f, RULE_RUN_PERSISTENCE, f->text, none, none);
		break;
	case FACT_METADATA:
		if (loading)
			found(r, run, f, RULE_METADATA_ASKED, none, f->more, f->text);
		break;
	case FACT_STAGE_TWO:
		found(r, run, f,
		      loading && f->phase != PHASE_INSTALL ? RULE_RAN_DOWNLOADED
							   : RULE_INSTALL_DOWNLOADED,
		      none, none, none);
		break;
	case FACT_FLOW:
	case FACT_NAME:
		found(r, run, f, starting ? RULE_START_NETWORK : RULE_RUN_NETWORK, none, f->text,
		      f->more);
		break;
	case FACT_TLS_REFUSED:
		found(r, run, f, RULE_TLS_REFUSED, none, f->text, none);
		break;
	case FACT_PROBE:
		found(r, run, f, RULE_SANDBOX_PROBE, f->text, none, none);
		break;
	case FACT_SLEEP:
		found(r, run, f, RULE_LONG_SLEEP, none, none, none);
		break;
	case FACT_PHASE:
		if (f->more.n)
			found(r, run, f, RULE_RUN_LINGERS, none, none, none);
		break;
	case FACT_EXEC:
		/* The probe's own; what it starts for the package is told by itself. */
		if (str_find(f->text, S("/opt/lib/probe.")) == SIZE_MAX &&
		    !str_has_prefix(f->text, S("/usr/bin/timeout -s KILL ")))
			found(r, run, f, RULE_RUN_SPAWN, none, f->text, none);
		break;
	case FACT_OPAQUE:
		if (loading && f->more.n > 0)
			found(r, run, f, RULE_RUN_SEALED, f->text, none, f->more);
		break;
	case FACT_BROKEN:
	case FACT_COVERAGE:
	case FACT_OUTPUT:
	case FACT_CAPPED:
	case FACT_EVENTS:
	case FACT_COUNT:
	default:
		break;
	}
}

/* Each process of the probe says what it has to stand in for. */
static bool is_known_stub(const struct account *r, struct str line)
{
	if (!str_has_prefix(line, S("stub ")))
		return false;
	for (const struct kept_fact *k = r->coverage; k != NULL; k = k->next)
		if (str_eq(k->fact.text, line))
			return true;
	return false;
}

static void cap(struct account *r, struct run *run, const struct fact *f)
{
	char text[200];
	struct buf b;

	run->capped = true;
	if (f->n == 0)
		return;
	buf_fixed(&b, text, sizeof text);
	buf_addf(&b, "more happened than can be looked at: too many or too much of %.*s",
		 FMT(str_head(f->text, 80)));
	account_break(r, buf_str(&b));
}

void account_fact(struct account *r, struct run *run, const struct fact *f)
{
	struct kept_fact *k;

	if (f->kind == FACT_BROKEN && f->n == 1 && !r->started)
		account_cannot(r, f->text);
	else if (f->kind == FACT_BROKEN)
		account_break(r, f->text);
	run->broken |= f->kind == FACT_BROKEN;
	r->started |= f->kind == FACT_PHASE;
	if (f->kind == FACT_CAPPED)
		cap(r, run, f);
	if (f->kind == FACT_HONEY_READ && f->n == 0)
		run->honey_read |= 1u << f->phase;
	if (f->kind == FACT_OPAQUE)
		run->opaque |= 1u << f->phase;
	judge(r, run, f);
	if (f->kind == FACT_COVERAGE) {
		if (r->n_runs > 1 || r->n_coverage >= COVERAGE_MAX || is_known_stub(r, f->text) ||
		    (k = keep(r, f)) == NULL)
			return;
		*r->coverage_last = k;
		r->coverage_last = &k->next;
		r->n_coverage++;
		return;
	}
	if (run->n_facts >= ACCOUNT_FACTS || (k = keep(r, f)) == NULL) {
		run->capped = true;
		return;
	}
	*run->last = k;
	run->last = &k->next;
	run->n_facts++;
}

void account_end(struct account *r, struct run *run)
{
	struct fact at = { .phase = PHASE_IMPORT };
	struct str where = S(""), what = S("");

	for (const struct kept_fact *k = run->first; k != NULL; k = k->next) {
		if (k->fact.kind == FACT_HONEY_READ && k->fact.n == 0 && what.n == 0)
			what = k->fact.text;
		if (k->fact.kind == FACT_OPAQUE && where.n == 0) {
			where = k->fact.text;
			at.phase = k->fact.phase;
		}
	}
	/* Reading comes first: the first phase of it is not behind the last upload. */
	if (run->honey_read && run->opaque &&
	    (run->honey_read & (~run->honey_read + 1)) <= run->opaque)
		found(r, run, &at, RULE_HONEY_OPAQUE, what, where, S(""));
}

/* ---- the document ---- */

struct coverage {
	unsigned modules, imported, entries, entries_ok, classes, classes_ok, scripts;
};

static void count(struct coverage *c, struct str line)
{
	struct str rest, word = str_cut(line, ' ', &rest);
	bool ok = str_has_suffix(line, S(" ok"));
	uint64_t n = 0;

	if (str_eq(word, S("modules"))) {
		for (size_t i = 0; i < rest.n && i < 6; i++)
			if (ascii_digit(rest.p[i]))
				n = n * 10 + (uint64_t)(rest.p[i] - '0');
		c->modules += (unsigned)n;
	}
	c->imported += str_eq(word, S("module")) && ok;
	c->entries += str_eq(word, S("entry"));
	c->entries_ok += str_eq(word, S("entry")) && ok;
	c->classes += str_eq(word, S("class"));
	c->classes_ok += str_eq(word, S("class")) && ok;
	c->scripts += str_eq(word, S("script"));
}

/* Lines that begin with a word, without it, in an array; the end must match as well. */
static void lines(struct buf *b, const struct account *r, struct str name, struct str word,
		  struct str with)
{
	unsigned n = 0;

	jw_key(b, name);
	jw_arr(b);
	for (const struct kept_fact *k = r->coverage; k != NULL && n < NAMES_SHOWN; k = k->next) {
		struct str rest, first = str_cut(k->fact.text, ' ', &rest);
		if (!str_eq(first, word) || str_find(rest, with) == SIZE_MAX)
			continue;
		jw_str(b, rest);
		n++;
	}
	jw_arr_end(b);
}

static void write_coverage(const struct account *r, struct buf *b)
{
	struct coverage c = { 0 };

	for (const struct kept_fact *k = r->coverage; k != NULL; k = k->next)
		count(&c, k->fact.text);
	jw_key(b, S("coverage"));
	jw_obj(b);
	jw_kv_int(b, S("modules"), c.modules);
	jw_kv_int(b, S("imported"), c.imported);
	jw_kv_int(b, S("entry_points"), c.entries);
	jw_kv_int(b, S("entry_points_ended_well"), c.entries_ok);
	jw_kv_int(b, S("classes"), c.classes);
	jw_kv_int(b, S("constructed"), c.classes_ok);
	jw_kv_int(b, S("scripts"), c.scripts);
	lines(b, r, S("failed"), S("module"), S(" failed "));
	lines(b, r, S("stubbed"), S("stub"), S(""));
	lines(b, r, S("notes"), S("note"), S(""));
	jw_obj_end(b);
}

static void write_findings(const struct account *r, struct buf *b)
{
	jw_key(b, S("findings"));
	jw_arr(b);
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *f = &r->findings.items[i];
		jw_obj(b);
		jw_kv_str(b, S("rule"), rule_row(f->rule)->id);
		jw_kv_str(b, S("severity"), severity_word(rule_row(f->rule)->severity));
		jw_kv_str(b, S("package"), f->package);
		jw_kv_str(b, S("path"), f->path);
		jw_kv_int(b, S("line"), f->line);
		jw_kv_str(b, S("excerpt"), f->excerpt);
		jw_kv_str(b, S("detail"), f->detail);
		jw_obj_end(b);
	}
	jw_arr_end(b);
	jw_kv_int(b, S("findings_dropped"), (int64_t)r->findings.dropped);
}

static void write_fact(const struct fact *f, struct buf *b)
{
	jw_obj(b);
	jw_kv_str(b, S("fact"), fact_name(f->kind));
	jw_kv_str(b, S("phase"), phase_name(f->phase));
	jw_kv_int(b, S("n"), f->n);
	jw_kv_str(b, S("text"), f->text);
	if (f->more.n)
		jw_kv_str(b, S("more"), f->more);
	if (f->excerpt.n)
		jw_kv_str(b, S("excerpt"), f->excerpt);
	jw_obj_end(b);
}

static void write_run(const struct run *run, struct buf *b)
{
	jw_obj(b);
	jw_kv_str(b, S("variant"), str_z(run->name));
	jw_kv_bool(b, S("over"), run->over && !run->broken);
	jw_kv_bool(b, S("capped"), run->capped);
	jw_key(b, S("facts"));
	jw_arr(b);
	for (const struct kept_fact *k = run->first; k != NULL; k = k->next)
		write_fact(&k->fact, b);
	jw_arr_end(b);
	jw_obj_end(b);
}

/* No module was imported although there are some, or nothing is known of it: that is no evidence of
 * anything. */
static bool nothing_ran(const struct account *r)
{
	struct coverage c = { 0 };
	bool said = false;

	if ((r->phases >> PHASE_IMPORT & 1u) == 0)
		return false;
	for (const struct kept_fact *k = r->coverage; k != NULL; k = k->next) {
		said |= str_has_prefix(k->fact.text, S("modules "));
		count(&c, k->fact.text);
	}
	return c.imported == 0 && (c.modules > 0 || !said);
}

void account_write(struct account *r, struct buf *b)
{
	if (nothing_ran(r))
		account_break(r,
			      S("no module of the package could be imported: what it would do was "
				"not seen; see coverage for the reasons"));
	jw_obj(b);
	jw_kv_int(b, S("detonation"), 1);
	jw_kv_str(b, S("outcome"),
		  r->cannot	? S("unavailable")
		  : r->broken.n ? S("inconclusive")
				: S("complete"));
	jw_kv_str(b, S("reason"), r->broken);
	jw_kv_str(b, S("package"), r->package);
	jw_kv_str(b, S("kind"), r->kind);
	write_findings(r, b);
	write_coverage(r, b);
	jw_key(b, S("runs"));
	jw_arr(b);
	for (unsigned i = 0; i < r->n_runs; i++)
		write_run(&r->runs[i], b);
	jw_arr_end(b);
	jw_obj_end(b);
	buf_addc(b, '\n');
}
