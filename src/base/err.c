/* base/err.c - the error table in its three readings. */
#include "base/err.h"

#include <assert.h>

static const struct {
	int http, exit;
	const char *text;
} errs[ERR_COUNT] = {
#define X(name, http, exit, text) [name] = { http, exit, text },
	ERR_LIST(X)
#undef X
};

int err_http(enum err e)
{
	assert((unsigned)e < ERR_COUNT);
	return errs[e].http;
}

int err_exit(enum err e)
{
	assert((unsigned)e < ERR_COUNT);
	return errs[e].exit;
}

const char *err_text(enum err e)
{
	assert((unsigned)e < ERR_COUNT);
	return errs[e].text;
}
