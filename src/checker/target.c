/*
 * checker/target.c - a target that is one file.
 * Input: a file of any kind.   Runs in: checker.
 */
#include "checker/agents.h"
#include "checker/profile.h"

#include "codec/archive.h"
#include "inspect/cooldown.h"
#include "inspect/trace.h"
#include "package/model.h"

#include <string.h>
#include <unistd.h>

enum { SNIFF = 64 << 10 };

static void judge_archive(struct checker *c, struct root *r, struct str name)
{
	struct mapped_file map;
	struct profile profile;

	if (!file_open(c, &r->tree, 0, &map))
		return;
	if (file_map(&map)) {
		profile_init(&profile, &c->arena);
		profile.files_wanted = compare_previous(c) != NULL;
		artifact_check(c, name, map.text, &profile);
		compare_archive(c, &profile);
		cooldown_judge(&c->policy, c->request.published_s, c->report.package, name,
			       &c->report.findings);
	} else {
		c->report.coverage.unread++;
	}
	(void)file_close(c, &r->tree, 0, &map);
}

static void judge_hook(struct checker *c, struct root *r, struct str name, struct str text)
{
	struct startup_scan s = startup_begin(startup_kind(name, PYTHON_UNKNOWN), PYTHON_UNKNOWN,
					      text);
	struct findings *f = &c->report.findings;
	struct startup_line l;

	while (startup_next(&s, &l)) {
		struct caps caps = { 0 };
		size_t first = f->n;
		if (l.act != STARTUP_EXEC || startup_known(l.text) != NULL)
			continue;
		arena_reset(&c->scratch);
		source_inspect(c->lexicon, LANG_PYTHON, ROLE_STARTUP, S(""), name, l.text,
			       &c->scratch, &c->report.findings, &caps);
		for (size_t i = first; i < f->n; i++)
			f->items[i].line = l.line;
		if (!findings_has(f, first, RULE_STARTUP_EXEC))
			file_finding(c, &r->tree, 0,
				     startup_hostile(caps.bits) ? RULE_STARTUP_EXEC
								: RULE_STARTUP_HOOK,
				     S(""), l.line, l.text, " ");
	}
}

static bool is_binary(struct str text)
{
	return str_chr(str_head(text, SNIFF), '\0') != SIZE_MAX;
}

/* What an agent or an editor obeys is known by its whole path. */
static bool judge_agent(struct checker *c, const struct root *r, struct str name, struct str text)
{
	enum agent_kind kind = agent_kind(r->label);
	const struct agent_place at = { .c = c, .f = &c->report.findings, .path = name };

	if (kind == AGENT_NONE || kind == AGENT_INSTALLER)
		return false;
	agent_judge(&at, kind, text);
	return true;
}

/* Nothing here reads it, so nothing may be concluded: a lock file of another language, say. */
static void judge_unknown(struct checker *c, struct root *r)
{
	c->report.coverage.unread++;
	file_finding(c, &r->tree, 0, RULE_FILE_UNREADABLE, S(""), 0, S(""),
		     "it is no package, lock file, bill of materials, log or source of a kind that "
		     "is known here");
}

static void judge_text(struct checker *c, struct root *r, struct str name, struct str text)
{
	enum manifest kind = manifest_kind(name);

	if (kind == MANIFEST_NONE)
		kind = manifest_sniff(name, text);
	bool by_name = kind == manifest_kind(name) && kind != MANIFEST_NONE;
	if (kind != MANIFEST_NONE) {
		c->report.kind = TARGET_MANIFEST;
		/* To a reader of requirements a log is a comment or two. */
		if (!by_name && trace_likely(name, text))
			log_check(c, &r->tree, 0, true);
		manifest_check(c, &r->tree, 0, kind, text);
	} else if (startup_kind(name, PYTHON_UNKNOWN) != STARTUP_NONE) {
		judge_hook(c, r, name, text);
	} else if (!judge_agent(c, r, name, text)) {
		struct caps caps = { 0 };
		size_t first = c->report.findings.n;
		/* A text that somebody names may be a log, whatever it is called. */
		if (source_language(name, text) == LANG_NONE && !is_binary(text))
			log_check(c, &r->tree, 0, true);
		if (c->report.findings.n > first || trace_likely(name, str_head(text, SNIFF)))
			c->report.kind = TARGET_LOG;
		else if (source_language(name, text) == LANG_NONE)
			judge_unknown(c, r);
		arena_reset(&c->scratch);
		source_inspect(c->lexicon, source_language(name, text), source_role(name), S(""),
			       name, text, &c->scratch, &c->report.findings, &caps);
	}
}

