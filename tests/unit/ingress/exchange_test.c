/*
 * tests/unit/ingress/exchange_test.c - a request between its client and egress, this test being
 * both: what happens to calls and their bodies when either of them goes.
 * Proves T-12, T-42.
 */
#include "ingress/exchange.h"

#include "ingress/choose.h"
#include "ingress/keys.h"
#include "ingress/link.h"
#include "crypto/sha256.h"
#include "proto/start.h"
#include "sys/ring.h"

#include "../check.h"
#include "../shared.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { BODY = 100000 };

static struct ingress in;
static struct generation gen;
static struct policy_deployment deps[2];
static struct policy_model model;
static uint32_t both[] = { 0, 1 };
static struct conn *conn;
static int client = -1;

/* Egress's ends. */
static struct ring_rx calls;
static struct ring_tx answers;

static struct link_opts new_rings(void)
{
	struct link_opts o;
	struct diag d;

	CHECK(ring_make(LIMIT_RING, &o.tx_fd, &o.tx_wake_fd, &d) == OK);
	CHECK(ring_make(LIMIT_RING, &o.rx_fd, &o.rx_wake_fd, &d) == OK);
	CHECK(ring_rx_open(&calls, o.tx_fd, o.tx_wake_fd, &d) == OK);
	CHECK(ring_tx_open(&answers, o.rx_fd, o.rx_wake_fd, &d) == OK);
	return o;
}

static void *shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static void start(void)
{
	struct diag d;
	int fd = memfd_create("arena", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, LIMIT_ARENA) != 0)
		abort();
	in.loop = loop_new(64, &d);
	in.counters = shared(sizeof *in.counters);
	in.usage = shared(sizeof *in.usage);
	in.n_workers = 1;
	in.rng = 1;
	in.bodies = bodies_new(fd, &d);
	arena_init(&in.turn, 64 << 20);
	buf_init(&in.encoded, 64 << 20);
	in.scratch = malloc(INGRESS_SCRATCH);
	in.gen = &gen;
	in.keys_ready = true;
	struct link_opts o = new_rings();
	in.link = link_new(&in, &o, &d);
	CHECK(in.link != NULL && conn_pool(&in, 4) == OK);
}

static void fresh(void)
{
	int sv[2];

	if (in.loop == NULL)
		start();
	for (unsigned i = 0; i < 2; i++)
		deps[i] = (struct policy_deployment){ .id = i ? S("b") : S("a"),
						      .upstream_model = S("up"),
						      .max_retries = -1,
						      .price = { -1, -1, -1, -1, -1 } };
	model = (struct policy_model){ .name = S("m"), .deployments = both, .n_deployments = 2 };
	static struct policy_price unknown[2] = { { -1, -1, -1, -1, -1 }, { -1, -1, -1, -1, -1 } };
	gen = (struct generation){ .refs = 1, .prices = unknown };
	gen.policy = (struct policy){ .open = true, .deployments = deps, .n_deployments = 2,
				      .models = &model, .n_models = 1, .n_exact = 1,
				      .num_retries = 2, .timeout_ms = 1000,
				      .retry_policy = { -1, -1, -1, -1, -1, -1 },
				      .allowed_fails_policy = { -1, -1, -1, -1, -1, -1 },
				      .max_body_bytes = LIMIT_BODY };
	if (client >= 0)
		(void)close(client);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) != 0)
		abort();
	client = sv[1];
	conn = in.free_conns;
	conn_open(&in, sv[0]);
}

/* What the client sends, and a turn. */
static void ask_with(const char *lines, size_t body)
{
	static char text[BODY + 512];
	int head = snprintf(text, sizeof text,
			    "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n%s"
			    "content-length: %zu\r\n\r\n{\"model\":\"m\",\"x\":\"", lines, body);
	size_t end = str_find((struct str){ text, (size_t)head }, S("\r\n\r\n")) + 4;

	memset(text + head, 'x', body - ((size_t)head - end) - 2);
	memcpy(text + end + body - 2, "\"}", 2);
	for (size_t at = 0, n = end + body; at < n;) {
		ssize_t sent = send(client, text + at, n - at, 0);
		if (sent > 0)
			at += (size_t)sent;
		conn->watch.on_ready(&conn->watch, EPOLLIN);
	}
	ingress_flush(&in);
}

