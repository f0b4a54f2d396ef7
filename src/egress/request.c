/*
 * egress/request.c - the head of a request to a provider.
 * Input: decoded and checked calls (proto/call.c), checked rows (egress/table.c).   Runs in:
 * egress.
 */
#include "egress/request.h"

#include "codec/url.h"
#include "egress/auth.h"

static const struct str model_mark = SC("{model}");

bool request_allowed(const struct upstream *row, const struct call *c)
{
	if ((row->paths >> c->path & 1) == 0)
		return false;
	if (str_find(call_path_suffix[c->path], model_mark) == SIZE_MAX)
		return true;
	/* Dots alone would be taken for a step in the path, also when they are percent-encoded. */
	return c->model.n > 0 && !str_eq(c->model, S(".")) && !str_eq(c->model, S(".."));
}

void request_target(struct buf *out, const struct upstream *row, const struct call *c)
{
	struct str suffix = call_path_suffix[c->path];
	size_t mark = str_find(suffix, model_mark);

	buf_add(out, row->path_prefix);
	if (mark != SIZE_MAX) {
		buf_add(out, str_head(suffix, mark));
		url_encode(out, c->model, S(""));
		buf_add(out, str_tail(suffix, mark + model_mark.n));
	} else {
		buf_add(out, suffix);
	}
	if (row->query.n) {
		buf_addc(out, str_chr(suffix, '?') == SIZE_MAX ? '?' : '&');
		buf_add(out, row->query);
	}
}

void request_authority(struct buf *out, const struct upstream *row)
{
	bool bracket = str_chr(row->host, ':') != SIZE_MAX && row->host.p[0] != '[';

	if (bracket)
		buf_addc(out, '[');
	buf_add(out, row->host);
	if (bracket)
		buf_addc(out, ']');
	if (row->port != (row->https ? 443 : 80)) {
		buf_addc(out, ':');
		buf_addu(out, row->port);
	}
}

static struct str secret_of(struct str secrets, uint16_t i)
{
	struct str s;

	return secrets_get(secrets, i, &s) == OK ? s : (struct str){ "", 0 };
}

void request_fields(const struct upstream *row, const struct call *c, struct str secrets, void *arg,
		    void (*on_field)(void *arg, struct str name, struct str prefix, struct str text,
				     bool secret))
{
	const struct auth_field *auth = auth_field_of(row->auth);

	on_field(arg, S("accept-encoding"), S(""), S("identity"), false);
	for (unsigned i = 0; i < CALL_FIELD_COUNT; i++)
		if (c->fields[i].p)
			on_field(arg, call_field_name[i], S(""), c->fields[i], false);
	for (unsigned i = 0; i < row->n_headers; i++)
		on_field(arg, row->headers[i].name, S(""),
			 secret_of(secrets, row->headers[i].secret), true);
	if (auth->name.n)
		on_field(arg, auth->name, auth->prefix, secret_of(secrets, row->secret), true);
}

static void add_field(void *arg, struct str name, struct str prefix, struct str text, bool secret)
{
	struct buf *out = arg;

	(void)secret;
	buf_add(out, name);
	buf_add(out, S(": "));
	buf_add(out, prefix);
	buf_add(out, text);
	buf_add(out, S("\r\n"));
}

void request_head(struct buf *out, const struct upstream *row, const struct call *c,
		  struct str secrets)
{
	buf_add(out, S("POST "));
	request_target(out, row, c);
	buf_add(out, S(" HTTP/1.1\r\nhost: "));
	request_authority(out, row);
	buf_add(out, S("\r\ncontent-length: "));
	buf_addu(out, c->body_bytes);
	buf_add(out, S("\r\n"));
	request_fields(row, c, secrets, out, add_field);
	buf_add(out, S("\r\n"));
}
