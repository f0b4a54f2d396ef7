/* base/diag.c - sentences beside error codes. */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 4, 0)))
static void fill(struct diag *d, enum err e, struct str param, const char *fmt, va_list ap)
{
	d->err = e;
	(void)vsnprintf(d->text, sizeof d->text, fmt, ap);
	(void)snprintf(d->param, sizeof d->param, "%.*s", FMT(str_head(param, 95)));
}

enum err diag_set(struct diag *d, enum err e, const char *fmt, ...)
{
	va_list ap;

	if (d == NULL)
		return e;
	va_start(ap, fmt);
	fill(d, e, S(""), fmt, ap);
	va_end(ap);
	return e;
}

enum err diag_param(struct diag *d, enum err e, struct str param, const char *fmt, ...)
{
	va_list ap;

	if (d == NULL)
		return e;
	va_start(ap, fmt);
	fill(d, e, param, fmt, ap);
	va_end(ap);
	return e;
}

const char *diag_text(const struct diag *d)
{
	return d->text[0] ? d->text : err_text(d->err);
}