/* A zip archive with something in front: Python's reader, and so pip, takes it all the same. */
static bool ends_as_zip(int fd, uint64_t size)
{
	enum { TAIL = (64 << 10) + 22 };
	char tail[TAIL];
	uint64_t from = size > TAIL ? size - TAIL : 0;
	ssize_t n = pread(fd, tail, sizeof tail, (off_t)from);

	return n > 0 && str_find((struct str){ tail, (size_t)n }, S("PK\x05\x06")) != SIZE_MAX;
}

/* What calls itself a package is none: whoever installs it may see more than is seen here. */
static bool judge_false_archive(struct checker *c, struct root *r, struct str name)
{
	static const struct str endings[] = { SC(".whl"),     SC(".tgz"),    SC(".zip"),
					      SC(".egg"),     SC(".tar.gz"), SC(".pyz"),
					      SC(".tar.bz2"), SC(".tar.xz") };
	bool named = false;

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		named |= str_has_suffix(name, endings[i]);
	if (!named)
		return false;
	c->report.kind = TARGET_ARCHIVE;
	c->report.coverage.unread++;
	file_finding(c, &r->tree, 0,
		     ends_as_zip(r->tree.fd, r->tree.items[0].size) ? RULE_ARCHIVE_AMBIGUOUS
								    : RULE_ARCHIVE_BROKEN,
		     S(""), 0, S(""), "it does not begin as an archive");
	return true;
}

static bool judge_model(struct checker *c, struct root *r, struct str name, struct str head)
{
	const struct model_place at = { S(""), name, &c->report.findings };
	struct mapped_file map;

	if (!model_named(name) ||
	    (model_kind(name, head) == MODEL_NONE &&
	     !(str_has_suffix(name, S(".npz")) && archive_kind(head) == ARCHIVE_ZIP)))
		return false;
	if (!file_open(c, &r->tree, 0, &map))
		return true;
	if (file_map(&map))
		model_judge(c, &at, map.text);
	(void)file_close(c, &r->tree, 0, &map);
	return true;
}

void target_file(struct checker *c, struct root *r)
{
	struct entry *e = &r->tree.items[0];
	struct str name = entry_name(e), text;
	bool whole;

	c->report.kind = TARGET_FILE;
	if (!file_read(c, &r->tree, 0, CHECKER_TEXT, &text, &whole))
		return;
	c->report.has_sha256 = true;
	memcpy(c->report.sha256, e->sha256, sizeof c->report.sha256);
	artifact_ask(c, name, e->sha256, RULE_KNOWN_MALWARE);
	if (judge_model(c, r, name, str_head(text, SNIFF)))
		return;
	if (archive_kind(text) != ARCHIVE_NONE) {
		judge_archive(c, r, name);
		return;
	}
	if (judge_false_archive(c, r, name))
		return;
	if (!whole && (source_language(name, text) != LANG_NONE ||
		       manifest_kind(name) != MANIFEST_NONE || is_binary(text))) {
		c->report.coverage.skipped++;
		file_finding(c, &r->tree, 0, RULE_FILE_TOO_LARGE, S(""), 0, S(""), " ");
	}
	text = arena_dup(&c->arena, text);
	if (text.p != NULL)
		judge_text(c, r, name, text);
}
