/*
 * base/diag.h - one sentence about what went wrong, beside an error code.
 * Ring 0. Lower case, no full stop, the subject quoted. Never put a secret into one.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/err.h"
#include "base/str.h"

struct diag {
	enum err err;
	char text[256];
	char param[96]; /* the offending field, as the client spells it, or "" */
};

/* diag_set stores the code and the sentence, cut to fit, and returns the code. d may be NULL. */
enum err diag_set(struct diag *d, enum err e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* diag_param is diag_set with the name of the field at fault. */
enum err diag_param(struct diag *d, enum err e, struct str param, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* diag_text gives the sentence, or the code's own text when none was set. */
const char *diag_text(const struct diag *d);

#endif
