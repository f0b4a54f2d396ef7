/*
 * fetcher/main.c - one HTTPS GET: finds the host, connects, gives up everything but that
 * connection, then reads what the server says. It knows no secret but the one of the index, if
 * there is one. Input: hostile (a server's answer).   Runs in: fetcher.
 * Fuzz: fuzz/response_fuzz.c
 */
#include "fetcher/jail.h"
#include "fetcher/response.h"
#include "fetcher/wire.h"
#include "package/listing.h"
#include "proto/fetch.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/log.h"
#include "sys/roots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PIECE = 64 << 10,
	LISTING_ARENA = 512 << 20,
	SLOW_AFTER_S = 60, /* from then on an answer must have come at this rate */
	SLOW_BYTES_S = 1024,
};

struct fetch {
	struct fetch_request request;
	struct url url;
	struct buf ca, document;
	struct wire wire;
	struct response response;
	uint64_t bytes, from_ns;
};

/* ---- before the jail ---- */

static enum err prepare(struct fetch *f, struct diag *d)
{
	struct str map;

	TRY(fs_map(FETCH_REQUEST, FETCH_CA_MAX + (1 << 20), &map, d));
	if (fetch_request_decode(&f->request, map) != OK)
		return diag_set(d, ERR_SYNTAX, "the request is not understood");
	if (url_parse(&f->url, f->request.url) != OK)
		return diag_set(d, ERR_SYNTAX, "not a URL that can be fetched");
	buf_init(&f->ca, FETCH_CA_MAX);
	buf_init(&f->document, LISTING_TEXT);
	response_init(&f->response);
	if (f->url.https) {
		TRY(tls_prepare(d));
		if (f->request.ca_pem.n == 0)
			TRY(roots_read(&f->ca, d));
	}
	TRY(wire_connect(&f->wire, &f->url, d));
	if (!f->url.https)
		return OK;
	return wire_trust(&f->wire, &f->url,
			  f->request.ca_pem.n ? f->request.ca_pem : buf_str(&f->ca), d);
}

static enum err lock(const struct fetch *f, struct diag *d)
{
	const int keep[] = { FETCH_REQUEST, FETCH_OUT, FETCH_REPORT, f->wire.fd };
	int landlock;

	TRY(jail_begin(&fetcher_jail, keep, 4, d));
	return jail_lock(&fetcher_jail, &landlock, d);
}

/* ---- in it ---- */

/* send_request writes the head. The target is what follows the authority in the URL, as it is: a
 * slash at its end counts. */
static enum err send_request(struct fetch *f, struct diag *d)
{
	struct str after = str_tail(f->request.url, str_find(f->request.url, S("://")) + 3);
	struct buf b;
	size_t n = 0;

	while (n < after.n && strchr("/?", after.p[n]) == NULL)
		n++;
	buf_init(&b, LIMIT_HEAD);
	buf_add(&b, S("GET "));
	if (n == after.n || after.p[n] != '/')
		buf_addc(&b, '/');
	buf_add(&b, str_tail(after, n));
	buf_add(&b, S(" HTTP/1.1\r\nHost: "));
	buf_add(&b, str_head(after, n));
	buf_add(&b, S("\r\nUser-Agent: yett/" YETT_VERSION "\r\nAccept: "));
	buf_add(&b, f->request.accept.n ? f->request.accept : S("*/*"));
	buf_add(&b, S("\r\nAccept-Encoding: identity\r\nConnection: close\r\n"));
	if (f->request.authorization.n) {
		buf_add(&b, S("Authorization: "));
		buf_add(&b, f->request.authorization);
		buf_add(&b, S("\r\n"));
	}
	buf_add(&b, S("\r\n"));
	enum err e = b.err == OK ? wire_write(&f->wire, buf_str(&b), d)
				 : diag_set(d, b.err, "the request is too large");
	buf_wipe(&b);
	buf_free(&b);
	return e;
}

/* keep takes a span of the body: into the file, or into memory where it is read. What an answer
 * other than 200 says is not kept. */
