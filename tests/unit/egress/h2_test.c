/*
 * tests/unit/egress/h2_test.c - egress against a provider that speaks HTTP/2, right and wrong.
 */
#include "world.h"

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

/* ---- the provider: one process a connection, blocking ------------------------------------------ */

struct stream {
	int32_t id;
	struct buf path, body, answer;
	size_t sent;
	bool trailing;
};

struct server {
	SSL *ssl;
	nghttp2_session *session;
	unsigned n;
};

static ssize_t on_send(nghttp2_session *session, const uint8_t *p, size_t n, int flags, void *arg)
{
	struct server *s = arg;
	size_t done = 0;

	(void)session, (void)flags;
	return SSL_write_ex(s->ssl, p, n, &done) == 1 ? (ssize_t)done : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct stream *st = calloc(1, sizeof *st);

	(void)arg;
	st->id = frame->hd.stream_id;
	buf_init(&st->path, 4096);
	buf_init(&st->body, 8 << 20);
	buf_init(&st->answer, 8 << 20);
	return nghttp2_session_set_stream_user_data(session, st->id, st);
}

static int on_field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t nn,
		    const uint8_t *value, size_t vn, uint8_t flags, void *arg)
{
	struct stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void)flags, (void)arg;
	buf_add(&st->path, (struct str){ (const char *)name, nn });
	buf_addc(&st->path, '=');
	buf_add(&st->path, (struct str){ (const char *)value, vn });
	buf_addc(&st->path, '\n');
	return 0;
}

static int on_body(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *arg)
{
	struct stream *st = nghttp2_session_get_stream_user_data(session, id);

	(void)flags, (void)arg;
	buf_add(&st->body, (struct str){ (const char *)p, n });
	return 0;
}

static ssize_t give(nghttp2_session *session, int32_t id, uint8_t *p, size_t cap, uint32_t *flags,
		    nghttp2_data_source *source, void *arg)
{
	struct stream *st = source->ptr;
	size_t n = st->answer.n - st->sent < cap ? st->answer.n - st->sent : cap;

	(void)session, (void)id, (void)arg;
	if (n)
		memcpy(p, st->answer.p + st->sent, n);
	st->sent += n;
	if (st->sent == st->answer.n)
		*flags |= st->trailing ? NGHTTP2_DATA_FLAG_NONE : NGHTTP2_DATA_FLAG_EOF;
	return n ? (ssize_t)n : *flags ? 0 : NGHTTP2_ERR_DEFERRED;
}

#define NV(a, b) { (uint8_t *)(uintptr_t)(a), (uint8_t *)(uintptr_t)(b), sizeof(a) - 1, strlen(b), 0 }

static void reply(struct server *s, struct stream *st, const char *status, const char *more, const char *value)
{
	nghttp2_nv nv[] = { NV(":status", status), NV("content-type", "text/event-stream"), NV("x-more", value) };
	nghttp2_data_provider data = { .source.ptr = st, .read_callback = give };

	nv[2].name = (uint8_t *)(uintptr_t)more;
	nv[2].namelen = strlen(more);
	(void)nghttp2_submit_response(s->session, st->id, nv, 3, &data);
}

