/*
 * tests/unit/admin/admin_test.c - the admin process as it is built, in its jail, with real parts of keeper behind
 * it and HTTP in front; then `yett key`, `yett usage` and `yett audit` against the same keeper.
 */
#include "base/rd.h"
#include "crypto/sha256.h"
#include "keeper/keeper.h"
#include "proto/policy.h"
#include "proto/start.h"
#include "proto/status.h"
#include "sys/fs.h"
#include "sys/spawn.h"

#include "../check.h"
#include "../tempdir.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

static char dir[64], bin_admin[512], bin_yett[512];
static pid_t keeper_pid, admin_pid;
static struct listen_addr at, handed_at;
static int handed_fd = -1; /* plays the inference port */
static struct buf reply;
static unsigned status;
static bool here;

/* ---- keeper, as far as admin and the command see it ---- */

static void serve_one(struct keeper *k, struct peer *p)
{
	struct ipc_msg m;

	while (ipc_recv(p->watch.fd, &k->in, &m) == OK) {
		if (m.type == MSG_STATUS) {
			static struct status s;
			struct buf b;
			buf_init(&b, LIMIT_CONTROL);
			s.version = S("test");
			s.n = 1;
			s.children[0] = (struct status_child){ .role = S("ingress"), .phase = STATUS_RUNNING, .restarts = 3 };
			status_encode(&s, &b);
			peer_reply(p, m.seq, OK, NULL, buf_str(&b));
			buf_free(&b);
		} else if (m.type >= MSG_KEY_CREATE && m.type <= MSG_USAGE_SUMMARY) {
			if (parts_request(k, p, &m) != OK)
				_exit(3);
		}
		ipc_close_fds(&m);
	}
}

/* What ingress does with a client that asks for an admin path: bytes and socket go over. */
static void hand_over(int control)
{
	char bytes[4096];
	struct buf b;
	int fd;

	if (listen_accept(handed_fd, &fd, NULL) != OK)
		return;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = poll(&p, 1, 2000) == 1 ? read(fd, bytes, sizeof bytes) : -1;
	buf_init(&b, LIMIT_CONTROL);
	wr_str(&b, (struct str){ bytes, n > 0 ? (size_t)n : 0 });
	if (ipc_send(control, MSG_HANDOFF, 0, buf_str(&b), &fd, 1) != OK)
		_exit(4);
	buf_free(&b);
	(void)close(fd);
}

static void be_keeper(int control)
{
	static struct keeper k;
	static struct peer admin, client;
	char path[128];
	struct diag d;
	int listen_fd;

	(void)snprintf(k.data, sizeof k.data, "%s", dir);
	k.workers = 1;
	k.counters = calloc(1, sizeof *k.counters);
	buf_init(&k.in, LIMIT_CONTROL);
	(void)snprintf(path, sizeof path, "%s/control.sock", dir);
	if (fs_mkdirs(dir, &d) != OK || parts_open(&k, &d) != OK || ipc_listen(path, &listen_fd, &d) != OK) {
		fprintf(stderr, "keeper: %s\n", d.text);
		_exit(2);
	}
	admin = (struct peer){ .watch.fd = control, .keeper = &k, .role = R_ADMIN, .phase = P_RUN };
	client = (struct peer){ .watch.fd = -1, .keeper = &k, .role = R_CLI, .phase = P_RUN };
	buf_init(&admin.unsent, 1 << 20);
	buf_init(&client.unsent, 1 << 20);
	(void)fcntl(listen_fd, F_SETFL, O_NONBLOCK);
	for (;;) {
		struct pollfd p[] = { { .fd = control, .events = POLLIN }, { .fd = listen_fd, .events = POLLIN },
				      { .fd = client.watch.fd, .events = POLLIN } };
		(void)poll(p, 3, 50);
		(void)parts_tick(&k, false);
		if (p[0].revents & POLLHUP)
			_exit(0);
		serve_one(&k, &admin);
		hand_over(control);
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			if (client.watch.fd >= 0)
				(void)close(client.watch.fd);
			client.watch.fd = fd;
		}
		if (client.watch.fd >= 0)
			serve_one(&k, &client);
	}
}

/* ---- start and stop ---- */

