/*
 * detonator/supervisor.c - runs one variant. Everything that goes wrong here, in the box's making
 * or in the sink is told as FACT_BROKEN: such a run never counts as clean. Input: hostile (output
 * and coverage of the target, messages of a sink or box that was taken over). Runs in: supervisor.
 * Fuzz: fuzz/detonation_fuzz.c
 */
#include "detonator/supervisor.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/rd.h"
#include "detonator/honey.h"
#include "detonator/jail.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
	SETUP_MS = 60000, /* unpacking included */
	ANSWER_MS = 15000,
	TAIL_MAX = 2000,
	LINE_MAX_BYTES = 600,
	READ_MAX = 1 << 14,
};

/* ---- to the detonator ---- */

static bool send_to(int fd, enum detonation_msg type, struct str body, const int *fds, unsigned n)
{
	enum err e;

	while ((e = ipc_send(fd, (uint16_t)type, 0, body, fds, n)) == ERR_AGAIN) {
		struct pollfd p = { fd, POLLOUT, 0 };
		if (poll(&p, 1, ANSWER_MS) <= 0)
			return false;
	}
	return e == OK;
}

static void send_fact(struct supervisor *s, const struct fact *f)
{
	buf_reset(&s->out);
	fact_write(&s->out, f);
	if (s->out.err != OK || !send_to(s->master, DMSG_FACT, buf_str(&s->out), NULL, 0))
		_exit(1); /* nobody listens any more */
}

/* Facts that findings of weight are made of. */
static bool is_weighty(enum fact_kind kind)
{
	const uint32_t weighty = 1u << FACT_HONEY_READ | 1u << FACT_PERSISTENCE | 1u << FACT_LEFT |
				 1u << FACT_OPAQUE | 1u << FACT_METADATA | 1u << FACT_STAGE_TWO |
				 1u << FACT_FLOW | 1u << FACT_NAME | 1u << FACT_TLS_REFUSED;

	return (weighty >> kind & 1u) != 0;
}

void tell(struct supervisor *s, enum fact_kind kind, uint32_t n, struct str text, struct str more,
	  struct str excerpt)
{
	struct fact f = { (uint8_t)kind, (uint8_t)s->phase, n, text, more, excerpt };

	/* A flood of what weighs nothing leaves room for what does. */
	uint32_t *count = is_weighty(kind) ? &s->weighty : &s->facts;
	if (++*count == DETONATION_FACTS)
		f = (struct fact){
			FACT_CAPPED, (uint8_t)s->phase, is_weighty(kind), S("facts"), S(""), S("")
		};
	if (*count <= DETONATION_FACTS || kind == FACT_BROKEN || kind == FACT_PHASE ||
	    kind == FACT_CAPPED)
		send_fact(s, &f);
}

static void end_with(struct supervisor *s, struct str why, bool unsupported)
{
	if (!s->broken)
		tell(s, FACT_BROKEN, unsupported, why, S(""), S(""));
	s->broken = true;
}

void break_off(struct supervisor *s, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	end_with(s, str_z(text), false);
}

/* ---- what arrives ---- */

static void from_sink(struct supervisor *s, const struct ipc_msg *m)
{
	struct fact f;

	if (m->type != DMSG_FACT)
		return;
	if (fact_read(&f, m->body) != OK)
		break_off(s, "the sink says what it never should");
	else if (f.kind == FACT_BROKEN)
		break_off(s, "%.*s", FMT(f.text));
	else
		tell(s, f.kind, f.n, f.text, f.more, f.excerpt);
}

/* Takes one message of the sink. *out_type is what it was, 0 for none. */
static void hear_sink(struct supervisor *s, uint16_t *out_type)
{
	struct ipc_msg m;
	enum err e = ipc_recv(s->sink, &s->message, &m);

	*out_type = 0;
	if (e == ERR_AGAIN)
		return;
	if (e != OK) {
		break_off(s, "the sink has ended: what was sent to it is not known; try again, and "
			     "report it when it happens again");
		return;
	}
	ipc_close_fds(&m);
	from_sink(s, &m);
	*out_type = m.type;
}

