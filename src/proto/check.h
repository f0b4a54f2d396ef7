/*
 * proto/check.h - how `yett check` starts a checker: one target, its descriptors, one report. Ring
 * 0. argv is { "checker" }; the environment is empty. Descriptor 3 is a sealed memory file with the
 * request below, 4 takes the report (inspect/report.h), 5 what is to be remembered for the next run
 * (any bytes, given back as cache_fd); the others are named by number in the request.
 * Exit status 0: there is a report. Else as sysexits, with a sentence on standard error.
 */
#ifndef PROTO_CHECK_H
#define PROTO_CHECK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum check_fd { CHECK_REQUEST = 3, CHECK_REPORT = 4, CHECK_REMEMBER = 5, CHECK_FIRST = 6 };

enum {
	CHECK_ROOTS = 16,
	CHECK_LABEL = 4096,
	CHECK_UPLOADER = 256,
	CHECK_REQUEST_MAX = 256 << 10,
};

/* What a directory or file is to the checker. */
enum check_role {
	ROOT_TARGET,	  /* what was asked for: a directory or a file */
	ROOT_SITE,	  /* a directory of packages that the interpreter also loads from */
	ROOT_USER_SITE,	  /* the same, of the user */
	ROOT_STDLIB,	  /* the interpreter's own library */
	ROOT_INTERPRETER, /* a file of it: the program, the shared library */
	ROOT_DPKG,	  /* /var/lib/dpkg/info */
	ROOT_PREVIOUS,	  /* the release before, to compare with */
	ROOT_ROLES,
};

struct check_root {
	uint8_t role; /* enum check_role */
	uint8_t fd;
	struct str label;    /* its absolute path, for people and for resolving links */
	struct str uploader; /* account that published it, as its index says; "" */
};

enum check_flag {
	CHECK_IMAGE = 1, /* the target is the root of a file system: absolute links lead into it */
	CHECK_ARTIFACTS = 2, /* digests of artifacts are wanted, of those in caches too */
};

struct check_request {
	struct str name;   /* of the target, as the user gave it */
	struct str prefix; /* where that interpreter lies: "/usr"; or "" */
	struct str python; /* version of the interpreter, where it is known: "3.11.7"; or "" */
	struct str build;  /* names this build of yett: what another one remembered is not used */
	struct str policy_name;
	int64_t now;
	int64_t published_s; /* when the target was published, by its index; 0: not known */
	uint32_t flags;	     /* enum check_flag */
	int8_t policy_fd, advisory_fd, cache_fd; /* -1: none */
	int8_t publishers_fd;			 /* inspect/publishers.h; -1: none */
	struct check_root roots[CHECK_ROOTS];
	uint32_t n_roots;
};

/* check_request_encode appends the message; check_request_decode reads one, strings point into
 * it. */
void check_request_encode(const struct check_request *r, struct buf *out);
MUST_USE enum err check_request_decode(struct check_request *r, struct str message);

#endif