static void ask(size_t body)
{
	ask_with("", body);
}

/* The next CALL that egress sees; its id, 0 for none. CANCELs are counted. */
static unsigned cancels;
static uint32_t next_call(void)
{
	static struct call c;
	static char copy[LIMIT_FRAME];
	struct str s;
	struct frame f;
	uint32_t id = 0;

	while (id == 0 && ring_next(&calls, &s) == OK) {
		memcpy(copy, s.p, s.n);
		if (call_decode(&c, (struct str){ copy, s.n }, LIMIT_ARENA) == OK)
			id = c.id;
		else if (frame_decode(&f, s) == OK && f.type == FRAME_CANCEL)
			cancels++;
	}
	(void)ring_release(&calls);
	return id;
}

static void say_end(uint32_t id, enum call_end how)
{
	struct frame f = { .type = FRAME_END, .how = (uint8_t)how, .id = id };
	void *p = ring_reserve(&answers, FRAME_HEADER);

	CHECK(p != NULL);
	ring_commit(&answers, frame_encode(&f, p));
	ring_publish(&answers);
	CHECK(link_drain(in.link));
	ingress_flush(&in);
}

/* The provider answers with a status and no body. */
static void say_status(uint32_t id, uint16_t status)
{
	struct call_head h = { .id = id, .status = status, .content_length = 0 };
	void *p = ring_reserve(&answers, call_head_size(&h));

	CHECK(p != NULL);
	ring_commit(&answers, call_head_encode(&h, p));
	say_end(id, END_OK);
}

static void reap(void)
{
	in.reap.on_run(&in.reap);
	ingress_flush(&in);
}

CASE(a_cancelled_body_waits_for_its_end)
{
	fresh();
	ask(BODY);
	uint32_t id = next_call();
	CHECK(id != 0 && bodies_used(in.bodies) > BODY);
	conn_kill(conn);
	reap();
	cancels = 0;
	CHECK(next_call() == 0 && cancels == 1);
	/* Egress may still be reading: nobody else gets these bytes. */
	CHECK(bodies_used(in.bodies) > BODY);
	say_end(id, END_CANCELLED);
	CHECK(bodies_used(in.bodies) == 0);
}

CASE(a_failed_call_is_tried_elsewhere)
{
	fresh();
	ask(1000);
	uint32_t first = next_call();
	say_end(first, END_CONNECT);
	uint32_t second = next_call();
	CHECK(first != 0 && second != 0 && second != first);
	CHECK(choose_in_flight(&in, 0) + choose_in_flight(&in, 1) == 1);
	conn_kill(conn);
	reap();
	say_end(second, END_CANCELLED);
	CHECK(choose_in_flight(&in, 0) + choose_in_flight(&in, 1) == 0);
}

/* Fills the ring to egress with calls, the last of them the smallest, and gives their ids. */
static unsigned fill(uint32_t *ids, unsigned max)
{
	static const char zeros[CALL_INLINE_MAX];
	static struct exchange nobody;
	static struct call c;
	unsigned n = 0;

	c.n_segments = 1;
	for (uint32_t size = CALL_INLINE_MAX; size > 0; size /= 2) {
		c.segments[0] = (struct call_segment){ .n = size, .bytes = { zeros, size } };
		c.body_bytes = size;
		while (n < max && link_call(in.link, &c, &nobody) == OK)
			ids[n++] = c.id;
	}
	return n;
}

