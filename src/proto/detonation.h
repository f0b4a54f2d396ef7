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
 *	--seconds=N      for one phase of the first variant, half of it of the others; else 20
 *	--budget=N       seconds for everything; else 240
 *
 * The environment does not matter: it is not read and not passed on. Exit status 0: the report is
 * written, whatever it says; else as sysexits, with a sentence on standard error and no report.
 * The report's "outcome" is "complete", "inconclusive" or "unavailable" (this system cannot;
 *nothing of the target was started). Neither of the last two means clean.
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

enum {
	DETONATION_VARIANTS = 4,
	DETONATION_TEXT = 1024,	    /* bytes of one text of a fact */
	DETONATION_FACTS = 20000,   /* of one variant, and as many that weigh; past it: "capped" */
	DETONATION_FILES = 100000,  /* files of a target */
	DETONATION_BYTES = 1 << 29, /* of them together */
};

/* The messages between the detonator's processes (sys/ipc.h), in the order of a run. The supervisor
 * is started by the detonator for one variant, makes the box, and starts the sink. */
enum detonation_msg {
	/* detonator to supervisor; descriptors: packed target, preload.so or none */
	DMSG_ORDER = 1,
	/* supervisor to detonator, and sink to supervisor: one struct fact */
	DMSG_FACT,
	/* supervisor to detonator: all phases are over */
	DMSG_OVER,
	/* sink to supervisor: it is in the box's network, jailed; body: its CA's certificate, PEM
	 */
	DMSG_SINK_READY,
	/* supervisor to sink: listen on this port (u16) as well; answered with the same */
	DMSG_LISTEN,
	/* supervisor to sink: a phase is over; tell all that is known, then answer with the same */
	DMSG_FLUSH,
	/* supervisor to box: set everything up; body: the order, and the CA's certificate */
	DMSG_SETUP,
	/* box to supervisor: its namespaces are there, the sink can join */
	DMSG_BOX_MADE,
	/* box to supervisor: it is set up; descriptor: inotify of honey */
	DMSG_BOX_READY,
	/* supervisor to box: run a phase (u8) */
	DMSG_RUN,
	/* box to supervisor: it is about to run; descriptors: listener, output, coverage */
	DMSG_RUNNING,
	/* box to supervisor: it ran; u32 status as of waitpid, u32 survivors, u8 did not apply */
	DMSG_RAN,
	/* box to supervisor: a sentence; it cannot go on; seq: 1 when this system has no such
	 * thing as it needs */
	DMSG_BROKEN,
};

/* What the target is; the box lays it out accordingly. */
enum detonation_kind { KIND_SITE, KIND_WHEEL, KIND_SDIST, KIND_NPM };

/* What the supervisor and its box are told. Strings are borrowed. */
struct detonation_order {
	uint8_t variant, kind;
	uint32_t phases;	   /* set of enum detonation_phase */
	uint32_t seconds;	   /* of one phase */
	uint64_t bytes;		   /* of the target unpacked: what its file system has room for */
	struct str python, prefix; /* the interpreter, and its tree if that is not below /usr */
	struct str version;	   /* "3.11" */
	struct str node;
	struct str canaries; /* canaries_write */
};

/* detonation_order_write and _read move an order. ERR_SYNTAX. */
void detonation_order_write(struct buf *b, const struct detonation_order *o);
MUST_USE enum err detonation_order_read(struct detonation_order *o, struct str wire);

/* X(code, "name"); the comments say what text, more and n are */
#define FACT_LIST(X)                                                                               \
	X(FACT_BROKEN, "broken")	 /* a sentence; n: 1 when it is this system that cannot */ \
	X(FACT_PHASE, "phase")		 /* how it ended; n: milliseconds */                       \
	X(FACT_COVERAGE, "coverage")	 /* one line of the probe */                               \
	X(FACT_OUTPUT, "output")	 /* end of standard output and error */                    \
	X(FACT_HONEY_READ, "honey-read") /* file; n: 1 when honest programs read it as well */     \
	X(FACT_PERSISTENCE, "persistence") /* file that was written */                             \
	X(FACT_LEFT, "honey-left")	   /* where to, how, excerpt; n: enum canary_kind */       \
	X(FACT_OPAQUE, "opaque")	   /* where to, sealed format; n: bytes */                 \
	X(FACT_FLOW, "flow")		   /* where to, first line; n: bytes */                    \
	X(FACT_NAME, "name")		   /* a name that was looked up */                         \
	X(FACT_METADATA, "metadata")	   /* where to, first line */                              \
	X(FACT_STAGE_TWO, "stage-two")	   /* what was downloaded ran: where to */                 \
	X(FACT_TLS_REFUSED, "tls-refused") /* where to; the client trusts other roots only */      \
	X(FACT_EXEC, "exec")		   /* a program that was started, as far as can be told */ \
	X(FACT_PROBE, "probe")		   /* looked for a sandbox: what it looked at */           \
	X(FACT_SLEEP, "sleep")		   /* asked to sleep; n: seconds */                        \
	X(FACT_CAPPED, "capped") /* more happened than is kept: what; n: 1 may be evidence */      \
	X(FACT_EVENTS, "events") /* n: system calls that were looked at */

#define X(code, name) code,
enum fact_kind { FACT_LIST(X) FACT_COUNT };
#undef X

struct fact {
	uint8_t kind, phase;
	uint32_t n;
	struct str text, more, excerpt; /* DETONATION_TEXT bytes each at most; any bytes */
};

/* fact_write and fact_read move one fact; fact_write cuts texts to their bound. ERR_SYNTAX. */
void fact_write(struct buf *b, const struct fact *f);
MUST_USE enum err fact_read(struct fact *f, struct str wire);

/* fact_name and phase_name give the names above. */
struct str fact_name(enum fact_kind kind);
struct str phase_name(enum detonation_phase phase);

/*
 * The packed target: a memory file of entries, one after the other, each
 *	u32 length of path, u32 mode, i64 time of change, u64 length of content, path, content
 * Paths are relative, without "." and ".."; directories are implied. Written by the detonator,
 * read by the box.
 */
struct packed {
	struct str path, content;
	uint32_t mode;
	int64_t mtime;
};

enum { PACKED_HEAD = 24, PACKED_PATH = 1024 };

/* packed_head writes the head of an entry and its path; the content follows it. */
void packed_head(struct buf *b, const struct packed *p);

/* packed_next takes an entry from the front of *in. ERR_SYNTAX: malformed, or a path that leaves
 * the directory. */
MUST_USE enum err packed_next(struct str *in, struct packed *out);

/* packed_path: path is relative and stays below where it is unpacked. */
bool packed_path(struct str path);

#endif
