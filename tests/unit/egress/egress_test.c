/*
 * tests/unit/egress/egress_test.c - a whole egress in a child process, without keeper and jail: two rings,
 * an arena, and a scripted provider on loopback that does everything wrong.
 */
#include "egress/egress.h"

#include "../check.h"
#include "provider.h"
#include "sys/clock.h"
#include "sys/log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

enum row {
	ROW_PLAIN, ROW_NOT_PRIVATE, ROW_TLS, ROW_NAMELESS, ROW_STRANGER, ROW_EXPIRED, ROW_CLOSED, ROW_PINNED,
	ROW_BAD_PIN, ROW_LIMITED, ROW_MAYBE_H2, ROW_META, ROW_COUNT,
};

static struct buf cert, key, other_cert, other_key, old_cert, old_key;
static struct ring_tx tx;
static struct ring_rx rx;
static char *arena;
static uint32_t next_id = 7;
static struct buf body, what;
static struct call_head head;
static char head_bytes[20000];

enum { ARENA = 4 << 20, GENERATION = 3 };

/* ---- the world -------------------------------------------------------------------------------- */

static struct upstream row_of(uint16_t port, bool https)
{
	return (struct upstream){
		.id = SC("test"), .https = https, .host = SC("127.0.0.1"), .port = port, .path_prefix = SC("/v1"),
		.query = SC(""), .auth = AUTH_BEARER, .secret = 0, .allow_private = true, .paths = UINT32_MAX,
		.connect_timeout_ms = 1000, .ca_pem = SC(""),
	};
}

static void make_rows(struct upstream *r, uint16_t plain, uint16_t tls, uint16_t old)
{
	static char bad_pin[32];

	for (int i = 0; i < ROW_COUNT; i++)
		r[i] = row_of(plain, false);
	r[ROW_PLAIN].n_headers = 1;
	r[ROW_PLAIN].headers[0] = (struct upstream_header){ SC("x-extra"), 1 };
	r[ROW_NOT_PRIVATE].allow_private = false;
	r[ROW_LIMITED].conns_max = 1;
	r[ROW_LIMITED].paths = 1 << PATH_GENERATE;
	r[ROW_CLOSED].port = 1;
	r[ROW_META].host = S("169.254.169.254");
	for (int i = 0; i < ROW_COUNT; i++) {
		if (i != ROW_TLS && i != ROW_NAMELESS && i != ROW_STRANGER && i != ROW_EXPIRED &&
		    i != ROW_PINNED && i != ROW_BAD_PIN && i != ROW_MAYBE_H2)
			continue;
		r[i] = row_of(tls, true);
		r[i].host = S("localhost");
		r[i].ca_pem = buf_str(&cert);
	}
	r[ROW_NAMELESS].host = S("127.0.0.1");
	r[ROW_STRANGER].ca_pem = buf_str(&other_cert);
	r[ROW_EXPIRED].port = old;
	r[ROW_EXPIRED].ca_pem = buf_str(&old_cert);
	r[ROW_BAD_PIN].n_pins = 1;
	r[ROW_BAD_PIN].pins[0] = (struct str){ bad_pin, sizeof bad_pin };
	r[ROW_MAYBE_H2].http2 = true;
}

/* pin_of gives the SHA-256 of the public key in a PEM certificate. */
static void pin_of(struct str pem, unsigned char pin[32])
{
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	(void)EVP_Digest(der, (size_t)n, pin, NULL, EVP_sha256(), NULL);
	OPENSSL_free(der);
	X509_free(x);
	BIO_free(in);
}