/* One client can fill the ring within a turn; who leaves in the same turn must not end ingress. */
CASE(what_finds_no_room_in_the_ring_is_told_later)
{
	uint32_t first, ids[512], id, credits = 0;
	struct str s;
	struct frame f;

	fresh();
	ask(1000);
	first = next_call();
	unsigned n = fill(ids, 512);
	CHECK(first != 0 && n > 64 && n < 512);
	for (unsigned i = 0; i < n; i++)
		link_credit(in.link, ids[i], 7);
	for (unsigned i = 1; i < n; i++)
		link_cancel(in.link, ids[i]);
	conn_kill(conn);
	reap();
	/* No call goes before what waits: it might be the same request's. */
	cancels = 0;
	for (unsigned i = 0; i < n; i++)
		CHECK((id = next_call()) != 0);
	CHECK(cancels == 0);
	ingress_flush(&in);
	while (ring_next(&calls, &s) == OK) {
		CHECK(frame_decode(&f, s) == OK && (f.type == FRAME_CANCEL || f.id == ids[0]));
		cancels += f.type == FRAME_CANCEL;
		credits += f.type == FRAME_CREDIT ? f.n : 0;
	}
	(void)ring_release(&calls);
	CHECK(cancels == n && credits == 7);
	link_cancel(in.link, ids[0]);
	say_end(first, END_CANCELLED);
	for (unsigned i = 0; i < n; i++)
		say_end(ids[i], END_CANCELLED);
	CHECK(next_call() == 0);
}

CASE(egress_is_started_anew)
{
	struct diag d;

	fresh();
	ask(BODY);
	CHECK(next_call() != 0);
	struct link_opts o = new_rings();
	CHECK(link_replace(in.link, &o, &d) == OK);
	ingress_flush(&in);
	/* The call has been made again, on the new ring, and is known there. */
	uint32_t again = next_call();
	CHECK(again != 0 && conn->x != NULL && conn->x->in_flight);
	conn_kill(conn);
	reap();
	cancels = 0;
	CHECK(next_call() == 0 && cancels == 1);
	say_end(again, END_CANCELLED);
	CHECK(bodies_used(in.bodies) == 0);
}

CASE(a_client_cannot_ask_for_endless_retries)
{
	static const char text[] = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
				   "x-litellm-num-retries: 4000000000\r\n"
				   "content-length: 13\r\n\r\n{\"model\":\"m\"}";

	fresh();
	CHECK(send(client, text, sizeof text - 1, 0) == (ssize_t)sizeof text - 1);
	conn->watch.on_ready(&conn->watch, EPOLLIN);
	ingress_flush(&in);
	uint32_t id = next_call();
	CHECK(id != 0 && conn->x != NULL && conn->x->retries_left <= 16);
	conn_kill(conn);
	reap();
	say_end(id, END_CANCELLED);
}

CASE(a_deployment_has_its_own_number_of_retries)
{
	fresh();
	for (unsigned i = 0; i < 2; i++)
		deps[i].max_retries = 0;
	ask(1000);
	uint32_t id = next_call();
	CHECK(id != 0);
	say_status(id, 500);
	CHECK(next_call() == 0 && conn->x == NULL);
	conn_kill(conn);
	reap();
}

/* What a client only announces takes little of the arena once that gets short. */
/* Calls under way have a place for their record: those that come and go meanwhile take it not. */
CASE(a_call_has_room_for_its_record)
{
	fresh();
	atomic_store(&in.usage->head, atomic_load(&in.usage->tail) + USAGE_MAX - 1);
	ask(1000);
	uint32_t id = next_call();
	CHECK(id != 0 && in.promised == 1 && !usage_room(in.usage, in.promised));
	conn_kill(conn);
	reap();
	CHECK(in.promised == 0 && !usage_room(in.usage, 0));
	say_end(id, END_CANCELLED);
	fresh();
	ask(1000); /* refused: no room */
	CHECK(next_call() == 0 && in.promised == 0);
	conn_kill(conn);
	reap();
	atomic_store(&in.usage->tail, atomic_load(&in.usage->head));
}

/* What others have left of a turn's memory is enough for whoever comes next. */
CASE(a_turn_that_runs_out_of_memory_ends_early)
{
	fresh();
	CHECK(arena_take(&in.turn, in.turn.budget - 100, 1) != NULL);
	ask(1000);
	uint32_t id = next_call();
	CHECK(id != 0);
	conn_kill(conn);
	reap();
	say_end(id, END_CANCELLED);
}