/* Waits for a certain answer of the sink; facts may come before it. */
static void await_sink(struct supervisor *s, enum detonation_msg want)
{
	uint16_t type = 0;

	while (!s->broken && type != want) {
		struct pollfd p = { s->sink, POLLIN, 0 };
		if (poll(&p, 1, ANSWER_MS) <= 0)
			break_off(s, "the sink does not answer");
		else
			hear_sink(s, &type);
	}
}

void ask_listen(struct supervisor *s, uint16_t port)
{
	char storage[2];
	struct buf b;

	if (s->broken || ((unsigned)s->listens[port / 8] >> (port % 8) & 1u))
		return;
	s->listens[port / 8] |= (uint8_t)(1u << (port % 8));
	buf_fixed(&b, storage, sizeof storage);
	wr_u16(&b, port);
	if (!send_to(s->sink, DMSG_LISTEN, buf_str(&b), NULL, 0))
		break_off(s, "the sink has ended");
	await_sink(s, DMSG_LISTEN);
}

static void from_box(struct supervisor *s, struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);

	switch ((enum detonation_msg)m->type) {
	case DMSG_BOX_MADE:
		s->made = true;
		break;
	case DMSG_BOX_READY:
		if (m->n_fds == 1)
			s->inotify = ipc_take_fd(m, 0);
		break;
	case DMSG_RUNNING:
		if (m->n_fds != 3 || s->listener >= 0)
			break;
		s->listener = ipc_take_fd(m, 0);
		s->output = ipc_take_fd(m, 1);
		s->coverage = ipc_take_fd(m, 2);
		break;
	case DMSG_RAN:
		s->status = rd_u32(&r);
		s->survivors = rd_u32(&r);
		s->ran = true;
		break;
	case DMSG_BROKEN:
		end_with(s, str_head(m->body, 300), m->seq == 1);
		break;
	case DMSG_ORDER:
	case DMSG_FACT:
	case DMSG_OVER:
	case DMSG_SINK_READY:
	case DMSG_LISTEN:
	case DMSG_FLUSH:
	case DMSG_SETUP:
	case DMSG_RUN:
	default:
		break_off(s, "the box says what it never should");
	}
}

static void hear_box(struct supervisor *s)
{
	struct ipc_msg m;
	enum err e = ipc_recv(s->box.control, &s->message, &m);

	if (e == ERR_AGAIN)
		return;
	if (e != OK) {
		break_off(s, "the box has ended early; is there enough memory?");
		return;
	}
	from_box(s, &m);
	ipc_close_fds(&m);
}

/* The end of what the target prints is kept; the rest is read, so that it does not wait for us. */
static bool read_output(struct supervisor *s)
{
	char piece[READ_MAX];
	ssize_t n = read(s->output, piece, sizeof piece);

	if (n <= 0)
		return false;
	struct str in = { piece, (size_t)n };
	if (in.n > TAIL_MAX)
		in = str_tail(in, in.n - TAIL_MAX);
	if (s->tail.n + in.n > TAIL_MAX)
		buf_cut(&s->tail, s->tail.n + in.n - TAIL_MAX);
	buf_add(&s->tail, in);
	return true;
}

static bool read_coverage(struct supervisor *s)
{
	char piece[READ_MAX];
	ssize_t n = read(s->coverage, piece, sizeof piece);

	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++) {
		if (piece[i] == '\n') {
			tell(s, FACT_COVERAGE, 0, buf_str(&s->line), S(""), S(""));
			buf_reset(&s->line);
		} else if (s->line.n < LINE_MAX_BYTES) {
			buf_addc(&s->line, piece[i]);
		}
	}
	return true;
}

static void file_event(struct supervisor *s, const struct inotify_event *e, struct str name)
{
	char storage[600];
	struct buf path;
	enum fact_kind what;
	bool soft;

	buf_fixed(&path, storage, sizeof storage);
	if (e->mask & IN_Q_OVERFLOW) {
		break_off(s, "more file events than the kernel keeps; some are lost");
		return;
	}
	if (!honey_event(e->wd, e->mask, name, &what, &path, &soft))
		return;
	if (what == FACT_HONEY_READ) { /* once a phase is enough */
		uint64_t bit = (uint64_t)1 << (e->wd & 63);
		if (s->reads & bit)
			return;
		s->reads |= bit;
	}
	tell(s, what, soft, buf_str(&path), S(""), S(""));
}