static void perform_h2(struct server *s, struct stream *st)
{
	struct str path = buf_str(&st->path);
	struct str model = model_of(path);

#define IS(name) str_eq(model, S(name))
	if (IS("echo"))
		buf_add(&st->answer, buf_str(&st->body));
	else if (IS("head"))
		buf_add(&st->answer, path);
	else if (IS("chunks"))
		for (int i = 0; i < 100; i++)
			buf_addf(&st->answer, "data: %04d\n\n", i);
	else if (IS("big"))
		for (int i = 0; i < 1 << 20; i++)
			buf_addc(&st->answer, (char)('a' + i % 23));
	else if (IS("stall")) {
		buf_add(&st->answer, S("then nothing"));
		st->trailing = true;
	}
	if (IS("redirect"))
		reply(s, st, "302", "location", "https://localhost/");
	else if (IS("gzip"))
		reply(s, st, "200", "content-encoding", "gzip");
	else if (IS("short"))
		reply(s, st, "200", "content-length", "100");
	else if (IS("interim")) {
		nghttp2_nv nv[] = { NV(":status", "103"), NV("link", "x") };
		(void)nghttp2_submit_headers(s->session, NGHTTP2_FLAG_NONE, st->id, NULL, nv, 2, NULL);
		buf_add(&st->answer, S("after"));
		reply(s, st, "200", "x-request-id", "r-2");
	} else if (IS("refuse") && s->n == 1)
		(void)nghttp2_submit_rst_stream(s->session, 0, st->id, NGHTTP2_REFUSED_STREAM);
	else if (IS("reset"))
		(void)nghttp2_submit_rst_stream(s->session, 0, st->id, NGHTTP2_INTERNAL_ERROR);
	else if (IS("goaway")) {
		buf_add(&st->answer, S("last"));
		reply(s, st, "200", "x-request-id", "r-3");
		(void)nghttp2_submit_goaway(s->session, 0, st->id, NGHTTP2_NO_ERROR, NULL, 0);
	} else if (IS("die"))
		_exit(0);
	else if (!IS("never"))
		reply(s, st, "200", "x-request-id", "r-4");
#undef IS
}

static int on_whole(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct server *s = arg;
	struct stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	if (st && frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
		s->n++;
		perform_h2(s, st);
	}
	return 0;
}