/* A key that is withdrawn while its call is under way leaves its slot to another, which does not pay. */
CASE(nobody_pays_for_the_slot_s_last_key)
{
	static const char text[] = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
				   "authorization: Bearer sk-first\r\ncontent-length: 13\r\n\r\n"
				   "{\"model\":\"m\"}";
	static struct policy_price price[2] = { { 10, 10, -1, -1, -1 }, { 10, 10, -1, -1, -1 } };
	struct control_key key = { .id = 7, .slot = 3, .rpm = -1, .tpm = -1, .parallel = -1,
				   .budget_pico = -1 };

	in.digest = calloc(1, sizeof *in.digest);
	in.keys = keys_new();
	CHECK(in.digest != NULL && sha256_init(in.digest) == OK && in.keys != NULL);
	sha256(S("sk-first"), key.hash);
	CHECK(keys_set(in.keys, &key) == OK);
	for (unsigned gone = 0; gone < 2; gone++) {
		fresh();
		gen.prices = price;
		CHECK(send(client, text, sizeof text - 1, 0) == (ssize_t)sizeof text - 1);
		conn->watch.on_ready(&conn->watch, EPOLLIN);
		ingress_flush(&in);
		uint32_t id = next_call();
		CHECK(id != 0);
		if (gone) {
			key.id = 8;
			key.hash[0] ^= 1;
			CHECK(keys_set(in.keys, &key) == OK);
		}
		conn_kill(conn);
		reap();
		say_end(id, END_CANCELLED);
		CHECK(atomic_load(&in.counters->keys[3].spent_pico) == 13 / 4 * 10);
	}
}

CASE(an_announced_body_is_no_body)
{
	static const char text[] = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
				   "content-length: 20000000\r\n\r\n";
	struct body all[LIMIT_ARENA / 2 / LIMIT_BODY];

	for (unsigned busy = 0; busy < 2; busy++) {
		fresh();
		for (unsigned i = 0; busy && i < sizeof all / sizeof all[0]; i++)
			CHECK(body_alloc(in.bodies, &all[i], LIMIT_BODY) == OK);
		uint64_t before = bodies_used(in.bodies);
		CHECK(send(client, text, sizeof text - 1, 0) == (ssize_t)sizeof text - 1);
		conn->watch.on_ready(&conn->watch, EPOLLIN);
		CHECK(conn->state == C_BODY);
		uint64_t taken = bodies_used(in.bodies) - before;
		CHECK(busy ? taken == 32 << 10 : taken == 2 << 20);
		for (unsigned i = 0; busy && i < sizeof all / sizeof all[0]; i++)
			body_free(in.bodies, &all[i]);
		conn_kill(conn);
		reap();
	}
	CHECK(bodies_used(in.bodies) == 0);
}

CASE(a_body_is_measured_by_its_own_policy)
{
	static const char text[] = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
				   "transfer-encoding: chunked\r\n\r\n40\r\n";
	static char bytes[64], answer[4096];
	struct generation *before = &gen;
	static struct generation after;

	fresh();
	before->refs = 2;
	before->policy.max_body_bytes = 48;
	CHECK(send(client, text, sizeof text - 1, 0) == (ssize_t)sizeof text - 1);
	CHECK(send(client, bytes, 40, 0) == 40);
	conn->watch.on_ready(&conn->watch, EPOLLIN);
	after = *before;
	after.policy.max_body_bytes = 8; /* less than what has come */
	in.gen = &after;
	CHECK(send(client, bytes, 24, 0) == 24);
	conn->watch.on_ready(&conn->watch, EPOLLIN);
	ingress_flush(&in);
	ssize_t n = recv(client, answer, sizeof answer, 0);
	CHECK(n > 12 && memcmp(answer, "HTTP/1.1 413", 12) == 0);
	in.gen = before;
	conn_kill(conn);
	reap();
}