static void read_inotify(struct supervisor *s)
{
	union {
		char bytes[READ_MAX];
		struct inotify_event align;
	} got;
	struct inotify_event e;
	ssize_t n;

	/* Not for ever: who reads in a loop makes them as fast as they are taken. */
	for (unsigned i = 0;
	     i < 64 && s->inotify >= 0 && (n = read(s->inotify, got.bytes, sizeof got.bytes)) > 0;
	     i++) {
		for (size_t at = 0; at + sizeof e <= (size_t)n; at += sizeof e + e.len) {
			memcpy(&e, got.bytes + at, sizeof e);
			if (e.len > (size_t)n - at - sizeof e)
				break;
			const char *name = got.bytes + at + sizeof e;
			file_event(s, &e, (struct str){ name, strnlen(name, e.len) });
		}
	}
}

/* ---- one phase ---- */

static void poll_all(struct supervisor *s, int ms)
{
	struct pollfd p[] = {
		{ s->listener, POLLIN, 0 }, { s->box.control, POLLIN, 0 },
		{ s->sink, POLLIN, 0 },	    { s->output, POLLIN, 0 },
		{ s->coverage, POLLIN, 0 }, { s->inotify, POLLIN, 0 },
	};
	uint16_t type;

	if (poll(p, sizeof p / sizeof p[0], ms) <= 0)
		return;
	if (p[0].revents & POLLIN)
		notify_answer(s);
	else if (p[0].revents)
		fd_closep(&s->listener); /* the last process under it has ended */
	if (p[1].revents)
		hear_box(s);
	if (p[2].revents)
		hear_sink(s, &type);
	if (p[3].revents && !read_output(s))
		fd_closep(&s->output);
	if (p[4].revents && !read_coverage(s))
		fd_closep(&s->coverage);
	if (p[5].revents)
		read_inotify(s);
}

static int ms_left(uint64_t deadline)
{
	uint64_t now = clock_mono_ns();

	return now >= deadline ? 0 : (int)((deadline - now) / 1000000) + 1;
}

static void order_run(struct supervisor *s, uint8_t what)
{
	if (!send_to(s->box.control, DMSG_RUN, (struct str){ (const char *)&what, 1 }, NULL, 0))
		break_off(s, "the box has ended early");
}

static void close_phase(struct supervisor *s)
{
	int *all[] = { &s->listener, &s->output, &s->coverage };

	for (size_t i = 0; i < 3; i++)
		fd_closep(all[i]);
}

/* Everything has ended; what is left in pipes, sockets and queues is taken. */
static void finish_phase(struct supervisor *s, uint64_t started, bool late)
{
	char ending[64];

	for (unsigned i = 0; i < 64 && s->output >= 0 && read_output(s); i++)
		;
	for (unsigned i = 0; i < 1024 && s->coverage >= 0 && read_coverage(s); i++)
		;
	if (!s->broken && !send_to(s->sink, DMSG_FLUSH, S(""), NULL, 0))
		break_off(s, "the sink has ended");
	await_sink(s, DMSG_FLUSH);
	read_inotify(s);
	if (s->tail.n)
		tell(s, FACT_OUTPUT, 0, buf_str(&s->tail), S(""), S(""));
	tell(s, FACT_EVENTS, s->events, S(""), S(""), S(""));
	(void)spawn_ending((int)s->status, ending, sizeof ending);
	tell(s, FACT_PHASE, (uint32_t)((clock_mono_ns() - started) / 1000000),
	     late ? S("time is over") : str_z(ending),
	     s->survivors ? S("left processes behind") : S(""), S(""));
	if (s->status == (126u << 8) || s->status == (127u << 8))
		break_off(s, "the interpreter could not be started in the box");
}