static enum err keep_body(struct fetch *f, struct str span, struct diag *d)
{
	if (f->response.status != 200 || span.n == 0)
		return OK;
	f->bytes += span.n;
	if (f->bytes > f->request.bytes_max)
		return diag_set(d, ERR_LIMIT, "the answer is larger than %llu bytes",
				(unsigned long long)f->request.bytes_max);
	if (f->request.mode == FETCH_LISTING) {
		buf_add(&f->document, span);
		return f->document.err == OK
			       ? OK
			       : diag_set(d, f->document.err, "the answer is too large");
	}
	return fs_write_all(FETCH_OUT, span) == OK
		       ? OK
		       : diag_set(d, ERR_SYS, "cannot write what was fetched: %s", strerror(errno));
}

static enum err feed(struct fetch *f, struct str in, struct diag *d)
{
	while (in.n && !f->response.done) {
		struct str span;
		enum err e = response_feed(&f->response, &in, &span);
		if (e != OK)
			return diag_set(d, e == ERR_LIMIT ? e : ERR_UPSTREAM, "%s",
					f->response.why ? f->response.why
							: "the answer is malformed");
		if (f->response.status == 200 && f->response.encoded)
			return diag_set(d, ERR_UPSTREAM,
					"the answer is compressed, which was not asked for");
		TRY(keep_body(f, span, d));
	}
	return OK;
}

/* keeps_pace: who sends drop by drop would hold us for ever. */
static bool keeps_pace(const struct fetch *f, uint64_t received)
{
	uint64_t seconds = (clock_mono_ns() - f->from_ns) / 1000000000u;

	return seconds < SLOW_AFTER_S || received / seconds >= SLOW_BYTES_S;
}

static enum err receive(struct fetch *f, struct diag *d)
{
	static char piece[PIECE];
	uint64_t received = 0;

	/* The body of a redirect or an error is nothing we read. */
	while (!f->response.done && (f->response.status == 0 || f->response.status == 200)) {
		bool clean;
		size_t n;
		TRY(wire_read(&f->wire, piece, sizeof piece, &n, &clean, d));
		if (n == 0) {
			enum err e = response_end(&f->response, clean);
			return e == OK ? OK : diag_set(d, e, "%s", f->response.why);
		}
		received += n;
		TRY(feed(f, (struct str){ piece, n }, d));
		if (!f->response.done && !keeps_pace(f, received))
			return diag_set(d, ERR_TIMEOUT, "the server sends too slowly");
	}
	return OK;
}

static enum err write_listing(struct fetch *f, struct diag *d)
{
	bool json = str_find(f->response.type, S("json")) != SIZE_MAX;
	struct listing l;
	struct arena a;
	struct buf b;

	arena_init(&a, LISTING_ARENA);
	buf_init(&b, LISTING_TEXT);
	enum err e = listing_read(&a, f->request.eco, f->request.name, json, f->request.url,
				  buf_str(&f->document), &l, d);
	if (e == OK) {
		listing_encode(&l, &b);
		e = b.err;
	}
	if (e == OK && fs_write_all(FETCH_OUT, buf_str(&b)) != OK)
		e = diag_set(d, ERR_SYS, "cannot write the listing: %s", strerror(errno));
	buf_free(&b);
	arena_done(&a);
	return e;
}

static enum err talk(struct fetch *f, struct diag *d)
{
	f->from_ns = clock_mono_ns();
	if (f->url.https)
		TRY(wire_secure(&f->wire, d));
	TRY(send_request(f, d));
	TRY(receive(f, d));
	if (f->request.mode == FETCH_LISTING && f->response.status == 200)
		return write_listing(f, d);
	return OK;
}

static int report(const struct fetch *f, enum err e, const struct diag *d)
{
	struct fetch_report r = { .err = e,
				  .status = f->response.status,
				  .location = f->response.location,
				  .bytes = f->bytes,
				  .why = e == OK ? S("") : str_z(diag_text(d)) };
	char room[FETCH_REPORT_MAX];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	fetch_report_encode(&r, &b);
	return b.err == OK && fs_write_all(FETCH_REPORT, buf_str(&b)) == OK ? EXIT_SUCCESS
									    : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static struct fetch f = { .wire.fd = -1 };
	struct diag d = { .err = OK };
	int status;

	log_open("fetcher", LOG_INFO);
	if (jail_debug(&fetcher_jail, argc, argv, &status))
		return status;
	f.response.location = S("");
	enum err e = prepare(&f, &d);
	if (e == OK)
		e = lock(&f, &d);
	if (e == OK)
		e = talk(&f, &d);
	return report(&f, e, &d);
}
