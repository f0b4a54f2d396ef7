/*
 * keeper/forker.c - a small process that starts others for keeper.
 * Input: keeper's.   Runs in: a process of its own (forker_serve and below), the rest in keeper.
 */
#include "keeper/forker.h"

#include "base/rd.h"
#include "base/limits.h"
#include "sys/fs.h"
#include "sys/ipc.h"
#include "sys/log.h"
#include "sys/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum forker_msg { FORK_SPAWN = 1, FORK_SIGNAL, FORK_LOAD, FORK_REPLY };
enum { ANSWER_MS = 20000, ARG_MAX_BYTES = 4096, BODY_MAX = 4 * ARG_MAX_BYTES };

/* A user for each role, where the gate was started by root. They need no names and own nothing. */
enum { FORK_USER = 64320 };

const char *const forker_role_name[FORK_ROLES] = { "ingress", "egress", "admin" };

struct forker {
	int fd;
	uint32_t seq; /* of the last request that has an answer */
	struct buf in;
};

/* ---- in the process of its own ---- */

struct service {
	int fd;
	uint32_t seq; /* of the request that is being served */
	loader_fn *loader;
	char paths[FORK_ROLES][ARG_MAX_BYTES];
	struct buf in;
};

static void reply(const struct service *s, enum err e, pid_t pid, const struct diag *d,
		  const int *fds, unsigned n_fds)
{
	char body[512];
	struct buf b;

	buf_fixed(&b, body, sizeof body);
	wr_u32(&b, (uint32_t)e);
	wr_u32(&b, (uint32_t)pid);
	wr_str(&b, str_z(d->text));
	if (ipc_send(s->fd, FORK_REPLY, s->seq, buf_str(&b), fds, n_fds) != OK)
		_exit(1); /* keeper is gone */
}

/* role_user gives the user to start a role as; 0 when others may not execute the program. */
static unsigned role_user(const struct service *s, uint8_t role)
{
	struct stat st;

	if (stat(s->paths[role], &st) == 0 && (st.st_mode & S_IXOTH))
		return FORK_USER + role;
	log_msg(LOG_WARN, "'%s' may not be executed by others and runs as this user",
		s->paths[role]);
	return 0;
}

static void on_spawn(struct service *s, const struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);
	struct diag d = { 0 };
	char worker[16];
	uint8_t role = rd_u8(&r);
	uint32_t number = rd_u32(&r);
	pid_t pid = 0;
	int ends[2], pidfd = -1;

	if (rd_end(&r) != OK || role >= FORK_ROLES)
		_exit(1);
	/* A child that fills the pipe loses its words, not its time. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
		reply(s, diag_set(&d, ERR_SYS, "cannot make a pipe: %s", strerror(errno)), 0, &d,
		      NULL, 0);
		return;
	}
	(void)snprintf(worker, sizeof worker, "%u", number);
	const struct spawn what = { .path = s->paths[role],
				    .argv = { forker_role_name[role], worker },
				    .fds = m->fds,
				    .n_fds = m->n_fds,
				    .stderr_fd = ends[1],
				    .uid = geteuid() == 0 ? role_user(s, role) : 0,
				    .sibling = true };
	enum err e = spawn_child(&what, &pid, &pidfd, &d);
	reply(s, e, pid, &d, (int[]){ pidfd, ends[0] }, e == OK ? 2 : 0);
	if (e == OK)
		(void)close(pidfd);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void on_signal(const struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);
	uint8_t sig = rd_u8(&r);

	if (rd_end(&r) == OK && m->n_fds == 1)
		spawn_signal(m->fds[0], sig);
}

/* take_text gives a copy that ends with a NUL, in out. */
static struct str take_text(struct rd *r, char out[ARG_MAX_BYTES])
{
	struct str s = rd_str(r, ARG_MAX_BYTES - 1);

	memcpy(out, s.n ? s.p : "", s.n);
	out[s.n] = '\0';
	return (struct str){ out, s.n };
}

