/*
 * keeper/voice.c - what children write to their standard error goes into the log through here: one
 * that was taken over can neither fill the disk with it nor speak in another's name.
 * Input: hostile (a subverted child).   Runs in: keeper.   Fuzz: fuzz/voice_fuzz.c
 */
#include "keeper/voice.h"

#include "keeper/keeper.h"
#include "sys/fs.h"
#include "sys/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	BURST = 200,	 /* lines at once; a sanitizer's report has some sixty */
	LINE_MS = 500,	 /* one line more each */
	PIECE = 4 << 10, /* bytes of one read */
	PIECES = 16,	 /* a pipe holds so many; more is looked at later */
	PAUSE_MS = 1000, /* until a child that says too much is heard again */
	SHOWN = 4 * VOICE_LINE,
};

bool voice_genuine(struct str line, const char *role, pid_t pid)
{
	static const struct str levels[] = { SC("error"), SC("warning"), SC("info"), SC("debug") };
	char head[64];

	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		int n = snprintf(head, sizeof head, "%.*s %s[%d]: ", FMT(levels[i]), role,
				 (int)pid);
		if (n > 0 && str_has_prefix(line, (struct str){ head, (size_t)n }))
			return true;
	}
	return false;
}

void voice_show(const struct voice *v, struct str line, struct buf *out)
{
	char safe[SHOWN];

	(void)log_str(line, safe, sizeof safe);
	if (!voice_genuine(line, v->role, v->pid))
		buf_addf(out, "warning keeper[%d]: %s %u says: ", (int)getpid(), v->role,
			 v->worker);
	buf_add(out, str_z(safe));
	buf_addc(out, '\n');
}

static void put(const struct buf *b)
{
	/* Nobody to tell when standard error is gone. */
	ssize_t ignored = write(STDERR_FILENO, b->p, b->n);
	(void)ignored;
}

/* may_speak takes one of the lines that v has left. */
static bool may_speak(struct voice *v)
{
	uint64_t now = loop_now_ms(v->loop), earned = (now - v->counted_ms) / LINE_MS;

	if (earned > 0) {
		v->left = v->left + earned < BURST ? v->left + (unsigned)earned : BURST;
		v->counted_ms = now;
	}
	if (v->left == 0)
		return false;
	v->left--;
	return true;
}

/* end_line shows what has been heard of a line, or counts it. */
static void end_line(struct voice *v)
{
	char room[SHOWN + 256];
	struct buf out;

	if (v->n == 0)
		return;
	if (!may_speak(v)) {
		v->unshown++;
	} else {
		if (v->unshown)
			log_msg(LOG_WARN, "%llu lines of %s %u were not shown: it says too much",
				(unsigned long long)v->unshown, v->role, v->worker);
		v->unshown = 0;
		buf_fixed(&out, room, sizeof room);
		voice_show(v, (struct str){ v->line, v->n }, &out);
		put(&out);
	}
	v->n = 0;
}

/* hear takes bytes; what is past a line's length is another line. */
static void hear(struct voice *v, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\n')
			v->line[v->n++] = s.p[i];
		if (s.p[i] == '\n' || v->n == VOICE_LINE)
			end_line(v);
	}
}

/* listen_to reads what there is, as much as a pipe holds. False: that is the end. */
static bool listen_to(struct voice *v)
{
	char piece[PIECE];
	ssize_t n = 0;

	for (unsigned i = 0; i < PIECES; i++) {
		n = read(v->watch.fd, piece, sizeof piece);
		if (n <= 0)
			break;
		hear(v, (struct str){ piece, (size_t)n });
	}
	if (n > 0)
		timer_set(v->loop, &v->timer, v->left ? 1 : PAUSE_MS);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_ready(struct watch *w, uint32_t ready)
{
	struct voice *v = OWNER(w, struct voice, watch);

	(void)ready;
	if (v->timer.link != NULL)
		return; /* it has been told to wait */
	if (!listen_to(v))
		voice_close(v);
}

static void on_timer(struct timer *t)
{
	struct voice *v = OWNER(t, struct voice, timer);

	if (!listen_to(v))
		voice_close(v);
}

enum err voice_open(struct voice *v, struct loop *l, int fd, const char *role, unsigned worker,
		    pid_t pid)
{
	*v = (struct voice){ .watch = { .fd = fd, .on_ready = on_ready },
			     .timer = { .on_expire = on_timer },
			     .loop = l,
			     .role = role,
			     .worker = worker,
			     .pid = pid,
			     .left = BURST,
			     .counted_ms = loop_now_ms(l) };
	return loop_watch(l, &v->watch, EPOLLIN);
}

void voice_close(struct voice *v)
{
	if (v->watch.fd < 0)
		return;
	(void)listen_to(v);
	end_line(v);
	if (v->unshown)
		log_msg(LOG_WARN, "%llu lines of %s %u were not shown: it said too much",
			(unsigned long long)v->unshown, v->role, v->worker);
	v->unshown = 0;
	timer_cancel(&v->timer);
	loop_unwatch(v->loop, &v->watch);
	fd_closep(&v->watch.fd);
}