static void run_phase(struct supervisor *s, enum detonation_phase phase)
{
	uint64_t started = clock_mono_ns();
	uint64_t deadline = started + (uint64_t)s->order.seconds * 1000000000;
	bool late = false;

	s->phase = phase;
	s->ran = false;
	s->events = s->texts = s->execs = 0;
	s->reads = 0;
	buf_reset(&s->tail);
	buf_reset(&s->line);
	order_run(s, (uint8_t)phase);
	while (!s->ran && !s->broken) {
		int ms = ms_left(deadline);
		if (ms > 0) {
			poll_all(s, ms);
			continue;
		}
		if (late) {
			break_off(s, "the box could not be stopped");
			break;
		}
		late = true;
		deadline += (uint64_t)ANSWER_MS * 1000000;
		order_run(s, BOX_KILL);
	}
	finish_phase(s, started, late);
	close_phase(s);
}

/* ---- making everything ---- */

/* The user of sink and supervisor where we are root. A root of a user namespace may have no other
 * user to become; it stays who it is outside, like anybody who is not root. */
static unsigned somebody_else(void)
{
	uint64_t from, n;
	struct buf map;
	unsigned found = 0;

	buf_init(&map, 64 << 10);
	enum err e = fs_read("/proc/self/uid_map", 0, &map, NULL);
	for (struct str text = buf_str(&map); e == OK && text.n > 0 && found == 0;) {
		struct str line = str_trim(str_cut(text, '\n', &text));
		struct str rest, first = str_cut(line, ' ', &rest);
		str_cut(str_trim(rest), ' ', &rest);
		if (num_u64(first, UINT32_MAX, &from) == OK &&
		    num_u64(str_trim(rest), UINT32_MAX, &n) == OK && from <= DETONATOR_NOBODY &&
		    DETONATOR_NOBODY - from < n)
			found = DETONATOR_NOBODY;
	}
	buf_free(&map);
	return found;
}

static enum err start_sink(struct supervisor *s)
{
	char path[PATH_MAX];
	int ends[2], pidfd;
	pid_t pid;

	TRY(spawn_sibling("sink", path, sizeof path, &s->d));
	TRY(ipc_pair(ends, &s->d));
	const struct spawn sink = { .path = path,
				    .argv = { "sink" },
				    .fds = &ends[1],
				    .n_fds = 1,
				    .stderr_fd = -1,
				    .uid = somebody_else() };
	enum err e = spawn_child(&sink, &pid, &pidfd, &s->d);
	(void)close(ends[1]);
	if (e != OK) {
		(void)close(ends[0]);
		return e;
	}
	(void)close(pidfd); /* its end is the end of the socket */
	s->sink = ends[0];
	return OK;
}

static void pin(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : (unsigned)cpu, &set);
	(void)sched_setaffinity(0, sizeof set, &set); /* else it is slower, that is all */
}

/* The sink's first message has the certificate that the box shall trust. */
static enum err join_sink(struct supervisor *s, struct buf *out_ca)
{
	struct ipc_msg m;
	struct pollfd p = { s->sink, POLLIN, 0 };

	if (!send_to(s->sink, DMSG_SETUP, s->order.canaries, &s->box.pidfd, 1))
		return diag_set(&s->d, ERR_SYS, "the sink has ended");
	if (poll(&p, 1, ANSWER_MS) <= 0 || ipc_recv(s->sink, &s->message, &m) != OK)
		return diag_set(&s->d, ERR_SYS, "the sink does not start");
	ipc_close_fds(&m);
	if (m.type != DMSG_SINK_READY) {
		struct fact f;
		bool told = m.type == DMSG_FACT && fact_read(&f, m.body) == OK;
		return diag_set(&s->d, ERR_SYS, "%.*s", FMT(told ? f.text : S("no sink")));
	}
	buf_add(out_ca, m.body);
	return out_ca->err;
}

/* Until then its user is nobody, and it belongs to no one who could join it. */
static enum err await_box(struct supervisor *s)
{
	struct pollfd p = { s->box.control, POLLIN, 0 };

