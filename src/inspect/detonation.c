/*
 * inspect/detonation.c - reads what a detonator wrote.
 * Input: hostile (texts of the target; a detonator that was taken over).   Runs in: cli.
 * Fuzz: fuzz/detonated_fuzz.c
 */
#include "inspect/detonation.h"

#include "codec/json.h"

#include <string.h>

enum { VERSION = 1, TEXT_MAX = 1024 };

struct document {
	struct report *out;
	struct arena *arena;
	enum err err; /* sticky */
};

static void wrong(struct document *x, enum err e)
{
	if (x->err == OK)
		x->err = e;
}

static struct str text_of(struct document *x, const struct json *obj, struct str name)
{
	struct str s = json_str(x->arena, json_get(obj, name));

	if (s.p == NULL) {
		wrong(x, ERR_SYNTAX);
		return S("");
	}
	return str_head(s, TEXT_MAX);
}

static uint64_t number(struct document *x, const struct json *obj, struct str name)
{
	int64_t n = 0;

	if (json_i64(json_get(obj, name), &n) != OK || n < 0 || n > INT32_MAX) {
		wrong(x, ERR_SYNTAX);
		return 0;
	}
	return (uint64_t)n;
}

static void read_finding(struct document *x, const struct json *v)
{
	struct report *r = x->out;
	struct findings *f = &r->findings;
	struct str id = json_str(x->arena, json_get(v, S("rule")));
	enum rule rule = id.p == NULL ? RULE_COUNT : rule_by_id(id);
	size_t before = f->n;

	/* Only a run can be spoken of here: the rest is the checker's to say. */
	if (rule == RULE_COUNT || !rule_of_run(rule)) {
		wrong(x, ERR_SYNTAX);
		return;
	}
	struct str detail = text_of(x, v, S("detail"));
	finding_add(f, rule, r->package, text_of(x, v, S("path")), 0, text_of(x, v, S("excerpt")),
		    "%.*s", FMT(detail));
	if (f->n > before && r->has_sha256) {
		f->items[before].has_sha256 = true;
		memcpy(f->items[before].sha256, r->sha256, sizeof r->sha256);
	}
}

/* ---- members that reports have, too ---- */

static enum err read_count(const struct json *v, uint64_t *out)
{
	int64_t n = 0;

	if (json_i64(v, &n) != OK || n < 0 || n > INT32_MAX)
		return ERR_SYNTAX;
	*out = (uint64_t)n;
	return OK;
}

static enum err read_text(detonation_text *text, struct arena *a, const struct json *v,
			  struct str *out)
{
	TRY(text(a, v, out));
	*out = str_head(*out, TEXT_MAX);
	return OK;
}

static enum err read_names(detonation_text *text, struct arena *a, const struct json *list,
			   struct report_names *out)
{
	size_t n = 0;

	if (!json_is(list, JSON_ARRAY))
		return ERR_SYNTAX;
	size_t room = json_count(list) < REPORT_NAMES ? json_count(list) : REPORT_NAMES;
	struct str *items = NEW_ARRAY(a, struct str, room);
	if (items == NULL && room > 0)
		return ERR_NOMEM;
	JSON_EACH_ITEM (list, it) {
		if (n == room)
			break;
		TRY(read_text(text, a, it, &items[n++]));
	}
	*out = (struct report_names){ items, n };
	return OK;
}

enum err detonation_ran(const struct json *v, const struct json *seen, struct arena *a,
			detonation_text *text, struct report_detonation *out)
{
	const struct {
		struct str name;
		uint64_t *n;
	} counts[] = {
		{ SC("modules"), &out->modules },	    { SC("imported"), &out->imported },
		{ SC("entry_points"), &out->entry_points }, { SC("classes"), &out->classes },
		{ SC("constructed"), &out->constructed },   { SC("scripts"), &out->scripts },
	};
	struct str outcome;

	out->outcome = DETONATED_INCONCLUSIVE;
	TRY(read_text(text, a, json_get(v, S("reason")), &out->reason));
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		TRY(read_count(json_get(seen, counts[i].name), counts[i].n));
	TRY(read_names(text, a, json_get(seen, S("failed")), &out->failed));
	TRY(read_names(text, a, json_get(seen, S("stubbed")), &out->stubbed));
	TRY(text(a, json_get(v, S("outcome")), &outcome));
	enum detonated word = detonated_by_word(outcome);
	if (word == DETONATED_COUNT || word == DETONATED_NOT)
		return ERR_SYNTAX;
	out->outcome = word;
	return OK;
}

/* ---- the document ---- */

/* Here strings are what they say. */
static enum err plain(struct arena *a, const struct json *v, struct str *out)
{
	*out = json_str(a, v);
	return out->p != NULL ? OK : ERR_SYNTAX;
}

static void read_runs(struct document *x, const struct json *list)
{
	struct report_detonation *t = &x->out->detonation;

	if (!json_is(list, JSON_ARRAY)) {
		wrong(x, ERR_SYNTAX);
		return;
	}
	JSON_EACH_ITEM (list, run) {
		t->variants += json_bool(json_get(run, S("over")));
		t->capped |= json_bool(json_get(run, S("capped")));
	}
}

static void read_all(struct document *x, const struct json *root)
{
	struct report_detonation *t = &x->out->detonation;
	const struct json *findings = json_get(root, S("findings"));

	enum err e = detonation_ran(root, json_get(root, S("coverage")), x->arena, plain, t);
	if (e != OK)
		wrong(x, e);
	if (!json_is(findings, JSON_ARRAY)) {
		wrong(x, ERR_SYNTAX);
		return;
	}
	JSON_EACH_ITEM (findings, it)
		read_finding(x, it);
	x->out->findings.dropped += number(x, root, S("findings_dropped"));
	read_runs(x, json_get(root, S("runs")));
}

enum err detonation_read(struct report *r, struct arena *a, struct str text, struct diag *d)
{
	struct document x = { .out = r, .arena = a };
	const struct json *root = NULL;
	int64_t version = 0;
	size_t at = 0;

	r->detonation = (struct report_detonation){ .outcome = DETONATED_INCONCLUSIVE };
	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	enum err e = text.n > DETONATION_DOCUMENT ? ERR_LIMIT : json_read(a, text, &root, &at);
	if (e == OK &&
	    (json_i64(json_get(root, S("detonation")), &version) != OK || version != VERSION))
		e = ERR_SYNTAX;
	if (e == OK) {
		read_all(&x, root);
		e = x.err;
	}
	if (e == OK)
		return OK;
	/* What was taken so far stays: it can only make the verdict worse. */
	r->detonation.outcome = DETONATED_INCONCLUSIVE;
	r->detonation.reason = S("what the sandbox reported cannot be understood");
	return diag_set(d, e, "the detonator's document is malformed: %s", err_text(e));
}
