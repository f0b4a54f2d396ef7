/*
 * cli/verify_text.c - what the verifier found, for people.
 * Input: reports of the verifier, with names of strangers.   Runs in: cli.
 */
#include "cli/verify_text.h"

#include "base/date.h"
#include "codec/json.h"
#include "sys/clock.h"

#include <stdio.h>
#include <sys/stat.h>

void verify_text_say(struct cli *c, const char *label, struct str text)
{
	if (text.p == NULL || text.n == 0)
		return;
	buf_addf(&c->out, "%-12s ", label);
	cli_safe(c, text);
	buf_addc(&c->out, '\n');
}

static void say(struct cli *c, struct arena *a, const char *label, const struct json *v)
{
	if (json_is(v, JSON_STRING))
		verify_text_say(c, label, json_str(a, v));
}

static void say_entry(struct cli *c, struct arena *a, const struct json *v)
{
	struct str log = json_str(a, json_get(v, S("log")));
	const struct json *index = json_get(v, S("index"));

	if (log.p == NULL || !json_is(index, JSON_NUMBER))
		return;
	buf_add(&c->out, S("logged in    "));
	cli_safe(c, log);
	buf_addf(&c->out, ", entry %.*s\n", FMT(json_raw(index)));
}

static const struct {
	const char *label;
	struct str name;
} of_signer[] = {
	{ "signed by", SC("san") },
	{ "known by", SC("issuer") },
	{ "repository", SC("source_repository_uri") },
	{ "  its id", SC("source_repository_identifier") },
	{ "owner", SC("source_repository_owner_uri") },
	{ "  its id", SC("source_repository_owner_identifier") },
	{ "commit", SC("source_repository_digest") },
	{ "ref", SC("source_repository_ref") },
	{ "workflow", SC("build_config_uri") },
	{ "trigger", SC("build_trigger") },
	{ "runner", SC("runner_environment") },
	{ "run", SC("run_invocation_uri") },
};

static void proved(struct cli *c, struct arena *a, const struct json *v)
{
	const struct json *list;

	for (size_t i = 0; i < sizeof of_signer / sizeof of_signer[0]; i++)
		say(c, a, of_signer[i].label,
		    json_get(json_get(v, S("signer")), of_signer[i].name));
	if ((list = json_get(v, S("times"))) != NULL && json_is(list, JSON_ARRAY))
		JSON_EACH_ITEM (list, it)
			say(c, a, "at", json_get(it, S("time")));
	if ((list = json_get(v, S("log_entries"))) != NULL && json_is(list, JSON_ARRAY))
		JSON_EACH_ITEM (list, it)
			say_entry(c, a, it);
	say(c, a, "states", json_get(json_get(v, S("statement")), S("predicate_type")));
}

void verify_text_report(struct cli *c, struct arena *a, const struct json *v)
{
	cli_style(c, "32", S("verified"));
	buf_addc(&c->out, '\n');
	proved(c, a, v);
	if (json_get(v, S("signer")) == NULL && json_count(json_get(v, S("log_entries"))) == 0) {
		buf_add(&c->out, S("known by     the key alone: no transparency log was asked\n"));
		return;
	}
	struct str date = json_str(a, json_get(v, S("trusted_root")));
	verify_text_root(c, date.p ? date : S(""), cli_value(c, "trusted-root"));
}

/* ---- documents of indexes ---- */

static const struct {
	const char *label;
	struct str name;
} of_build[] = {
	{ "built by", SC("builder") },
	{ "from", SC("repository") },
	{ "  its id", SC("repository_id") },
	{ "commit", SC("commit") },
	{ "ref", SC("ref") },
	{ "workflow", SC("workflow") },
	{ "trigger", SC("trigger") },
	{ "runner", SC("runner") },
	{ "run", SC("invocation") },
	{ "started", SC("started") },
	{ "finished", SC("finished") },
};

/* What a build says of itself is signed by whoever ran it. */
static void say_attestation(struct cli *c, struct arena *a, const struct json *v)
{
	const struct json *report = json_get(v, S("report")), *build = json_get(v, S("build"));
	bool ok = json_bool(json_get(report, S("ok")));

	cli_style(c, ok ? "32" : "31", ok ? S("holds") : S("does not hold"));
	buf_addc(&c->out, '\n');
	say(c, a, "check", ok ? NULL : json_get(report, S("failed")));
	say(c, a, "why", ok ? NULL : json_get(report, S("error")));
	if (!ok)
		return; /* what it claims is not repeated as if it were known */
	say(c, a, "signed by", json_get(v, S("registry_key")));
	proved(c, a, report);
	for (size_t i = 0; json_is(build, JSON_OBJECT) && i < sizeof of_build / sizeof of_build[0];
	     i++)
		say(c, a, of_build[i].label, json_get(build, of_build[i].name));
	say(c, a, "environment", json_get(json_get(v, S("publisher")), S("environment")));
}

static void say_signature(struct cli *c, struct arena *a, const struct json *v)
{
	bool ok = json_bool(json_get(v, S("ok")));

	cli_style(c, ok ? "32" : "31", ok ? S("holds") : S("does not hold"));
	buf_addc(&c->out, '\n');
	say(c, a, "registry key", json_get(v, S("key")));
	say(c, a, "which ended", json_get(v, S("key_ends")));
	say(c, a, "why", json_get(v, S("error")));
}

void verify_text_document(struct cli *c, struct arena *a, const struct json *v)
{
	const struct json *list = json_get(v, S("attestations"));

	if (json_is(list, JSON_ARRAY))
		JSON_EACH_ITEM (list, it)
			say_attestation(c, a, it);
	if (json_is(list = json_get(v, S("signatures")), JSON_ARRAY))
		JSON_EACH_ITEM (list, it)
			say_signature(c, a, it);
}

/* ---- how old what we believe in is ---- */

void verify_text_root(struct cli *c, struct str date, const char *path)
{
	enum { DAY = 86400, STALE_DAYS = 270 };
	int64_t from_s = 0, now_s = (int64_t)(clock_wall_ns() / 1000000000u);
	struct stat st;

	if (path == NULL && date.n == 0)
		return; /* it failed before it got there */
	buf_add(&c->out, S("trusted root "));
	if (path != NULL && stat(path, &st) == 0)
		from_s = (int64_t)st.st_mtim.tv_sec;
	else if (date_parse(date, &from_s) != OK)
		from_s = now_s;
	cli_safe(c, path != NULL ? str_z(path) : date);
	int64_t days = now_s > from_s ? (now_s - from_s) / DAY : 0;
	buf_addf(&c->out, ", %s%lld day%s old", path != NULL ? "a file " : "", (long long)days,
		 days == 1 ? "" : "s");
	if (days > STALE_DAYS)
		buf_add(&c->out,
			S(": keys may have changed since; --trusted-root takes a newer one"));
	buf_addc(&c->out, '\n');
}

/* Standard error may be a terminal, and the sentence quotes names from the bundle. */
void verify_text_complain(struct arena *a, const struct json *v)
{
	struct str what = json_str(a, json_get(v, S("failed")));
	struct str text = json_str(a, json_get(v, S("error")));

	fprintf(stderr, "yett: not verified (%.*s): ", what.p ? (int)what.n : 0, what.p);
	for (size_t i = 0; text.p && i < text.n; i++)
		(void)fputc((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? '?' : text.p[i],
			    stderr);
	(void)fputc('\n', stderr);
}
