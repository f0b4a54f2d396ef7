/*
 * tests/unit/egress/egress_test.c - egress against a scripted provider that does everything wrong.
 * Proves T-11.
 */
#include "world.h"

#include "proto/start.h"

enum row {
	ROW_PLAIN, ROW_NOT_PRIVATE, ROW_TLS, ROW_NAMELESS, ROW_STRANGER, ROW_EXPIRED, ROW_CLOSED, ROW_PINNED,
	ROW_BAD_PIN, ROW_LIMITED, ROW_MAYBE_H2, ROW_META,
	ROW_NAMED, ROW_NAMED_TLS, ROW_NO_NAME, ROW_NAMED_PRIVATE, ROW_NAMED_META, ROW_HOSTS, ROW_MOVED, ROW_LATER, ROW_SILENT, ROW_COUNT,
};

enum { GOOD, OTHER, OLD };
static struct buf cert[3], key[3];
static struct tls_server *server[3];

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
		    i != ROW_PINNED && i != ROW_BAD_PIN && i != ROW_MAYBE_H2 &&
		    i != ROW_NAMED_TLS)
			continue;
		r[i] = row_of(tls, true);
		r[i].host = S("localhost");
		r[i].ca_pem = buf_str(&cert[GOOD]);
	}
	r[ROW_NAMELESS].host = S("127.0.0.1");
	r[ROW_STRANGER].ca_pem = buf_str(&cert[OTHER]);
	r[ROW_EXPIRED].port = old;
	r[ROW_EXPIRED].ca_pem = buf_str(&cert[OLD]);
	r[ROW_NAMED].host = S("good.test");
	r[ROW_NAMED_TLS].host = S("tls.test");
	r[ROW_NO_NAME].host = S("none.test");
	r[ROW_NAMED_PRIVATE].host = S("good.test");
	r[ROW_NAMED_PRIVATE].allow_private = false;
	r[ROW_NAMED_META].host = S("meta.test");
	r[ROW_HOSTS].host = S("hosts.test");
	r[ROW_HOSTS].allow_private = false;
	r[ROW_MOVED].host = S("moved.test");
	r[ROW_LATER].host = S("later.test");
	r[ROW_SILENT].host = S("silent.test");
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

/* names_start forks a name server: good.test and tls.test are 127.0.0.1, meta.test is a metadata address; later.test and
 * silent.test are 127.0.0.1 only if it knows more, else it says nothing of the second. */
static unsigned names_start(bool more)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *sa = (struct sockaddr *)(void *)&a;
	socklen_t n = sizeof a;
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned char q[512], answer[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1 };

	if (s < 0 || bind(s, sa, n) != 0 || getsockname(s, sa, &n) != 0)
		abort();
	unsigned port = ntohs(a.sin_port);
	if (fork() != 0) {
		(void)close(s);
		return port;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		n = sizeof a;
		ssize_t got = recvfrom(s, q, sizeof q - sizeof answer, 0, sa, &n);
		if (got < 18)
			continue;
		size_t end = 12;
		while (q[end])
			end += 1u + q[end];
		end += 5;
		if (q[13] == 's' && !more)
			continue;
		bool is_a = q[end - 3] == 1, late = q[13] == 'l' || q[13] == 's';
		bool good = q[13] == 'g' || q[13] == 't' || (late && more), meta = q[13] == 'm' && q[14] == 'e';
		q[2] |= 0x80;
		q[3] = good || meta ? 0 : 3;
		q[7] = (unsigned char)((good || meta) && is_a);
		q[11] = 0; /* no additional records */
		answer[12] = meta ? 169 : 127, answer[13] = meta ? 254 : 0;
		answer[14] = meta ? 169 : 0, answer[15] = meta ? 254 : 1;
		if (q[7]) {
			memcpy(q + end, answer, sizeof answer);
			end += sizeof answer;
		}
		(void)sendto(s, q, end, 0, sa, n);
	}
}

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

/* until asks until it hears how; a control message has no answer here. */
static bool until(struct ask a, unsigned how)
{
	for (int i = 0; i < 3000; i++) {
		unsigned got = ask(a);
		if (got == how || got == UINT32_MAX)
			return got == how;
		(void)usleep(5000);
	}
	return false;
}

/* A reload: both tables are good until every ingress has the new policy, then the new one alone; what runs
 * through the old one goes on to its end. */