static int policy_fd(void)
{
	struct policy p = { .has_master = true, .key_header = S(""), .price_version = S("test") };
	struct policy_deployment dep = { .id = S("dep-1"), .provider = S("openai"), .upstream_model = S("gpt-4o"),
					 .base_model = S(""), .max_retries = -1, .cooldown_ms = UINT32_MAX,
					 .price = { 2500000, 10000000, -1, -1, -1 } };
	uint32_t index = 0;
	struct policy_model model = { .name = S("public"), .deployments = &index, .n_deployments = 1 };
	struct diag d;
	struct buf b;
	int fd = -1;

	sha256(S("sk-master"), p.master_hash);
	p.deployments = &dep;
	p.models = &model;
	p.n_deployments = p.n_models = p.n_exact = 1;
	p.max_body_bytes = 1 << 20;
	buf_init(&b, 1 << 20);
	policy_encode(&p, &b);
	CHECK(fs_memfd("policy", buf_str(&b), &fd, &d) == OK);
	buf_free(&b);
	return fd;
}

static void find_programs(void)
{
	char self[400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	CHECK(n > 0);
	self[n > 0 ? n : 0] = '\0';
	char *cut = strstr(self, "/unit/");
	CHECK(cut != NULL);
	if (cut)
		*cut = '\0';
	(void)snprintf(bin_admin, sizeof bin_admin, "%s/libexec/yett/admin", self);
	(void)snprintf(bin_yett, sizeof bin_yett, "%s/bin/yett", self);
	here = access(bin_admin, X_OK) == 0 && access(bin_yett, X_OK) == 0;
	if (!here)
		printf("skipped: '%s' and '%s' are not built\n", bin_admin, bin_yett);
}

CASE(begin)
{
	int control[2] = { -1, -1 }, listen_fd = -1, policy = policy_fd();
	struct diag d;

	find_programs();
	buf_init(&reply, 16 << 20);
	(void)snprintf(dir, sizeof dir, "%s", tempdir());
	if (!here)
		return;
	CHECK(ipc_pair(control, &d) == OK);
	CHECK(listen_parse(S("127.0.0.1:0"), &at, &d) == OK && listen_open(&at, 16, &listen_fd, &d) == OK);
	CHECK(listen_parse(S("127.0.0.1:0"), &handed_at, &d) == OK &&
	      listen_open(&handed_at, 16, &handed_fd, &d) == OK);
	int start[] = { control[1], listen_fd, policy };
	struct spawn s = { .path = bin_admin, .argv = { "admin", "0", NULL }, .fds = start, .n_fds = 3, .stderr_fd = -1 };
	int pidfd;
	CHECK(spawn_child(&s, &admin_pid, &pidfd, &d) == OK);
	CHECK(ipc_send(control[0], MSG_POLICY, 0, S(""), &policy, 1) == OK);
	keeper_pid = fork();
	if (keeper_pid == 0)
		be_keeper(control[0]);
	(void)close(control[0]);
	(void)close(control[1]);
	(void)close(listen_fd);
	(void)close(handed_fd);
	(void)close(policy);
}

CASE(end)
{
	if (here) {
		(void)kill(keeper_pid, SIGKILL);
		(void)waitpid(keeper_pid, NULL, 0);
		int st = -1;
		CHECK(waitpid(admin_pid, &st, 0) == admin_pid && WIFEXITED(st) && WEXITSTATUS(st) == 0);
	}
	buf_free(&reply);
}

/* ---- HTTP ---- */

static void exchange(struct str request)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	buf_reset(&reply);
	status = 0;
	CHECK(connect(fd, &at.sa, at.n) == 0 && fs_write_all(fd, request) == OK);
	while (poll(&p, 1, 5000) == 1) {
		char *room = buf_room(&reply, 4096);
		ssize_t n = room ? read(fd, room, 4096) : 0;
		if (n <= 0)
			break;
		buf_grew(&reply, (size_t)n);
	}
	(void)close(fd);
	if (reply.n > 12 && memcmp(reply.p, "HTTP/1.1 ", 9) == 0)
		status = (unsigned)(reply.p[9] - '0') * 100 + (unsigned)(reply.p[10] - '0') * 10 +
			 (unsigned)(reply.p[11] - '0');
}

