/*
 * package/pip_log.h - what pip says it found nothing for. Ring 0.
 */
#ifndef PACKAGE_PIP_LOG_H
#define PACKAGE_PIP_LOG_H

#include "base/str.h"

enum { PIP_LOG_MAX = 64 << 20, PIP_LOG_WISHES = 64 };

/* pip_log_missing gives the requirements that pip's output or log calls unsatisfied, each once and
 * at most PIP_LOG_WISHES: "name==1.0", "name[extra]>=2". With conflicts also those that it names as
 * being in conflict. They point into text, begin with a letter or digit and hold no white space;
 * whether an index knows them is not looked at. */
size_t pip_log_missing(struct str text, bool conflicts, struct str out[PIP_LOG_WISHES]);

#endif