/* A refused credential cools its deployment down at once, and the client reads nothing of it. */
CASE(a_refused_credential)
{
	static char answer[4096];

	fresh();
	gen.policy.cooldown_ms = 60000;
	gen.policy.allowed_fails = 100;
	for (unsigned i = 0; i < 2; i++)
		deps[i].cooldown_ms = UINT32_MAX;
	ask(1000);
	for (unsigned i = 0; i < 2; i++) {
		uint32_t id = next_call();
		CHECK(id != 0);
		say_status(id, 401);
	}
	for (unsigned i = 0; i < 2; i++)
		CHECK(atomic_load(&in.counters->deployments[i].cool_until_ms) >
		      loop_now_ms(in.loop));
	CHECK(next_call() == 0);
	/* The pause before all are tried again; nobody is left then. */
	if (conn->x != NULL)
		conn->x->timer.on_expire(&conn->x->timer);
	ingress_flush(&in);
	ssize_t n = recv(client, answer, sizeof answer, 0);
	struct str said = { answer, n > 0 ? (size_t)n : 0 };
	CHECK(str_has_prefix(said, S("HTTP/1.1 50")));
	conn_kill(conn);
	reap();
	memset((void *)in.counters->deployments, 0, 2 * sizeof in.counters->deployments[0]);
}

/* Each of the two deployments fails; how many of them cool down then. */
static unsigned cooled_by(void (*fail)(uint32_t id))
{
	unsigned n = 0;

	for (unsigned i = 0; i < 2; i++) {
		uint32_t id = next_call();
		CHECK(id != 0);
		fail(id);
	}
	for (unsigned i = 0; i < 2; i++)
		n += atomic_load(&in.counters->deployments[i].cool_until_ms) > loop_now_ms(in.loop);
	memset((void *)in.counters->deployments, 0, 2 * sizeof in.counters->deployments[0]);
	conn_kill(conn);
	reap();
	return n;
}

static void fresh_and_touchy(void)
{
	fresh();
	gen.policy.cooldown_ms = 60000;
	for (unsigned i = 0; i < 2; i++)
		deps[i].cooldown_ms = UINT32_MAX;
}

static void time_out(uint32_t id)
{
	say_end(id, END_TIMEOUT);
}

static void not_found(uint32_t id)
{
	say_status(id, 404);
}

/* One key must not be able to have all deployments of a model cool down for the others. */
CASE(a_clients_own_hurry_cools_nothing_down)
{
	fresh_and_touchy();
	ask(1000);
	CHECK(cooled_by(time_out) == 2);

	fresh_and_touchy();
	ask_with("x-litellm-timeout: 0.001\r\n", 1000);
	CHECK(cooled_by(time_out) == 0);

	fresh_and_touchy();
	ask_with("x-litellm-timeout: 100\r\n", 1000); /* longer than the operator's */
	CHECK(cooled_by(time_out) == 2);
}

CASE(a_name_behind_a_wildcard_cools_nothing_down)
{
	fresh_and_touchy();
	ask(1000);
	CHECK(cooled_by(not_found) == 2);

	fresh_and_touchy();
	model.name = S("m*");
	gen.policy.n_exact = 0;
	ask(1000);
	CHECK(cooled_by(not_found) == 2); /* nothing stands for the star */

	fresh_and_touchy();
	model.name = S("*");
	gen.policy.n_exact = 0;
	for (unsigned i = 0; i < 2; i++)
		deps[i].upstream_model = S("*");
	ask(1000);
	CHECK(cooled_by(not_found) == 0);
}

/* The provider answers with a status and a body. */
static void say_error(uint32_t id, uint16_t status, struct str body)
{
	struct call_head h = { .id = id, .status = status, .content_length = body.n };
	struct frame f = { .type = FRAME_DATA, .id = id, .n = (uint32_t)body.n };

	ring_commit(&answers, call_head_encode(&h, ring_reserve(&answers, call_head_size(&h))));
	char *p = ring_reserve(&answers, FRAME_HEADER + f.n);
	uint32_t n = frame_encode(&f, p);
	memcpy(p + n, body.p, body.n);
	ring_commit(&answers, n + f.n);
	say_end(id, END_OK);
}

/* What a client at path hears of a provider's error. */
static struct str hear(const char *path, enum policy_provider_kind serves, uint16_t status, struct str body)
{
	static char text[1024], answer[100000];

	fresh();
	model.n_deployments = 1;
	gen.policy.num_retries = 0;
	deps[0].serves = serves;
	bool gemini = strstr(path, "Content") != NULL;
	const char *asked = gemini ? "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"x\"}]}]}"
				   : "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\","
				     "\"content\":\"x\"}]}";
	int n = snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: %zu\r\n\r\n%s",
			 path, strlen(asked), asked);
	CHECK(send(client, text, (size_t)n, 0) == n);
	conn->watch.on_ready(&conn->watch, EPOLLIN);
	ingress_flush(&in);
	uint32_t id = next_call();
	CHECK(id != 0);
	if (id != 0)
		say_error(id, status, body);
	ssize_t got = recv(client, answer, sizeof answer, 0);
	struct str said = { answer, got > 0 ? (size_t)got : 0 };
	conn_kill(conn);
	reap();
	return said;
}

