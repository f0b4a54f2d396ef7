/*
 * egress/auth.c - how an upstream's credential is attached to a request.
 * Input: trusted (keeper's table), checked all the same.   Runs in: egress.
 */
#include "egress/auth.h"

#include "codec/http1.h"

#include <assert.h>

static const struct auth_field auth_fields[AUTH_COUNT] = {
	[AUTH_NONE] = { SC(""), SC("") },
	[AUTH_BEARER] = { SC("authorization"), SC("Bearer ") },
	[AUTH_X_API_KEY] = { SC("x-api-key"), SC("") },
	[AUTH_API_KEY] = { SC("api-key"), SC("") },
	[AUTH_X_GOOG_API_KEY] = { SC("x-goog-api-key"), SC("") },
};

const struct auth_field *auth_field_of(enum upstream_auth a)
{
	assert(a < AUTH_COUNT);
	return &auth_fields[a];
}

bool auth_secret_ok(struct str secret)
{
	if (secret.n == 0 || secret.p[0] == ' ' || secret.p[secret.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < secret.n; i++)
		if ((unsigned char)secret.p[i] < 0x20 || (unsigned char)secret.p[i] > 0x7e)
			return false;
	return true;
}

bool auth_header_ok(struct str name)
{
	static const struct str ours[] = {
		SC("host"),
		SC("content-length"),
		SC("transfer-encoding"),
		SC("connection"),
		SC("te"),
		SC("trailer"),
		SC("upgrade"),
		SC("expect"),
		SC("keep-alive"),
		SC("proxy-connection"),
		SC("accept-encoding"),
		SC("content-encoding"),
	};

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (str_ieq(name, ours[i]))
			return false;
	return http1_token(name);
}
