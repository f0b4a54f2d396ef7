/*
 * proto/detonation.h - how a detonation is started and answered, and what its processes say to each
 * other. Ring 0.
 *
 * The start, by `yett check --detonate` (or by hand):
 *
 *	libexec/yett/detonator [OPTION...]
 *	descriptor 3: the target, opened for reading: a directory (an unpacked package, or a
 *	              site-packages), or a wheel, sdist or npm tgz
 *	descriptor 4: the report, opened for writing: gets ONE JSON document (docs/detonation.md)
 *
 * Options, each one word, all optional:
 *	--file=NAME      the target's file name; tells a wheel from an sdist
 *	--package=PURL   goes into the findings as it is
 *	--python=PATH    the interpreter; else /usr/bin/python3
 *	--node=PATH      else /usr/bin/node
 *	--variants=N     how many of the variants (1 to DETONATION_VARIANTS); else all
 *	--phases=LIST    comma separated names of enum detonation_phase; else all
 *	--seconds=N      for one phase of one variant; else 20
 *
 * The environment does not matter: it is not read and not passed on. Exit status 0: the report is
 * written, whatever it says; else as sysexits, with a sentence on standard error and no report.
 * The report's "outcome" is "complete" or "inconclusive". Inconclusive never means clean.
 */
#ifndef PROTO_DETONATION_H
#define PROTO_DETONATION_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum detonation_fd { DETONATION_TARGET = 3, DETONATION_REPORT = 4 };

/* X(code, "name", "what happens in it") */
#define DETONATION_PHASES(X)                                                                       \
	X(PHASE_START, "start", "the interpreter starts and does nothing")                         \
	X(PHASE_INSTALL, "install", "setup.py, the build backend, lifecycle scripts")              \
	X(PHASE_IMPORT, "import", "every module is imported")                                      \
	X(PHASE_ENTRY, "entry", "console scripts are called with --help")                          \
	X(PHASE_CONSTRUCT, "construct", "classes are constructed with dummy arguments")            \
	X(PHASE_AGAIN, "again", "the interpreter starts once more, with what was left behind")

#define X(code, name, what) code,
enum detonation_phase { DETONATION_PHASES(X) PHASE_COUNT };
#undef X

enum { DETONATION_VARIANTS = 4 };

#endif