static void on_load(struct service *s, struct ipc_msg *m)
{
	char config[ARG_MAX_BYTES], data[ARG_MAX_BYTES];
	char listen[ARG_MAX_BYTES], admin[ARG_MAX_BYTES];
	struct rd r = rd_from(m->body);
	struct loader_args a;
	struct diag d = { 0 };

	a.generation = rd_u64(&r);
	a.config = take_text(&r, config);
	a.data = take_text(&r, data);
	a.listen = take_text(&r, listen);
	a.admin = take_text(&r, admin);
	if (rd_end(&r) != OK || m->n_fds != 2)
		_exit(1);
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(s->fd);
		s->loader(&a, m->fds[0], m->fds[1]);
		_exit(0);
	}
	if (pid < 0)
		(void)diag_set(&d, ERR_SYS, "cannot start the loader: %s", strerror(errno));
	reply(s, d.err, pid, &d, NULL, 0);
}

static void forker_serve(struct service *s)
{
	struct ipc_msg m;
	struct pollfd p = { s->fd, POLLIN, 0 };

	(void)setsid(); /* a terminal's interrupt is keeper's to handle */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD,
		     SIG_IGN); /* loaders are not waited for; all others are keeper's children */
	(void)signal(SIGPIPE, SIG_IGN);
	spawn_leave_signals();
	for (;;) {
		(void)poll(&p, 1, -1);
		enum err e = ipc_recv(s->fd, &s->in, &m);
		if (e == ERR_AGAIN)
			continue;
		if (e != OK)
			_exit(e == ERR_NOT_FOUND ? 0 : 1);
		s->seq = m.seq;
		if (m.type == FORK_SPAWN)
			on_spawn(s, &m);
		else if (m.type == FORK_SIGNAL)
			on_signal(&m);
		else if (m.type == FORK_LOAD)
			on_load(s, &m);
		else
			_exit(1);
		ipc_close_fds(&m);
	}
}

/* ---- in keeper ---- */

enum err forker_start(loader_fn *loader, struct forker **out, struct diag *d)
{
	int fds[2];
	struct service *s = calloc(1, sizeof *s);
	struct forker *f = calloc(1, sizeof *f);

	if (s == NULL || f == NULL) {
		free(s);
		free(f);
		return diag_set(d, ERR_NOMEM, "no memory for the process that starts others");
	}
	enum err e = OK;
	for (int role = 0; role < FORK_ROLES && e == OK; role++)
		e = spawn_sibling(forker_role_name[role], s->paths[role], sizeof s->paths[role], d);
	if (e == OK)
		e = ipc_pair(fds, d);
	pid_t pid = e == OK ? fork() : -1;
	if (pid == 0) {
		(void)close(fds[0]);
		s->fd = fds[1];
		s->loader = loader;
		buf_init(&s->in, LIMIT_CONTROL);
		forker_serve(s);
	}
	free(s);
	if (pid < 0) {
		free(f);
		return e != OK ? e : diag_set(d, ERR_SYS, "cannot fork: %s", strerror(errno));
	}
	(void)close(fds[1]);
	f->fd = fds[0];
	buf_init(&f->in, LIMIT_CONTROL);
	*out = f;
	return OK;
}

void forker_stop(struct forker *f)
{
	if (f == NULL)
		return;
	(void)close(f->fd);
	buf_free(&f->in);
	free(f);
}

int forker_fd(const struct forker *f)
{
	return f->fd;
}

