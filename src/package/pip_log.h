/*
 * package/pip_log.h - what pip says it found nothing for, and the source archives that it saw.
 * Ring 0.
 */
#ifndef PACKAGE_PIP_LOG_H
#define PACKAGE_PIP_LOG_H

#include "base/str.h"

#include <stdbool.h>

enum { PIP_LOG_MAX = 64 << 20, PIP_LOG_WISHES = 64 };

/* pip_log_missing gives the requirements that pip's output or log calls unsatisfied, each once and
 * at most PIP_LOG_WISHES: "name==1.0", "name[extra]>=2". With conflicts also those that it names as
 * being in conflict. They point into text, begin with a letter or digit and hold no white space;
 * whether an index knows them is not looked at. */
size_t pip_log_missing(struct str text, bool conflicts, struct str out[PIP_LOG_WISHES]);

/* A source archive that pip saw and, told to take wheels only, left out. */
struct pip_log_sdist {
	struct str name; /* of the package */
	struct str url;	 /* of http, https or file, with its fragment; no blank is in it */
	struct str page; /* that names it; "": it lies in a directory */
};

/* pip_log_sdist gives the next one of pip's log and cuts it off *text. False: there are no more. */
bool pip_log_sdist(struct str *text, struct pip_log_sdist *out);

#endif
