/* tests/system/subverted/keeper.c - messages to keeper that an ingress may not say, and lies in shared files. */
#include "subverted.h"

#include "proto/counters.h"
#include "proto/usage.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static void ask(struct world *w, uint16_t type, struct str body, const int *fds, unsigned n_fds)
{
	enum err e = ipc_send(START_CONTROL, type, 9, body, fds, n_fds);

	if (e != OK)
		said("cannot even send: %s", err_text(e));
	said("%s", world_listen(w, 2000) ? "keeper answered" : w->keeper_gone ? "keeper gone" : "nothing");
}

static void key_create(struct world *w)
{
	static struct control_key k = { .rpm = -1, .tpm = -1, .parallel = -1, .budget_pico = -1, .soft_budget_pico = -1 };
	struct buf b;

	buf_init(&b, LIMIT_CONTROL);
	control_key_encode(&k, &b);
	buf_addc(&b, '\0');
	buf_add(&b, (struct str){ "\0\0\0\0", 4 });
	ask(w, MSG_KEY_CREATE, buf_str(&b), NULL, 0);
}

#define ASK(fn, type, body)                                                                                \
	static void fn(struct world *w)                                                                  \
	{                                                                                                \
		ask(w, type, body, NULL, 0);                                                             \
	}
ASK(reload, MSG_RELOAD, S(""))
ASK(stop, MSG_STOP, S(""))
ASK(status, MSG_STATUS, S(""))
ASK(key_list, MSG_KEY_LIST, ((struct str){ "\0\0\0\0\xff\0\0\0", 8 }))
ASK(spend_logs, MSG_SPEND_LOGS, S(""))
ASK(policy_said, MSG_POLICY, S(""))
ASK(reply_said, MSG_REPLY, ((struct str){ "\0\0\0\0\0\0\0\0", 8 }))
ASK(unknown, 999, S("x"))
ASK(drained, MSG_DRAINED, S(""))
ASK(ready_again, MSG_READY, ((struct str){ "\1\0\0\0", 4 }))
ASK(ready_long, MSG_READY, S("12345"))

static void handoff_none(struct world *w)
{
	ask(w, MSG_HANDOFF, ((struct str){ "\0\0\0\0", 4 }), NULL, 0);
}

static void handoff_two(struct world *w)
{
	const int fds[] = { START_ARENA, START_USAGE };

	ask(w, MSG_HANDOFF, ((struct str){ "\0\0\0\0", 4 }), fds, 2);
}

/* Descriptors that are no client's: admin must live through them. */
static void handoff_others(struct world *w)
{
	static const char request[] = "GET /key/list HTTP/1.1\r\nhost: x\r\n\r\n";
	char body[128] = { (char)(sizeof request - 1) };

	memcpy(body + 4, request, sizeof request - 1);
	for (int fd = START_CONTROL; fd <= START_COUNTERS; fd++)
		if (ipc_send(START_CONTROL, MSG_HANDOFF, 0, (struct str){ body, 4 + sizeof request - 1 }, &fd, 1) != OK)
			break;
	said("%s", world_listen(w, 1000) ? "keeper answered" : w->keeper_gone ? "keeper gone" : "nothing");
}

static void handoff_flood(struct world *w)
{
	const struct str empty = { "\0\0\0\0", 4 };
	const int fd = START_LISTEN;
	unsigned n = 0;

	for (; n < 20000 && ipc_send(START_CONTROL, MSG_HANDOFF, 0, empty, &fd, 1) != ERR_NOT_FOUND; n++)
		continue;
	(void)world_listen(w, 500);
	said("%s", w->keeper_gone ? "keeper gone" : "nothing");
}

/* ---- shared files ---- */

static void usage_head(struct world *w)
{
	atomic_store(&w->usage->head, UINT64_MAX / 2);
	(void)world_listen(w, 3000);
	said("%s", w->keeper_gone ? "keeper gone" : "nothing");
}

static void usage_sequence(struct world *w)
{
	uint64_t head = atomic_load(&w->usage->head);

	w->usage->records[usage_slot(w->usage->moved, head)].seq = 12345;
	atomic_store(&w->usage->head, head + 1);
	(void)world_listen(w, 3000);
	said("%s", w->keeper_gone ? "keeper gone" : "nothing");
}

/* A record of lies is stored as what it claims, within bounds, and harms neither the database nor the log. */
static void usage_record(struct world *w)
{
	uint64_t head = atomic_load(&w->usage->head);
	struct usage_record *r = &w->usage->records[usage_slot(w->usage->moved, head)];

	memset(r, 0xff, sizeof *r);
	r->seq = head + 1;
	atomic_store(&w->usage->head, head + 1);
	(void)world_listen(w, 500);
	said("stored");
}

/* The number of workers lies in the common counters: the next ingress must not stumble over it. */
static void counters_scribbled(struct world *w)
{
	w->counters->n_workers = 0;
	said("scribbled");
}

/* Too much on standard error, in keeper's name and in the terminal's language. */
static void voice_flood(struct world *w)
{
	static const char line[] = "error keeper[1]: forged \033[2J\n";

	for (int i = 0; i < 200000; i++) {
		ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
		(void)ignored;
	}
	(void)world_listen(w, 1500);
}

const struct act keeper_acts[] = {
	{ "key-create", key_create },
	{ "reload", reload },
	{ "stop", stop },
	{ "status", status },
	{ "key-list", key_list },
	{ "spend-logs", spend_logs },
	{ "policy-said", policy_said },
	{ "reply-said", reply_said },
	{ "unknown", unknown },
	{ "drained", drained },
	{ "ready-again", ready_again },
	{ "ready-long", ready_long },
	{ "handoff-none", handoff_none },
	{ "handoff-two", handoff_two },
	{ "handoff-others", handoff_others },
	{ "handoff-flood", handoff_flood },
	{ "usage-head", usage_head },
	{ "usage-sequence", usage_sequence },
	{ "usage-record", usage_record },
	{ "counters-scribbled", counters_scribbled },
	{ "voice-flood", voice_flood },
};
const unsigned keeper_acts_n = sizeof keeper_acts / sizeof keeper_acts[0];