bool forker_alive(const struct forker *f)
{
	char c;

	ssize_t n = recv(f->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

	/* Any other error is its end too: ECONNRESET when it left something unread. */
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

void forker_signal(struct forker *f, int pidfd, int sig)
{
	const char body = (char)sig;

	/* Should the forker be gone, keeper is about to end, and every child with it. */
	enum err ignored = ipc_send(f->fd, FORK_SIGNAL, 0, (struct str){ &body, 1 }, &pidfd, 1);
	(void)ignored;
}

/* too_late ends what was started for a request that keeper has given up: nobody else knows of it.
 */
static void too_late(struct forker *f, struct ipc_msg *m)
{
	struct rd r = rd_from(m->body);
	bool started = rd_u32(&r) == (uint32_t)OK && m->n_fds > 0;
	pid_t pid = (pid_t)rd_u32(&r);

	log_msg(LOG_WARN, "the process that starts others answers too late");
	if (started && r.err == OK && pid > 0) {
		forker_signal(f, m->fds[0], SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	ipc_close_fds(m);
}

/* answer waits for the answer to the last request; one to an earlier request is not it. */
static enum err answer(struct forker *f, struct ipc_msg *out)
{
	struct pollfd p = { f->fd, POLLIN, 0 };

	for (;;) {
		int n = poll(&p, 1, ANSWER_MS);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			return ERR_TIMEOUT;
		TRY(ipc_recv(f->fd, &f->in, out));
		if (out->seq == f->seq)
			return OK;
		too_late(f, out);
	}
}

/* ask sends a request and waits for its answer: milliseconds, and keeper has nothing to do without
 * it. */
static enum err ask(struct forker *f, uint16_t type, struct str body, const int *fds,
		    unsigned n_fds, struct ipc_msg *out, pid_t *out_pid, struct diag *d)
{
	enum err e = ipc_send(f->fd, type, ++f->seq, body, fds, n_fds);

	if (e == OK)
		e = answer(f, out);
	if (e != OK)
		return diag_set(d, ERR_SYS, "the process that starts others does not answer");
	struct rd r = rd_from(out->body);
	e = (enum err)rd_u32(&r);
	*out_pid = (pid_t)rd_u32(&r);
	struct str text = rd_str(&r, sizeof d->text);
	if (rd_end(&r) != OK || e >= ERR_COUNT) {
		ipc_close_fds(out);
		return diag_set(d, ERR_SYS, "the process that starts others does not answer");
	}
	if (e != OK)
		return diag_set(d, e, "%.*s", FMT(text));
	return OK;
}

enum err forker_spawn(struct forker *f, enum forker_role role, unsigned worker, const int *fds,
		      unsigned n_fds, struct born *out, struct diag *d)
{
	char body[8];
	struct buf b;
	struct ipc_msg m = { 0 };
	pid_t pid = 0;

	buf_fixed(&b, body, sizeof body);
	wr_u8(&b, (uint8_t)role);
	wr_u32(&b, worker);
	enum err e = ask(f, FORK_SPAWN, buf_str(&b), fds, n_fds, &m, &pid, d);
	if (e != OK) {
		if (pid > 0)
			(void)waitpid(pid, NULL, 0); /* it could not execute */
		return e;
	}
	if (m.n_fds != 2) {
		ipc_close_fds(&m);
		return diag_set(d, ERR_SYS, "the process that starts others does not answer");
	}
	*out = (struct born){ pid, ipc_take_fd(&m, 0), ipc_take_fd(&m, 1) };
	return OK;
}

enum err forker_load(struct forker *f, const struct loader_args *a, int env_fd, int *out_result_fd,
		     struct diag *d)
{
	struct buf b;
	struct ipc_msg m;
	int pair[2];
	pid_t pid;

	TRY(ipc_pair(pair, d));
	const int fds[] = { env_fd, pair[1] };
	buf_init(&b, BODY_MAX);
	wr_u64(&b, a->generation);
	wr_str(&b, a->config);
	wr_str(&b, a->data);
	wr_str(&b, a->listen);
	wr_str(&b, a->admin);
	enum err e = b.err == OK
			     ? ask(f, FORK_LOAD, buf_str(&b), fds, 2, &m, &pid, d)
			     : diag_set(d, ERR_LIMIT, "a path of the configuration is too long");
	buf_free(&b);
	(void)close(pair[1]);
	if (e != OK) {
		(void)close(pair[0]);
		return e;
	}
	*out_result_fd = pair[0];
	return OK;
}
