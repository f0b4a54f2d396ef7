/*
 * tests/unit/keeper/rules_test.c - the permission table as text, for every message, role and phase, against
 * tests/golden/keeper/rules.txt (UPDATE=1 rewrites it); and the loader's report.
 * Proves T-03.
 */
#include "keeper/loader.h"
#include "keeper/supervise.h"

#include "sys/fs.h"
#include "sys/secret.h"

#include "../check.h"

static const char *const role_names[ROLE_COUNT] = { "ingress", "egress", "admin", "cli" };
static const char *const phase_names[PHASE_COUNT] = { "none", "boot", "run", "drain" };

#define X(name, from, body) #name,
static const char *const message_names[MSG_COUNT] = { "MSG_NONE", CONTROL_MESSAGES(X) };
#undef X

/* Nothing gets past the table here, so nothing of what keeper keeps is needed. */
enum err parts_request(struct keeper *k, struct peer *from, const struct ipc_msg *m)
{
	(void)k;
	(void)from;
	(void)m;
	abort();
}

void parts_recount(struct keeper *k)
{
	(void)k;
}

enum err parts_next_key(struct keeper *k, uint32_t *cursor, struct buf *out)
{
	(void)k;
	(void)cursor;
	(void)out;
	abort();
}

const char *parts_trouble(const struct keeper *k)
{
	(void)k;
	return NULL;
}

void parts_event(struct keeper *k, const char *what, const char *text)
{
	(void)k;
	(void)what;
	(void)text;
	abort();
}

/* verdict asks the table with a body that is too large for any row: who gets so far may speak. */
static const char *verdict(uint16_t type, enum role role, enum phase phase)
{
	static const char body[LIMIT_CONTROL];
	struct peer from = { .role = role, .phase = phase };
	struct ipc_msg m = { .type = type, .body = { body, sizeof body } };
	const char *why = NULL;

	CHECK(!rules_handle(NULL, &from, &m, &why));
	return why;
}

static void write_row(struct buf *out, uint16_t type)
{
	buf_addf(out, "%-18s", message_names[type]);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned phase = 0; phase < PHASE_COUNT; phase++)
			if (strcmp(verdict(type, (enum role)role, (enum phase)phase), "is too large") == 0)
				buf_addf(out, " %s:%s", role_names[role], phase_names[phase]);
	buf_addc(out, '\n');
}

CASE(who_may_say_what)
{
	static const char path[] = "tests/golden/keeper/rules.txt";
	struct buf now, golden;

	buf_init(&now, 1 << 16);
	buf_init(&golden, 1 << 16);
	for (uint16_t type = 0; type < MSG_COUNT; type++)
		write_row(&now, type);
	for (unsigned type = MSG_COUNT; type <= UINT16_MAX; type++)
		CHECK(strcmp(verdict((uint16_t)type, R_ADMIN, P_RUN), "nobody may say to keeper") == 0);
	if (getenv("UPDATE") != NULL)
		CHECK(fs_write(path, buf_str(&now), 0644, NULL) == OK);
	CHECK(fs_read(path, 0, &golden, NULL) == OK);
	CHECK_STR(buf_str(&now), buf_str(&golden));
	buf_free(&now);
	buf_free(&golden);
}

CASE(descriptors_that_no_row_wants_are_a_violation)
{
	struct peer from = { .role = R_CLI, .phase = P_RUN };
	struct ipc_msg m = { .type = MSG_STATUS, .n_fds = 1 };
	const char *why = NULL;

	CHECK(!rules_handle(NULL, &from, &m, &why) && strstr(why, "descriptors") != NULL);
	from.role = R_INGRESS;
	m = (struct ipc_msg){ .type = MSG_HANDOFF, .n_fds = 0 };
	CHECK(!rules_handle(NULL, &from, &m, &why) && strstr(why, "descriptors") != NULL);
}

CASE(a_report_arrives_whole_or_not)
{
	struct loaded l = { .listen = S("127.0.0.1:1"), .admin = S("x"), .workers = 3, .drain_ms = 9, .max_parallel = 8,
			    .config_hash = { 1, 2, 3 }, .warning = S("mind"), .n_warnings = 2 };
	struct loaded back;
	struct buf b;

	buf_init(&b, 4096);
	loaded_encode(&l, &b);
	CHECK(loaded_decode(&back, buf_str(&b)) == OK);
	CHECK_STR(back.listen, l.listen);
	CHECK_STR(back.warning, l.warning);
	CHECK(back.workers == 3 && back.drain_ms == 9 && back.max_parallel == 8 && back.n_warnings == 2 && back.config_hash[2] == 3);
	for (size_t n = 0; n < b.n; n++)
		CHECK(loaded_decode(&back, str_head(buf_str(&b), n)) == ERR_SYNTAX);
	buf_free(&b);
}

extern char **environ;

CASE(the_environment_moves_and_is_wiped)
{
	char planted[] = "YETT_PLANTED=sk-secret", empty[] = "EMPTY=", bare[] = "NOVALUE";
	char *mine[] = { planted, empty, bare, NULL };
	char **was = environ;
	struct str map;
	int fd;

	environ = mine;
	enum err e = env_take(&fd, NULL);
	environ = was;
	CHECK(e == OK && mine[0] == NULL);
	for (size_t i = 0; i < sizeof planted; i++)
		CHECK(planted[i] == '\0');
	CHECK(secret_map(fd, &map, NULL) == OK);
	CHECK_STR(env_get(map, S("YETT_PLANTED")), S("sk-secret"));
	CHECK(env_get(map, S("EMPTY")).p != NULL && env_get(map, S("EMPTY")).n == 0);
	CHECK(env_get(map, S("NOVALUE")).p == NULL && env_get(map, S("YETT")).p == NULL);
	CHECK(env_get(map, S("")).p == NULL);
	secret_unmap(map);
	(void)close(fd);
}

TESTS(CASE_ROW(who_may_say_what), CASE_ROW(descriptors_that_no_row_wants_are_a_violation),
      CASE_ROW(a_report_arrives_whole_or_not), CASE_ROW(the_environment_moves_and_is_wiped))