static void converse_h2(int fd, SSL_CTX *ctx)
{
	struct server s = { .ssl = SSL_new(ctx) };
	nghttp2_session_callbacks *cb;
	static uint8_t in[65536];
	size_t n;

	if (SSL_set_fd(s.ssl, fd) != 1 || SSL_accept(s.ssl) != 1 || nghttp2_session_callbacks_new(&cb) != 0)
		_exit(1);
	nghttp2_session_callbacks_set_send_callback(cb, on_send);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_field);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_body);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_whole);
	(void)nghttp2_session_server_new(&s.session, cb, &s);
	(void)nghttp2_submit_settings(s.session, 0, NULL, 0);
	while (nghttp2_session_send(s.session) == 0 && SSL_read_ex(s.ssl, in, sizeof in, &n) == 1)
		if (nghttp2_session_mem_recv(s.session, in, n) < 0)
			break;
	_exit(0);
}

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
		     unsigned n, void *arg)
{
	(void)ssl, (void)arg;
	for (unsigned at = 0; at < n; at += 1u + in[at])
		if (in[at] == 2 && memcmp(in + at + 1, "h2", 2) == 0) {
			*out = in + at + 1;
			*out_n = 2;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static uint16_t h2_start_server(struct buf *cert, struct buf *key)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *sa = (struct sockaddr *)(void *)&a;
	socklen_t n = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	BIO *c = BIO_new_mem_buf(cert->p, (int)cert->n), *k = BIO_new_mem_buf(key->p, (int)key->n);
	X509 *x = PEM_read_bio_X509(c, NULL, NULL, NULL);
	EVP_PKEY *pk = PEM_read_bio_PrivateKey(k, NULL, NULL, NULL);

	if (bind(l, sa, n) != 0 || listen(l, 64) != 0 || getsockname(l, sa, &n) != 0 ||
	    SSL_CTX_use_certificate(ctx, x) != 1 || SSL_CTX_use_PrivateKey(ctx, pk) != 1)
		abort();
	SSL_CTX_set_alpn_select_cb(ctx, choose_h2, NULL);
	if (fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGCHLD, SIG_IGN);
		(void)signal(SIGPIPE, SIG_IGN);
		for (;;) {
			int fd = accept(l, NULL, NULL);
			if (fd >= 0 && fork() == 0) {
				(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
				converse_h2(fd, ctx);
			}
			(void)close(fd);
		}
	}
	(void)close(l);
	X509_free(x), EVP_PKEY_free(pk), BIO_free(c), BIO_free(k), SSL_CTX_free(ctx);
	return ntohs(a.sin_port);
}

/* ---- cases ------------------------------------------------------------------------------------ */

static struct buf cert, key;

CASE(begin)
{
	static struct upstream row[1];

	buf_init(&cert, 1 << 20);
	buf_init(&key, 1 << 20);
	make_cert("DNS:localhost", 10, &cert, &key);
	row[0] = row_of(h2_start_server(&cert, &key), true);
	row[0].host = S("localhost");
	row[0].http2 = true;
	row[0].ca_pem = buf_str(&cert);
	world_start(row, 1, S(""), "");
}

CASE(calls)
{
	CHECK(ASK(.model = "echo") == END_OK && head.status == 200);
	CHECK_STR(buf_str(&body), S("{\"a\":1}"));
	CHECK(ASK(.model = "head") == END_OK);
	CHECK(str_find(buf_str(&body), S(":path=/v1/models/head:generateContent\n")) != SIZE_MAX);
	CHECK(str_find(buf_str(&body), S("authorization=Bearer sk-test\n")) != SIZE_MAX);
	CHECK(str_find(buf_str(&body), S("accept-encoding=identity\n")) != SIZE_MAX);
	CHECK(ASK(.model = "chunks") == END_OK && head.content_length == UINT64_MAX);
	check_chunks(100);
	CHECK(ASK(.model = "interim") == END_OK);
	CHECK_STR(buf_str(&body), S("after"));
	CHECK_STR(head.replies[REPLY_X_REQUEST_ID], S("r-2"));
}

CASE(credit_and_large_bodies)
{
	for (size_t i = 0; i < ARENA; i++)
		arena[i] = (char)('A' + i % 29);
	CHECK(ASK(.model = "echo", .arena_bytes = 3 << 20) == END_OK);
	CHECK(body.n == 3 << 20 && memcmp(body.p, arena + 64, body.n) == 0);
	CHECK(ASK(.model = "big", .credit = 1000, .more = 70000) == END_OK && body.n == 1 << 20);
	CHECK(ASK(.model = "chunks", .credit = 7, .more = 5) == END_OK);
	check_chunks(100);
	CHECK(ASK(.model = "big", .credit = 50000, .idle_ms = 100, .cancel_after_ms = 300) == END_CANCELLED);
	CHECK(body.n == 50000);
}

CASE(many_at_once)
{
	struct ask slow = { .model = "stall", .idle_ms = 8000 }, quick = { .model = "echo" };
	uint32_t waiting = put_call(&slow);

	for (int i = 0; i < 250; i++) {
		uint32_t id = put_call(&quick);
		(void)id;
	}
	/* They end in the order in which they were asked, as this provider answers so. */
	struct str bytes;
	unsigned ended = 0;
	for (int i = 0; i < 5000 && ended < 250; i++) {
		struct frame f;
		while (ring_next(&rx, &bytes) == OK)
			ended += frame_type(bytes) == FRAME_END && frame_decode(&f, bytes) == OK &&
				 f.how == END_OK && f.id != waiting;
		ring_release(&rx);
		(void)usleep(1000);
	}
	CHECK(ended == 250);
	put_frame(FRAME_CANCEL, waiting, 0);
	CHECK(wait_for(waiting, &slow, 0) == END_CANCELLED);
}

CASE(wrong_answers)
{
	CHECK(ASK(.model = "redirect") == END_REDIRECT);
	CHECK(ASK(.model = "gzip") == END_PROTOCOL);
	CHECK(ASK(.model = "short") == END_PROTOCOL);
	CHECK(ASK(.model = "reset") == END_RESET);
	CHECK(ASK(.model = "never", .head_ms = 150) == END_TIMEOUT);
	CHECK(ASK(.model = "stall", .idle_ms = 150) == END_TIMEOUT);
	CHECK(ASK(.model = "never", .cancel_after_ms = 50) == END_CANCELLED);
	CHECK(ASK(.model = "goaway") == END_OK);
	CHECK_STR(buf_str(&body), S("last"));
	CHECK(ASK(.model = "refuse") == END_OK); /* the second time */
	CHECK(ASK(.model = "die") == END_RESET);
	CHECK(ASK(.model = "echo") == END_OK && body.n == 7);
	CHECK(waitpid(egress_pid, NULL, WNOHANG) == 0);
}

CASE(end)
{
	world_end();
	buf_free(&cert);
	buf_free(&key);
}

TESTS(CASE_ROW(begin), CASE_ROW(calls), CASE_ROW(credit_and_large_bodies), CASE_ROW(many_at_once),
      CASE_ROW(wrong_answers), CASE_ROW(end))