static void call(const char *method, const char *path, const char *key, const char *body)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_addf(&b, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", method, path);
	if (key)
		buf_addf(&b, "Authorization: Bearer %s\r\n", key);
	if (body)
		buf_addf(&b, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
	buf_addf(&b, "\r\n%s", body ? body : "");
	exchange(buf_str(&b));
	buf_free(&b);
}

static bool says(const char *text)
{
	return str_find(buf_str(&reply), str_z(text)) != SIZE_MAX;
}

/* The string that follows "name":" in the reply. */
static void pick(const char *name, char *out, size_t cap)
{
	char key[64];
	int n = snprintf(key, sizeof key, "\"%s\":\"", name);
	size_t i = str_find(buf_str(&reply), (struct str){ key, (size_t)n });
	size_t k = 0;

	CHECK(i != SIZE_MAX);
	if (i != SIZE_MAX)
		for (i += (size_t)n; i < reply.n && reply.p[i] != '"' && k + 1 < cap; i++)
			out[k++] = reply.p[i];
	out[k] = '\0';
}

static char secret[80], hash[80];

CASE(health_and_auth)
{
	if (!here)
		return;
	call("GET", "/health/liveliness", NULL, NULL);
	CHECK(status == 200 && says("I'm alive!"));
	call("GET", "/health/readiness", NULL, NULL);
	CHECK(status == 200 && says("\"db\":\"connected\""));
	call("GET", "/metrics", NULL, NULL);
	CHECK(status == 200 && says("yett_keys 0") && says("yett_restarts_total{role=\"ingress\",worker=\"0\"} 3"));
	call("GET", "/key/list", NULL, NULL);
	CHECK(status == 401 && says("\"type\":\"auth_error\"") && says("\"code\":\"401\""));
	call("GET", "/key/list", "sk-wrong", NULL);
	CHECK(status == 403);
	call("GET", "/nothing", "sk-master", NULL);
	CHECK(status == 404);
	call("GET", "/key/generate", "sk-master", NULL);
	CHECK(status == 405);
	exchange(S("GET /key/list HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"));
	CHECK(status == 400);
	exchange(S("POST /key/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"));
	CHECK(status == 413);
	exchange(S("POST /key/generate HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"));
	CHECK(status == 415);
}

CASE(a_key_lives)
{
	char path[200], second[80];

	if (!here)
		return;
	call("POST", "/key/generate", "sk-master",
	     "{\"key_alias\":\"bot\",\"models\":[\"gpt-4o\"],\"duration\":\"30d\",\"max_budget\":1.5,"
	     "\"budget_duration\":\"7d\",\"rpm_limit\":60,\"metadata\":{\"a\":\"b\"},\"send_invite_email\":true}");
	CHECK(status == 200 && says("x-yett-ignored: send_invite_email") && says("\"max_budget\":1.5"));
	CHECK(says("\"budget_duration\":\"7d\"") && says("\"metadata\":{\"a\":\"b\"}") && says("\"tpm_limit\":null"));
	pick("key", secret, sizeof secret);
	pick("token", hash, sizeof hash);
	CHECK(strlen(secret) == 46 && memcmp(secret, "sk-", 3) == 0 && strlen(hash) == 64);
	call("POST", "/key/generate", "sk-master", "{\"key_alias\":\"bot\"}");
	CHECK(status == 409);
	call("POST", "/key/generate", "sk-master", "{\"key_alias\":\"mine\",\"key\":\"sk-mine-567890-1234\"}");
	CHECK(status == 200 && says("\"key\":\"sk-mine-567890-1234\"") && says("\"key_name\":\"sk-...1234\""));

	(void)snprintf(path, sizeof path, "/key/info?key=%s", secret);
	call("GET", path, "sk-master", NULL);
	CHECK(status == 200 && says("\"key_alias\":\"bot\"") && says("\"spend\":0") && says("\"info\":{"));
	call("GET", path, secret, NULL);
	CHECK(status == 200 && says("\"key_alias\":\"bot\""));
	call("GET", "/key/info", secret, NULL);
	CHECK(status == 200 && says(hash));
	call("GET", path, "sk-mine-567890-1234", NULL);
	CHECK(status == 403);
	call("GET", "/key/info?key=sk-not-there", "sk-mine-567890-1234", NULL);
	CHECK(status == 403);
	call("GET", "/key/info?key=sk-not-there", "sk-master", NULL);
	CHECK(status == 404);

	call("POST", "/key/update", "sk-master", "{\"key\":\"sk-mine-567890-1234\",\"rpm_limit\":5,\"max_budget\":null}");
	CHECK(status == 200 && says("\"rpm_limit\":5") && says("\"key_alias\":\"mine\""));
	call("POST", "/key/block", "sk-master", "{\"key\":\"sk-mine-567890-1234\"}");
	CHECK(status == 200 && says("\"blocked\":true"));
	call("POST", "/key/unblock", "sk-master", "{\"key\":\"sk-mine-567890-1234\"}");
	CHECK(status == 200 && says("\"blocked\":false"));

	call("GET", "/key/list", "sk-master", NULL);
	CHECK(status == 200 && says("\"total_count\":2") && says(hash));
	call("GET", "/key/list?page=2&size=1&return_full_object=true", "sk-master", NULL);
	CHECK(status == 200 && says("\"current_page\":2") && says("\"total_pages\":2") && says("mine") && !says("bot"));
	call("GET", "/key/list?key_alias=bot&return_full_object=true", "sk-master", NULL);
	CHECK(status == 200 && says("\"total_count\":1") && says("bot"));

	(void)snprintf(path, sizeof path, "/key/%s/regenerate", secret);
	call("POST", path, "sk-master", "{\"rpm_limit\":7}");
	CHECK(status == 200 && says("\"rpm_limit\":7"));
	pick("key", second, sizeof second);
	CHECK(strcmp(second, secret) != 0);
	call("GET", "/key/info", secret, NULL);
	CHECK(status == 403);
	call("GET", "/key/info", second, NULL);
	CHECK(status == 200 && says("bot"));

	call("POST", "/key/delete", "sk-master", "{\"key_aliases\":[\"mine\"]}");
	CHECK(status == 200 && says("{\"deleted_keys\":[\"mine\"]}"));
	call("POST", "/key/delete", "sk-master", "{\"keys\":[\"sk-gone\"]}");
	CHECK(status == 404);
}

/* Nothing but the table's members reaches a key, and what would narrow it is not dropped. */
CASE(hostile_bodies)
{
	static const char *const bad[] = {
		"{\"id\":1}", "{\"spent_pico\":0}", "{\"user_role\":\"proxy_admin\"}", "[]", "{\"models\":\"all\"}", "{",
		"{\"rpm_limit\":-1}", "{\"rpm_limit\":1.5}", "{\"max_budget\":\"1\"}", "{\"max_budget\":1e30}",
		"{\"duration\":\"soon\"}", "{\"metadata\":[]}", "{\"blocked\":1}", "{\"key_alias\":\"a\\u0000b\"}",
		"{\"key_alias\":1}", "{\"models\":[\"\"]}", "{\"rpm_limit\":1,\"rpm_limit\":2}", "{\"key\":\"short\"}",
		"{\"key\":\"sk-with space\"}", "{\"model_max_budget\":{\"gpt-4\":1}}", "{\"allowed_routes\":[\"/x\"]}",
		"{\"permissions\":{\"a\":true}}", "{\"models\":[\"a\\nb\"]}",
	};

	for (size_t i = 0; here && i < sizeof bad / sizeof bad[0]; i++) {
		call("POST", "/key/generate", "sk-master", bad[i]);
		CHECK((status == 400 || status == 413) && says("\"error\":{"));
		if (status != 400 && status != 413)
			fprintf(stderr, "accepted: %s -> %u\n", bad[i], status);
	}
	if (!here)
		return;
	call("POST", "/key/generate", "sk-master", "{\"model_max_budget\":{},\"guardrails\":null,\"key_alias\":\"fine\"}");
	CHECK(status == 200);
	call("POST", "/key/delete", "sk-master", "{\"key_aliases\":[\"fine\"]}");
	CHECK(status == 200);
	exchange(S("POST /key/delete HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-master\r\n"
		   "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
		   "5\r\n{\"key\r\n11\r\ns\":[\"sk-absent\"]}\r\n0\r\n\r\n"));
	CHECK(status == 404);
}

CASE(two_on_one_connection)
{
	if (!here)
		return;
	exchange(S("GET /health/liveness HTTP/1.1\r\nHost: x\r\n\r\n"
		   "GET /health/readiness HTTP/1.1\r\nHost: x\r\n\r\n"
		   "GET /health/liveness HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
	size_t n = 0;
	for (struct str rest = buf_str(&reply); rest.n;) {
		size_t i = str_find(rest, S("HTTP/1.1 200 OK"));
		if (i == SIZE_MAX)
			break;
		n++;
		rest = str_tail(rest, i + 1);
	}
	CHECK(n == 3);
}

/* What the request in hand points to stays where it is while keeper is asked. */
CASE(more_comes_while_keeper_is_asked)
{
	static const char update[] = "{\"key\":\"patient\",\"metadata\":{\"said\":\"what was said first\"}}";
	static char more[100000];
	struct buf b;

	if (!here)
		return;
	call("POST", "/key/generate", "sk-master", "{\"key_alias\":\"patient\"}");
	CHECK(status == 200);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	CHECK(connect(fd, &at.sa, at.n) == 0 && kill(keeper_pid, SIGSTOP) == 0);
	buf_init(&b, 1 << 20);
	buf_addf(&b, "POST /key/update HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-master\r\n"
		     "Content-Length: %zu\r\n\r\n%s", sizeof update - 1, update);
	CHECK(fs_write_all(fd, buf_str(&b)) == OK);
	CHECK(poll(&p, 1, 200) == 0); /* time enough to be read */
	memset(more, ' ', sizeof more);
	buf_reset(&b);
	buf_addf(&b, "POST /key/list HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
		 sizeof more);
	buf_add(&b, (struct str){ more, sizeof more });
	CHECK(fs_write_all(fd, buf_str(&b)) == OK);
	CHECK(poll(&p, 1, 200) == 0 && kill(keeper_pid, SIGCONT) == 0);
	buf_reset(&reply);
	for (char *room; poll(&p, 1, 30000) == 1 && (room = buf_room(&reply, 4096)) != NULL;) {
		ssize_t n = read(fd, room, 4096);
		if (n <= 0)
			break;
		buf_grew(&reply, (size_t)n);
	}
	CHECK(says("HTTP/1.1 200 OK") && says("\"said\":\"what was said first\"") && says("HTTP/1.1 405 "));
	(void)close(fd);
	buf_free(&b);
}

/* A client of the inference port gets one answer, and its connection is closed. */
CASE(handed_over)
{
	struct listen_addr admin_at = at;

	if (!here)
		return;
	at = handed_at;
	exchange(S("GET /key/list HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-master\r\n\r\n"
		   "GET /key/list HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-master\r\n\r\n"));
	CHECK(status == 200 && says("connection: close") && says("total_count"));
	size_t first = str_find(buf_str(&reply), S("HTTP/1.1"));
	CHECK(str_find(str_tail(buf_str(&reply), first + 1), S("HTTP/1.1")) == SIZE_MAX);
	call("GET", "/key/list", "sk-wrong", NULL);
	CHECK(status == 403);
	at = admin_at;
}

/* put_calls writes n calls as ingress does, each of so many models once, then again apart_ms later. */
static void put_calls(uint32_t n, int64_t apart_ms, unsigned models)
{
	char path[128], model[80];

	(void)snprintf(path, sizeof path, "%s/usage/0", dir);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct usage_file *f = mmap(NULL, sizeof *f, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(fd >= 0 && f != MAP_FAILED);
	for (uint32_t i = 0; i < n; i++) {
		int64_t ms = 1763900000000 + i + i / models * apart_ms;
		struct usage_record r = { .key = 1, .start_ms = ms, .end_ms = ms + 500, .status = 200,
					  .attempts = 1, .input = 10, .output = 5, .cost_pico = 1000000000 };
		char id[32];
		(void)snprintf(id, sizeof id, "req-%04u", i);
		usage_text(r.request_id, USAGE_ID, str_z(id));
		(void)snprintf(model, sizeof model, models == 1 ? "public" : "%060u", i % models);
		usage_text(r.model_asked, USAGE_TEXT, str_z(model));
		usage_text(r.model_served, USAGE_TEXT, S("gpt-4o"));
		usage_text(r.deployment, USAGE_TEXT, S("dep-1"));
		CHECK(usage_put(f, &r) == OK);
	}
	(void)munmap(f, sizeof *f);
	(void)close(fd);
}

/* The sums of a day are told whole, once. */
static bool days(const char *day, const char *spend)
{
	char text[64];
	size_t begin, end;

	(void)snprintf(text, sizeof text, "{\"startTime\":\"%s\"", day);
	begin = str_find(buf_str(&reply), str_z(text));
	if (begin == SIZE_MAX)
		return false;
	struct str rest = str_tail(buf_str(&reply), begin + 1);
	end = str_find(rest, S("{\"startTime\""));
	rest = str_head(rest, end == SIZE_MAX ? rest.n : end);
	(void)snprintf(text, sizeof text, "\"spend\":%s}", spend);
	return str_find(rest, str_z(text)) != SIZE_MAX;
}

CASE(reports)
{
	if (!here)
		return;
	put_calls(300, 0, 1);
	call("GET", "/spend/logs?request_id=req-0007", "sk-master", NULL);
	CHECK(status == 200 && says("\"request_id\":\"req-0007\"") && says("\"spend\":0.001") && !says("req-0008"));
	CHECK(says("\"total_tokens\":15") && says("\"startTime\":\"2025-11-23T12:13:20.007Z\""));
	call("GET", "/spend/logs", "sk-master", NULL);
	CHECK(status == 200 && says("req-0000") && says("req-0299"));
	call("GET", "/spend/logs?start_date=2025-11-23&end_date=2025-11-23", "sk-master", NULL);
	CHECK(status == 200 && says("[{\"startTime\":\"2025-11-23\",\"users\":{},\"models\":{\"public\":0.3},\"spend\":0.3}]"));
	call("GET", "/spend/logs?start_date=2025-11-24", "sk-master", NULL);
	CHECK(status == 200 && says("\r\n\r\n[]"));
	put_calls(3000, 86400000, 60); /* fifty days, of which one message does not hold the sums */
	call("GET", "/spend/logs?start_date=2025-11-23&end_date=2026-12-31", "sk-master", NULL);
	CHECK(status == 200);
	CHECK(days("2025-11-23", "0.36") && days("2025-11-24", "0.06") && days("2026-01-11", "0.06") && !days("2026-01-12", "0.06"));
	unsigned n = 0;
	for (struct str s = buf_str(&reply); str_find(s, S("startTime")) != SIZE_MAX; n++)
		s = str_tail(s, str_find(s, S("startTime")) + 1);
	CHECK(n == 50);
	call("GET", "/spend/logs?start_date=yesterday", "sk-master", NULL);
	CHECK(status == 400);
	call("GET", "/v1/model/info", "sk-master", NULL);
	CHECK(status == 200 && says("\"model_name\":\"public\"") && says("\"model\":\"openai/gpt-4o\""));
	CHECK(says("\"input_cost_per_token\":0.0000025") && !says("api_base"));
}

/* ---- the command ---- */

static int yett(const char *const *argv)
{
	const char *args[24] = { "yett" };
	int fds[2], st = 0, n = 1;
	struct buf *b = &reply;

	buf_reset(b);
	CHECK(pipe(fds) == 0);
	for (; argv[n - 1]; n++)
		args[n] = argv[n - 1];
	args[n++] = "--data";
	args[n] = dir;
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], 1);
		(void)close(fds[0]);
		int null = open("/dev/null", O_RDWR);
		(void)dup2(null, 2);
		(void)execv(bin_yett, (char *const *)(uintptr_t)args);
		_exit(127);
	}
	(void)close(fds[1]);
	for (;;) {
		char *room = buf_room(b, 4096);
		ssize_t got = room ? read(fds[0], room, 4096) : 0;
		if (got <= 0)
			break;
		buf_grew(b, (size_t)got);
	}
	(void)close(fds[0]);
	CHECK(waitpid(pid, &st, 0) == pid && WIFEXITED(st));
	return WEXITSTATUS(st);
}

#define YETT(...) yett((const char *const[]){ __VA_ARGS__, NULL })

CASE(command)
{
	if (!here)
		return;
	CHECK(YETT("key", "create", "--alias", "cli", "--models", "a,b", "--max-budget", "2.5", "--json") == 0);
	CHECK(says("\"alias\":\"cli\"") && says("\"max_budget\":2.5") && says("\"models\":[\"a\",\"b\"]"));
	pick("key", secret, sizeof secret);
	CHECK(YETT("key", "create", "--alias", "cli") == 65);
	CHECK(YETT("key", "create", "--rpm", "many") == 64);
	CHECK(YETT("key", "list") == 0 && says("cli") && says("bot"));
	CHECK(YETT("key", "list", "--json") == 0 && says("\"alias\":\"bot\"") && !says(secret));
	CHECK(YETT("key", "show", secret) == 0 && says("cli"));
	CHECK(YETT("key", "block", "cli", "--json") == 0 && says("\"blocked\":true"));
	CHECK(YETT("key", "unblock", "cli", "--json") == 0 && says("\"blocked\":false"));
	CHECK(YETT("key", "rotate", "cli", "--json") == 0 && says("\"key\":\"sk-") && !says(secret));
	CHECK(YETT("key", "delete", "cli") == 0);
	CHECK(YETT("key", "show", "cli") == 66);
	CHECK(YETT("usage", "--by", "key,day", "--json") == 0 && says("\"calls\":360") && says("\"alias\":\"bot\""));
	CHECK(says("\"cost\":0.3") && says("\"day\":\"2025-11-23\""));
	CHECK(YETT("usage") == 0 && says("public"));
	CHECK(YETT("usage", "--by", "colour") == 64);
}

/* No byte of the log can change, nor its end be cut, without `audit verify` seeing it. */
static void spoil(const char *path, off_t size)
{
	const off_t places[] = { 0, size / 3, size / 2, size - 1 };
	int fd = open(path, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	for (size_t i = 0; i < 4; i++) {
		char c = 0;
		CHECK(pread(fd, &c, 1, places[i]) == 1);
		c ^= 1;
		CHECK(pwrite(fd, &c, 1, places[i]) == 1);
		int rc = YETT("audit", "verify");
		CHECK(rc == 77);
		if (rc != 77)
			fprintf(stderr, "not seen: byte %ld of '%s', %d\n", (long)places[i], path, rc);
		c ^= 1;
		CHECK(pwrite(fd, &c, 1, places[i]) == 1);
	}
	char last = 0;
	CHECK(pread(fd, &last, 1, size - 1) == 1 && ftruncate(fd, size - 1) == 0);
	/* The key's line means the same without its newline. */
	CHECK(YETT("audit", "verify") != 0 || strstr(path, "audit.pub") != NULL);
	CHECK(pwrite(fd, &last, 1, size - 1) == 1 && YETT("audit", "verify") == 0);
	(void)close(fd);
}

static unsigned spoiled;

static int on_file(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)where;
	if (type == FTW_F && st->st_size > 0 && strstr(path, "/spare.") == NULL) {
		spoil(path, st->st_size);
		spoiled++;
	}
	return 0;
}

static unsigned spoil_all(void)
{
	char path[160];

	(void)snprintf(path, sizeof path, "%s/audit", dir);
	CHECK(nftw(path, on_file, 8, FTW_PHYS) == 0);
	return spoiled;
}

CASE(audit)
{
	if (!here)
		return;
	(void)usleep(1500000); /* the log is published once a second */
	CHECK(YETT("audit", "verify", "--json") == 0 && says("\"ok\":true"));
	CHECK(YETT("audit", "export") == 0 && says("\"type\":\"key.create\"") && says("\"request\":\"req-0299\""));
	CHECK(says("\"type\":\"key.rotate\"") && says("\"actor\":\"cli\"") && says("\"actor\":\"admin\"") && !says(secret));
	CHECK(spoil_all() >= 7);
}

TESTS(CASE_ROW(begin), CASE_ROW(health_and_auth), CASE_ROW(a_key_lives), CASE_ROW(hostile_bodies),
      CASE_ROW(two_on_one_connection),
      CASE_ROW(more_comes_while_keeper_is_asked), CASE_ROW(handed_over), CASE_ROW(reports), CASE_ROW(command), CASE_ROW(audit), CASE_ROW(end))