static void run_egress(const int fds[EGRESS_FDS], uint16_t plain, uint16_t tls, uint16_t old)
{
	static struct egress e;
	static struct upstream rows[ROW_COUNT];
	static const struct str secrets[] = { SC("sk-test"), SC("extra value") };
	unsigned char pin[32];
	struct upstreams ups = { .generation = GENERATION, .rows = rows, .n = ROW_COUNT, .n_secrets = 2 };
	struct diag d = { .err = OK };
	struct buf blob;
	struct table *t;
	uint8_t *map = malloc(secrets_size(secrets, 2));

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	make_rows(rows, plain, tls, old);
	pin_of(buf_str(&cert), pin);
	rows[ROW_PINNED].n_pins = 1;
	rows[ROW_PINNED].pins[0] = (struct str){ (const char *)pin, sizeof pin };
	secrets_put(secrets, 2, map);
	buf_init(&blob, 1 << 20); /* kept for the table's life */
	upstreams_encode(&ups, &blob);
	if (tls_prepare(&d) != OK || egress_init(&e, S(""), 200, &d) != OK || egress_pair(&e, fds, &d) != OK ||
	    table_make(buf_str(&blob), (struct str){ (const char *)map, secrets_size(secrets, 2) },
		       buf_str(&other_cert), &e.linker, &t, &d) != OK) {
		fprintf(stderr, "egress: %s\n", diag_text(&d));
		_exit(1);
	}
	log_open("egress", LOG_ERROR);
	egress_use(&e, t);
	loop_run(e.loop);
	_exit(0);
}

static pid_t egress_pid;
static struct tls_server *good, *old;