static struct str body_of(struct str answer)
{
	size_t at = str_find(answer, S("\r\n\r\n"));

	return at == SIZE_MAX ? S("") : str_tail(answer, at + 4);
}

/* Errors as providers really wrote them reach a client of their dialect as they are. */
CASE(a_providers_own_words)
{
	static const struct {
		const char *file, *path;
		enum policy_provider_kind serves;
		uint16_t status;
	} files[] = {
		{ "recorded/ai-sdk/openai/chat/reasoning-model-legacy-parameter-error.json",
		  "/v1/chat/completions", SERVES_OPENAI, 400 },
		{ "recorded/ai-sdk/google/google-429-retry-info.json",
		  "/v1beta/models/m:generateContent", SERVES_GEMINI, 429 },
	};
	struct str claude = S("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
			      "\"This model does not support effort level 'xhigh'.\"},"
			      "\"request_id\":\"req_011Ca7jT9AHpgXgdv8igm4z9\"}");

	CHECK_STR(body_of(hear("/v1/messages", SERVES_ANTHROPIC, 400, claude)), claude);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		int fd = shared_open(files[i].file);
		if (fd < 0)
			continue;
		struct str body = shared_slurp(fd);
		struct str said = hear(files[i].path, files[i].serves, files[i].status, body);
		CHECK_STR(body_of(said), body);
		CHECK(str_has_prefix(said, files[i].status == 429 ? S("HTTP/1.1 429 ") : S("HTTP/1.1 400 ")));
		/* Another dialect gets its own shape. */
		said = body_of(hear("/v1/messages", files[i].serves, files[i].status, body));
		CHECK(str_has_prefix(said, S("{\"type\":\"error\",\"error\":{\"type\":\"")));
		free((char *)(uintptr_t)body.p);
	}
}

CASE(no_key_in_a_providers_words)
{
	struct str said = S("{\"error\":{\"message\":\"Incorrect API key provided: sk-ab***yz.\",\"x\":1}}");

	CHECK_STR(body_of(hear("/v1/chat/completions", SERVES_OPENAI, 400, said)),
		  S("{\"error\":{\"message\":\"Incorrect API key provided: [key removed]\",\"x\":1}}"));
	struct str other = body_of(hear("/v1/messages", SERVES_OPENAI, 400, said));
	CHECK(str_find(other, S("[key removed]")) != SIZE_MAX && str_find(other, S("sk-ab")) == SIZE_MAX);
	other = body_of(hear("/v1/chat/completions", SERVES_OPENAI, 401, said));
	CHECK(str_find(other, S("Incorrect")) == SIZE_MAX && str_find(other, S("credential")) != SIZE_MAX);
	/* What is not an error in the dialect's shape gets one. */
	other = body_of(hear("/v1/chat/completions", SERVES_OPENAI, 422, S("{\"detail\":\"no\"}")));
	CHECK(str_has_prefix(other, S("{\"error\":{\"message\":\"no\"")));
	other = body_of(hear("/v1/chat/completions", SERVES_OPENAI, 500, S("<html>")));
	CHECK(str_has_prefix(other, S("{\"error\":{\"message\":\"")));
}

/* The client asks for a stream and the provider begins one: the id of its call. */
static uint32_t begin_stream(void)
{
	static const char text[] = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
				   "content-length: 27\r\n\r\n{\"model\":\"m\",\"stream\":true}";
	struct call_head h = { .status = 200, .content_length = UINT64_MAX,
			       .replies[REPLY_CONTENT_TYPE] = S("text/event-stream") };

	fresh();
	gen.policy.num_retries = 0;
	CHECK(send(client, text, sizeof text - 1, 0) == sizeof text - 1);
	conn->watch.on_ready(&conn->watch, EPOLLIN);
	ingress_flush(&in);
	h.id = next_call();
	ring_commit(&answers, call_head_encode(&h, ring_reserve(&answers, call_head_size(&h))));
	return h.id;
}

