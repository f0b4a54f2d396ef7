/*
 * checker/agents.h - files that tell AI agents, editors and tools of a project what to start:
 * where they are found, and what they say.
 */
#ifndef CHECKER_AGENTS_H
#define CHECKER_AGENTS_H

#include "checker/checker.h"

enum agent_kind {
	AGENT_NONE,
	AGENT_SETTINGS,	 /* JSON with commands in it: hooks, servers, tasks */
	AGENT_TOML,	 /* the same in TOML */
	AGENT_TEXT,	 /* orders in plain words */
	AGENT_SHELL,	 /* a hook, or what is sourced on entering the directory */
	AGENT_KEYS,	 /* "key = program": of git, of npm */
	AGENT_WORKFLOW,	 /* of GitHub */
	AGENT_INSTALLER, /* JavaScript that a package manager loads */
	AGENT_EXTENSION, /* package.json of an editor's extension */
};

/* Where such a file is. */
struct agent_place {
	struct checker *c;
	struct findings *f;
	struct str package, path; /* package: the purl of the one that brought it, or "" */
	struct tree *tree;	  /* NULL: a member of an archive */
	uint32_t entry;
	bool packed; /* a package brought it, and not the user */
	bool kept;   /* in a source archive, which nobody works in: only what is hostile counts */
};

/* agent_kind tells by the path what a file of this kind is; AGENT_EXTENSION it never gives. */
enum agent_kind agent_kind(struct str path);

/* agent_judge adds findings about what the text of such a file starts; nothing for installers and
 * extensions, which are code. Files that its commands name are inspected in a tree. */
void agent_judge(const struct agent_place *at, enum agent_kind kind, struct str text);

#endif