static void start(void)
{
	struct diag d = { .err = OK };
	int mem[2], wake[2], store = memfd_create("arena", MFD_ALLOW_SEALING);
	pid_t pid;

	buf_init(&cert, 1 << 20), buf_init(&key, 1 << 20);
	buf_init(&other_cert, 1 << 20), buf_init(&other_key, 1 << 20);
	buf_init(&old_cert, 1 << 20), buf_init(&old_key, 1 << 20);
	buf_init(&body, 64 << 20), buf_init(&what, 64 << 20);
	make_cert("DNS:localhost", 10, &cert, &key);
	make_cert("DNS:localhost", 10, &other_cert, &other_key);
	make_cert("DNS:localhost", -1, &old_cert, &old_key);
	good = tls_server_new(buf_str(&cert), buf_str(&key), &d);
	old = tls_server_new(buf_str(&old_cert), buf_str(&old_key), &d);
	if (good == NULL || old == NULL)
		abort();
	uint16_t plain = provider_start(NULL, &pid), tls = provider_start(good, &pid);
	uint16_t expired = provider_start(old, &pid);
	for (int i = 0; i < 2; i++)
		if (ring_make(1 << 20, &mem[i], &wake[i], &d) != OK)
			abort();
	if (ftruncate(store, ARENA) != 0 || fcntl(store, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
		abort();
	arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_SHARED, store, 0);
	egress_pid = fork();
	if (egress_pid == 0)
		run_egress((int[]){ mem[1], wake[1], mem[0], wake[0], store }, plain, tls, expired);
	if (ring_tx_open(&tx, mem[0], wake[0], &d) != OK || ring_rx_open(&rx, mem[1], wake[1], &d) != OK)
		abort();
}

/* ---- ingress' side ---------------------------------------------------------------------------- */

struct ask {
	enum row row;
	const char *model;
	struct str body;
	uint64_t arena_bytes;     /* instead of body: that many bytes of the arena */
	uint32_t credit, more;    /* more: granted whenever data has come */
	uint32_t head_ms, idle_ms;
	bool other_path;
	uint32_t generation;
	int cancel_after_ms;      /* 0: never */
};

static void put_frame(enum call_frame type, uint32_t id, uint32_t n)
{
	struct frame f = { .type = type, .id = id, .n = n };

	ring_commit(&tx, frame_encode(&f, ring_reserve(&tx, FRAME_HEADER)));
	ring_publish(&tx);
}

static uint32_t put_call(const struct ask *a)
{
	struct call c = {
		.id = next_id++, .upstream = (uint16_t)a->row, .path = a->other_path ? PATH_CHAT : PATH_GENERATE,
		.generation = a->generation ? a->generation : GENERATION,
		.head_timeout_ms = a->head_ms ? a->head_ms : 3000,
		.idle_timeout_ms = a->idle_ms ? a->idle_ms : 3000,
		.credit = a->credit ? a->credit : 8 << 20, .model = str_z(a->model), .n_segments = 2,
	};
	struct str text = a->body.p ? a->body : S("{\"a\":1}");

	c.fields[FIELD_CONTENT_TYPE] = S("application/json");
	c.segments[0] = (struct call_segment){ .n = (uint32_t)text.n / 2, .bytes = str_head(text, text.n / 2) };
	c.segments[1] = (struct call_segment){ .n = (uint32_t)(text.n - text.n / 2), .bytes = str_tail(text, text.n / 2) };
	if (a->arena_bytes) {
		c.n_segments = 1;
		c.segments[0] = (struct call_segment){ .at = 64, .n = (uint32_t)a->arena_bytes };
	}
	void *p = ring_reserve(&tx, call_size(&c));
	ring_commit(&tx, call_encode(&c, p));
	ring_publish(&tx);
	return c.id;
}

/* wait_for reads frames until the END of id; other calls' frames are passed over. UINT_MAX: none came. */
static unsigned wait_for(uint32_t id, const struct ask *a, int cancel_after_ms)
{
	uint64_t begin = clock_mono_ns() / 1000000;
	bool cancelled = false;
	struct str bytes;
	struct frame f;

	buf_reset(&body);
	memset(&head, 0, sizeof head);
	while (clock_mono_ns() / 1000000 - begin < 15000) {
		enum err e = ring_next(&rx, &bytes);
		if (e == ERR_AGAIN) {
			if (ring_release(&rx))
				ring_wake(&tx);
			if (cancel_after_ms && !cancelled &&
			    clock_mono_ns() / 1000000 - begin >= (uint64_t)cancel_after_ms) {
				put_frame(FRAME_CANCEL, id, 0);
				cancelled = true;
			}
			if (!ring_sleep(&rx)) {
				struct pollfd p = { rx.wake_fd, POLLIN, 0 };
				(void)poll(&p, 1, 2);
				ring_awake(&rx);
			}
			continue;
		}
		CHECK(e == OK);
		if (frame_type(bytes) == FRAME_HEAD) {
			memcpy(head_bytes, bytes.p, bytes.n);
			CHECK(call_head_decode(&head, (struct str){ head_bytes, bytes.n }) == OK && head.id == id);
			continue;
		}
		CHECK(frame_decode(&f, bytes) == OK && f.id == id);
		if (f.type == FRAME_DATA) {
			buf_add(&body, f.data);
			if (a->more)
				put_frame(FRAME_CREDIT, id, a->more);
		}
		if (f.type == FRAME_END) {
			ring_release(&rx);
			return f.how;
		}
	}
	return UINT32_MAX;
}

static unsigned ask(struct ask a)
{
	unsigned how = wait_for(put_call(&a), &a, a.cancel_after_ms);

	if (how < CALL_END_COUNT)
		return how;
	fprintf(stderr, "no END for '%s'\n", a.model);
	return how;
}

#define ASK(...) ask((struct ask){ __VA_ARGS__ })

/* ---- cases ------------------------------------------------------------------------------------ */

CASE(a_call)
{
	CHECK(ASK(.model = "echo") == END_OK);
	CHECK(head.status == 200 && head.content_length == 7);
	CHECK_STR(buf_str(&body), S("{\"a\":1}"));
	CHECK_STR(head.replies[REPLY_X_REQUEST_ID], S("r-1"));
	CHECK_STR(head.replies[REPLY_CONTENT_TYPE], S("application/json"));
	CHECK(ASK(.model = "head") == END_OK);
	CHECK(str_has_prefix(buf_str(&body), S("POST /v1/models/head:generateContent HTTP/1.1\r\nhost: 127.0.0.1:")));
	CHECK(str_find(buf_str(&body), S("\r\nauthorization: Bearer sk-test\r\n")) != SIZE_MAX);
	CHECK(str_find(buf_str(&body), S("\r\nx-extra: extra value\r\n")) != SIZE_MAX);
	CHECK(str_find(buf_str(&body), S("\r\naccept-encoding: identity\r\n")) != SIZE_MAX);
	CHECK(str_find(buf_str(&body), S("\r\ncontent-length: 7\r\n")) != SIZE_MAX);
	CHECK(ASK(.model = "429") == END_OK && head.status == 429);
	CHECK_STR(head.replies[REPLY_RETRY_AFTER], S("7"));
	CHECK(ASK(.model = "interim") == END_OK);
	CHECK_STR(buf_str(&body), S("after"));
	CHECK(ASK(.model = "a/b?c") == END_OK && body.n == 13);
}

static void check_chunks(int n)
{
	buf_reset(&what);
	for (int i = 0; i < n; i++)
		buf_addf(&what, "data: %04d\n\n", i);
	CHECK_STR(buf_str(&body), buf_str(&what));
}

CASE(framings)
{
	for (enum row row = ROW_PLAIN; row <= ROW_TLS; row += ROW_TLS) {
		CHECK(ASK(.row = row, .model = "chunks") == END_OK && head.content_length == UINT64_MAX);
		check_chunks(100);
		CHECK(ASK(.row = row, .model = "trickle") == END_OK);
		check_chunks(20);
		CHECK(ASK(.row = row, .model = "close") == END_OK);
		CHECK_STR(buf_str(&body), S("until the end"));
		CHECK(ASK(.row = row, .model = "big") == END_OK && body.n == 1 << 20);
		CHECK(ASK(.row = row, .model = "echo") == END_OK && body.n == 7);
	}
}

CASE(credit)
{
	for (enum row row = ROW_PLAIN; row <= ROW_TLS; row += ROW_TLS) {
		CHECK(ASK(.row = row, .model = "big", .credit = 1000, .more = 70000) == END_OK);
		CHECK(body.n == 1 << 20 && body.p[100000] == 'a' + 100000 % 23);
		CHECK(ASK(.row = row, .model = "chunks", .credit = 7, .more = 5) == END_OK);
		check_chunks(100);
		/* Without credit nothing more comes, and waiting for us is not the provider's fault. */
		CHECK(ASK(.row = row, .model = "big", .credit = 50000, .idle_ms = 100,
			  .cancel_after_ms = 400) == END_CANCELLED);
		CHECK(body.n == 50000);
	}
}

CASE(bodies)
{
	for (size_t i = 0; i < ARENA; i++)
		arena[i] = (char)('A' + i % 29);
	for (enum row row = ROW_PLAIN; row <= ROW_TLS; row += ROW_TLS) {
		CHECK(ASK(.row = row, .model = "echo", .arena_bytes = 3 << 20) == END_OK);
		CHECK(body.n == 3 << 20 && memcmp(body.p, arena + 64, body.n) == 0);
	}
}

CASE(wrong_answers)
{
	for (enum row row = ROW_PLAIN; row <= ROW_TLS; row += ROW_TLS) {
		CHECK(ASK(.row = row, .model = "short") == END_TRUNCATED && body.n == 9);
		CHECK(ASK(.row = row, .model = "midchunk") == END_TRUNCATED);
		CHECK_STR(buf_str(&body), S("hellohal"));
		CHECK(ASK(.row = row, .model = "nolast") == END_TRUNCATED);
		CHECK(ASK(.row = row, .model = "badchunk") == END_PROTOCOL);
		CHECK(ASK(.row = row, .model = "both") == END_PROTOCOL && head.status == 0);
		CHECK(ASK(.row = row, .model = "garbage") == END_PROTOCOL);
		CHECK(ASK(.row = row, .model = "redirect") == END_REDIRECT && head.status == 0);
		CHECK(ASK(.row = row, .model = "gzip") == END_PROTOCOL);
		CHECK(ASK(.row = row, .model = "huge") == END_TOO_LARGE);
		CHECK(ASK(.row = row, .model = "reset") == END_RESET);
		CHECK(ASK(.row = row, .model = "cut") == END_RESET);
		CHECK(ASK(.row = row, .model = "extra") == END_OK);
		CHECK_STR(buf_str(&body), S("ok"));
		CHECK(ASK(.row = row, .model = "echo") == END_OK && body.n == 7);
	}
}

CASE(timeouts)
{
	CHECK(ASK(.model = "never", .head_ms = 150) == END_TIMEOUT);
	CHECK(ASK(.model = "stall", .idle_ms = 150) == END_TIMEOUT);
	CHECK_STR(buf_str(&body), S("then nothing"));
	CHECK(ASK(.model = "never", .cancel_after_ms = 50) == END_CANCELLED);
	CHECK(ASK(.model = "stall", .cancel_after_ms = 50) == END_CANCELLED && head.status == 200);
}

CASE(a_stale_connection_is_replaced_once)
{
	/* Closes idle connections first, so that the next call opens one that knows only this script. */
	for (enum row row = ROW_PLAIN; row <= ROW_TLS; row += ROW_TLS)
		for (int i = 0; i < 4; i++) {
			CHECK(ASK(.row = row, .model = "stale") == END_OK);
			CHECK_STR(buf_str(&body), S("first"));
		}
}

CASE(an_answer_before_the_request_is_whole)
{
	for (enum row row = ROW_PLAIN; row <= ROW_TLS; row += ROW_TLS) {
		unsigned how = ASK(.row = row, .model = "early", .arena_bytes = ARENA - 64);
		CHECK(how == END_OK || how == END_RESET);
		CHECK(how != END_OK || head.status == 401);
	}
}

CASE(refusals)
{
	CHECK(ASK(.row = ROW_NOT_PRIVATE, .model = "echo") == END_ADDRESS);
	CHECK(ASK(.row = ROW_META, .model = "echo") == END_ADDRESS);
	CHECK(ASK(.row = ROW_CLOSED, .model = "echo") == END_CONNECT);
	CHECK(ASK(.row = ROW_COUNT, .model = "echo") == END_REFUSED_CALL);
	CHECK(ASK(.row = ROW_LIMITED, .model = "echo", .other_path = true) == END_REFUSED_CALL);
	CHECK(ASK(.model = "") == END_REFUSED_CALL);
	CHECK(ASK(.model = "..") == END_REFUSED_CALL);
	CHECK(ASK(.model = "echo", .generation = GENERATION + 1) == END_REFUSED_CALL);
}

CASE(certificates)
{
	CHECK(ASK(.row = ROW_TLS, .model = "echo") == END_OK);
	CHECK(ASK(.row = ROW_NAMELESS, .model = "echo") == END_TLS_VERIFY);
	CHECK(ASK(.row = ROW_STRANGER, .model = "echo") == END_TLS_VERIFY);
	CHECK(ASK(.row = ROW_EXPIRED, .model = "echo") == END_TLS_VERIFY);
	CHECK(ASK(.row = ROW_PINNED, .model = "echo") == END_OK);
	CHECK(ASK(.row = ROW_BAD_PIN, .model = "echo") == END_TLS_VERIFY);
	CHECK(ASK(.row = ROW_MAYBE_H2, .model = "echo") == END_OK);
	CHECK(ASK(.row = ROW_MAYBE_H2, .model = "chunks") == END_OK);
	check_chunks(100);
}

CASE(a_limit_of_connections)
{
	struct ask a = { .row = ROW_LIMITED, .model = "never", .head_ms = 400 };
	struct ask b = { .row = ROW_LIMITED, .model = "echo", .head_ms = 150 };
	struct ask c = { .row = ROW_LIMITED, .model = "echo", .head_ms = 3000 };
	uint32_t ida = put_call(&a), idb = put_call(&b), idc = put_call(&c);

	CHECK(wait_for(idb, &b, 0) == END_BUSY);
	CHECK(wait_for(ida, &a, 0) == END_TIMEOUT);
	CHECK(wait_for(idc, &c, 0) == END_OK);
}

CASE(it_lives_and_ends)
{
	CHECK(waitpid(egress_pid, NULL, WNOHANG) == 0);
	/* A CALL with an id in flight is no call that an honest ingress makes. */
	struct ask a = { .model = "never" };
	(void)put_call(&a);
	next_id--;
	(void)put_call(&a);
	int status = 0;
	CHECK(waitpid(egress_pid, &status, 0) == egress_pid && WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

CASE(begin)
{
	start();
}

CASE(end)
{
	struct buf *all[] = { &cert, &key, &other_cert, &other_key, &old_cert, &old_key, &body, &what };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		buf_free(all[i]);
	tls_server_free(good);
	tls_server_free(old);
	ring_tx_close(&tx);
	ring_rx_close(&rx);
}

TESTS(CASE_ROW(begin), CASE_ROW(a_call), CASE_ROW(framings), CASE_ROW(credit), CASE_ROW(bodies),
      CASE_ROW(wrong_answers), CASE_ROW(timeouts), CASE_ROW(a_stale_connection_is_replaced_once),
      CASE_ROW(an_answer_before_the_request_is_whole), CASE_ROW(refusals), CASE_ROW(certificates),
      CASE_ROW(a_limit_of_connections), CASE_ROW(it_lives_and_ends),
      CASE_ROW(end))