/* Where in the ring the data lies. */
static char *say_data(uint32_t id, struct str data)
{
	struct frame f = { .type = FRAME_DATA, .id = id, .n = (uint32_t)data.n };
	char *p = ring_reserve(&answers, FRAME_HEADER + f.n);

	CHECK(p != NULL);
	uint32_t n = frame_encode(&f, p);
	memcpy(p + n, data.p, data.n);
	ring_commit(&answers, n + f.n);
	ring_publish(&answers);
	return p + n;
}

/* What was judged is what is sent, though egress writes over it as soon as ingress has looked. */
CASE(a_stream_that_changes_after_it_was_read)
{
	static char long_text[4000], answer[20000];
	struct str said = S("data: {\"choices\":[{\"delta\":{\"content\":\"honest\"}}]}\n\n");

	memset(long_text, ' ', sizeof long_text);
	memcpy(long_text + sizeof long_text - said.n, said.p, said.n);
	memcpy(long_text, ": ", 2); /* a comment: what is so long is not copied again to be sent */
	long_text[sizeof long_text - said.n - 1] = '\n';
	uint32_t id = begin_stream();
	char *first = say_data(id, said);
	char *second = say_data(id, (struct str){ long_text, sizeof long_text });
	CHECK(link_drain(in.link));
	memset(first, '!', said.n);
	memset(second, '!', sizeof long_text);
	ingress_flush(&in);
	ssize_t n = recv(client, answer, sizeof answer, 0);
	struct str got = { answer, n > 0 ? (size_t)n : 0 };
	CHECK(str_find(got, said) != SIZE_MAX);
	CHECK(str_find(got, (struct str){ long_text, sizeof long_text }) != SIZE_MAX);
	CHECK(str_find(got, S("!!!")) == SIZE_MAX);
	conn_kill(conn);
	reap();
	say_end(id, END_CANCELLED);
}

/* Egress sends so many bytes and gets no more credit; the status with which ingress ends. */
static int send_in_all(size_t all)
{
	static char piece[32 << 10];
	int status = 0;
	pid_t pid = fork();

	memset(piece, '\n', sizeof piece);
	if (pid == 0) {
		uint32_t id = begin_stream();
		for (size_t n; all; all -= n) {
			n = all < sizeof piece ? all : sizeof piece;
			(void)say_data(id, (struct str){ piece, n });
		}
		cancels = 0;
		conn_kill(conn); /* which ends no duty: what is under way still comes */
		reap();
		(void)link_drain(in.link);
		_exit(7);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

CASE(more_than_its_credit)
{
	fresh();
	CHECK(send_in_all(LIMIT_STREAM_CREDIT) == 7);
	CHECK(send_in_all(LIMIT_STREAM_CREDIT + 1) == START_EXIT_BLAMES_PEER);
}

TESTS(CASE_ROW(a_stream_that_changes_after_it_was_read), CASE_ROW(a_providers_own_words), CASE_ROW(no_key_in_a_providers_words),
      CASE_ROW(a_refused_credential),
      CASE_ROW(a_clients_own_hurry_cools_nothing_down), CASE_ROW(a_name_behind_a_wildcard_cools_nothing_down),
      CASE_ROW(a_deployment_has_its_own_number_of_retries), CASE_ROW(a_cancelled_body_waits_for_its_end), CASE_ROW(a_failed_call_is_tried_elsewhere),
      CASE_ROW(what_finds_no_room_in_the_ring_is_told_later),
      CASE_ROW(egress_is_started_anew), CASE_ROW(a_client_cannot_ask_for_endless_retries),
      CASE_ROW(nobody_pays_for_the_slot_s_last_key), CASE_ROW(a_call_has_room_for_its_record), CASE_ROW(a_turn_that_runs_out_of_memory_ends_early),
      CASE_ROW(an_announced_body_is_no_body), CASE_ROW(a_body_is_measured_by_its_own_policy),
      CASE_ROW(more_than_its_credit)) /* last: its children write into our rings */