CASE(an_old_table_is_closed_to_new_calls)
{
	struct ask stream = { .model = "trickle" }, old = { .model = "echo" };
	struct ask new = { .model = "echo", .generation = GENERATION + 1 };

	CHECK(ASK(.model = "echo", .generation = GENERATION + 1) == END_REFUSED_CALL);
	CHECK(ASK(.row = ROW_MOVED, .model = "echo") != END_OK);
	CHECK(ASK(.row = ROW_LATER, .model = "echo") == END_DNS);
	struct ask silent = { .row = ROW_SILENT, .model = "echo" };
	uint32_t asked = put_call(&silent);
	poke_with('n');
	/* Who was being asked for is asked for again; what the servers before had said counts no more. */
	CHECK(wait_for(asked, &silent, 0) == END_OK);
	CHECK(ASK(.row = ROW_LATER, .model = "echo", .generation = GENERATION + 1) == END_OK);
	CHECK(until(new, END_OK));
	CHECK(ask(old) == END_OK);
	/* The hosts file came with the table. */
	CHECK(ASK(.row = ROW_MOVED, .model = "echo", .generation = GENERATION + 1) == END_OK);
	uint32_t id = put_call(&stream);
	poke_with('s');
	CHECK(wait_for(id, &stream, 0) == END_OK);
	check_chunks(20);
	CHECK(until(old, END_REFUSED_CALL));
	CHECK(ask(new) == END_OK);
	poke_with('n');
	poke_with('s');
	CHECK(until(new, END_REFUSED_CALL));
	new.generation++;
	CHECK(ask(new) == END_OK);
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

CASE(names)
{
	CHECK(ASK(.row = ROW_NAMED, .model = "echo") == END_OK);
	CHECK(ASK(.row = ROW_NAMED, .model = "echo") == END_OK);
	CHECK(ASK(.row = ROW_NAMED_TLS, .model = "echo") == END_OK);
	CHECK(ASK(.row = ROW_NO_NAME, .model = "echo") == END_DNS);
	/* The name has an address, one of those that a row has to allow by name, or that nobody may have. */
	CHECK(ASK(.row = ROW_NAMED_PRIVATE, .model = "echo") == END_ADDRESS);
	CHECK(ASK(.row = ROW_NAMED_META, .model = "echo") == END_ADDRESS);
	CHECK(ASK(.row = ROW_HOSTS, .model = "echo") == END_ADDRESS);
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
	struct ask a = { .model = "never", .generation = GENERATION + 2 };
	(void)put_call(&a);
	next_id--;
	(void)put_call(&a);
	int status = 0;
	CHECK(waitpid(egress_pid, &status, 0) == egress_pid && WIFEXITED(status) &&
	      WEXITSTATUS(status) == START_EXIT_BLAMES_PEER);
}

CASE(begin)
{
	static struct upstream rows[ROW_COUNT];
	static unsigned char pin[32];
	struct diag d = { .err = OK };
	static char resolv[80], other_resolv[80];
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		buf_init(&cert[i], 1 << 20);
		buf_init(&key[i], 1 << 20);
		make_cert("DNS:localhost,DNS:tls.test", i == OLD ? -1 : 10, &cert[i], &key[i]);
		server[i] = tls_server_new(buf_str(&cert[i]), buf_str(&key[i]), &d);
		CHECK(server[i] != NULL);
	}
	make_rows(rows, provider_start(NULL, &pid), provider_start(server[GOOD], &pid),
		  provider_start(server[OLD], &pid));
	pin_of(buf_str(&cert[GOOD]), pin);
	rows[ROW_PINNED].n_pins = 1;
	rows[ROW_PINNED].pins[0] = (struct str){ (const char *)pin, sizeof pin };
	(void)snprintf(resolv, sizeof resolv, "# ours\nnameserver [127.0.0.1]:%u\n", names_start(false));
	(void)snprintf(other_resolv, sizeof other_resolv, "nameserver\t[127.0.0.1]:%u", names_start(true));
	poke_resolv = other_resolv;
	world_start(rows, ROW_COUNT, buf_str(&cert[OTHER]), resolv);
}

CASE(end)
{
	egress_pid = 0;
	world_end();
	for (int i = 0; i < 3; i++) {
		buf_free(&cert[i]);
		buf_free(&key[i]);
		tls_server_free(server[i]);
	}
}

/* What c-ares is given of a resolv.conf. */
CASE(servers_of_resolv_conf)
{
	static const struct {
		struct str text, want;
	} rows[] = {
		{ SC(""), SC("") },
		{ SC("# nameserver 192.0.2.1\n;nameserver 192.0.2.2\nsearch nameserver 192.0.2.3"), SC("") },
		{ SC("search a.test\nnameserver 192.0.2.1 # first\r\n  nameserver\t2001:db8::1\n"),
		  SC("192.0.2.1:53,[2001:db8::1]:53") },
		{ SC("nameserver fe80::1%eth0\nnameserver no.name\nnameserver\nnameserver [::1]:5353"),
		  SC("[::1]:5353") },
		{ SC("nameserver [192.0.2.1]:99999\nnameserver [192.0.2.1]x\nnameservers 192.0.2.1"), SC("") },
	};
	char text[512];
	struct buf b;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_fixed(&b, text, sizeof text);
		resolv_servers(rows[i].text, &b);
		CHECK(b.err == OK);
		CHECK_STR(buf_str(&b), rows[i].want);
	}
}

TESTS(CASE_ROW(servers_of_resolv_conf), CASE_ROW(begin), CASE_ROW(a_call), CASE_ROW(framings), CASE_ROW(credit), CASE_ROW(bodies),
      CASE_ROW(wrong_answers), CASE_ROW(timeouts), CASE_ROW(a_stale_connection_is_replaced_once),
      CASE_ROW(an_answer_before_the_request_is_whole), CASE_ROW(refusals), CASE_ROW(certificates),
      CASE_ROW(names), CASE_ROW(a_limit_of_connections),
      CASE_ROW(an_old_table_is_closed_to_new_calls), CASE_ROW(it_lives_and_ends), CASE_ROW(end))