	while (!s->made && !s->broken) {
		if (poll(&p, 1, ANSWER_MS) <= 0)
			return diag_set(&s->d, ERR_TIMEOUT, "the box does not get ready");
		hear_box(s);
	}
	return s->broken ? ERR_SYS : OK;
}

static enum err set_up_box(struct supervisor *s, struct str order, struct str ca)
{
	uint64_t deadline = clock_mono_ns() + (uint64_t)SETUP_MS * 1000000;

	buf_reset(&s->out);
	wr_str(&s->out, order);
	wr_str(&s->out, ca);
	if (s->out.err != OK || !send_to(s->box.control, DMSG_SETUP, buf_str(&s->out), NULL, 0))
		return diag_set(&s->d, ERR_SYS, "the box has ended early");
	while (s->inotify < 0 && !s->broken) {
		struct pollfd p = { s->box.control, POLLIN, 0 };
		if (poll(&p, 1, ms_left(deadline)) <= 0)
			return diag_set(&s->d, ERR_TIMEOUT, "the box does not get ready");
		hear_box(s);
	}
	return OK;
}

static enum err make_all(struct supervisor *s, struct str order, struct box_start *start,
			 struct buf *ca)
{
	const struct jail jail = { .role = "detonator",
				   .uid = somebody_else(),
				   .gid = somebody_else() };
	char prefix[PATH_MAX];

	pin();
	if (s->order.prefix.n && s->order.prefix.n < sizeof prefix) {
		(void)snprintf(prefix, sizeof prefix, "%.*s", FMT(s->order.prefix));
		start->tree = geteuid() == 0 ? box_tree(prefix) : -1;
	}
	TRY(start_sink(s));
	const int keep[] = { s->master, s->sink, start->target, start->preload, start->tree };
	TRY(jail_begin(&jail, keep, sizeof keep / sizeof keep[0], &s->d));
	TRY(box_start(&s->box, start, &s->d));
	TRY(await_box(s));
	TRY(join_sink(s, ca));
	TRY(set_up_box(s, order, buf_str(ca)));
	fd_closep(&start->target);
	fd_closep(&start->preload);
	fd_closep(&start->tree);
	return detonator_lock(&s->d);
}

static bool take_order(struct supervisor *s, struct buf *order, struct box_start *start)
{
	struct pollfd p = { s->master, POLLIN, 0 };
	struct ipc_msg m;

	if (poll(&p, 1, ANSWER_MS) <= 0 || ipc_recv(s->master, &s->message, &m) != OK ||
	    m.type != DMSG_ORDER || m.n_fds < 1)
		return false;
	start->target = ipc_take_fd(&m, 0);
	start->preload = m.n_fds > 1 ? ipc_take_fd(&m, 1) : -1;
	buf_add(order, m.body);
	ipc_close_fds(&m);
	return detonation_order_read(&s->order, buf_str(order)) == OK;
}

int supervise(struct supervisor *s, int master)
{
	struct box_start start = { -1, -1, -1 };
	struct buf order, ca;

	*s = (struct supervisor){ .master = master,
				  .sink = -1,
				  .inotify = -1,
				  .listener = -1,
				  .output = -1,
				  .coverage = -1,
				  .box = { .control = -1, .pidfd = -1 } };
	buf_init(&s->message, LIMIT_CONTROL);
	buf_init(&s->out, LIMIT_CONTROL);
	buf_init(&s->tail, 2 * TAIL_MAX);
	buf_init(&s->line, LINE_MAX_BYTES);
	buf_init(&order, LIMIT_CONTROL);
	buf_init(&ca, 16 << 10);
	if (!take_order(s, &order, &start))
		return 1;
	if (make_all(s, buf_str(&order), &start, &ca) != OK)
		end_with(s, str_z(diag_text(&s->d)), s->d.err == ERR_UNSUPPORTED);
	for (unsigned phase = 0; phase < PHASE_COUNT && !s->broken; phase++)
		if (s->order.phases >> phase & 1u)
			run_phase(s, phase);
	return send_to(s->master, DMSG_OVER, S(""), NULL, 0) ? 0 : 1;
}
