/*
 * keeper/main.c - the parent of all processes: supervises them, keeps what must last, speaks to
 * nobody outside. Input: its children's messages, the control socket.   Runs in: keeper.
 */
#include "keeper/jail.h"
#include "keeper/loader.h"
#include "keeper/supervise.h"
#include "keeper/vault.h"

#include "base/num.h"
#include "sys/fs.h"
#include "sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 4096, ADMIN_BACKLOG = 64, WATCHED = 1024 };

/* ---- options ---- */

static enum err take_option(struct keeper_opts *o, const char *name, const char *value,
			    struct diag *d)
{
	uint64_t n;

	if (strcmp(name, "--config") == 0)
		o->config = value;
	else if (strcmp(name, "--data") == 0)
		o->data = value;
	else if (strcmp(name, "--listen") == 0)
		o->listen = value;
	else if (strcmp(name, "--admin") == 0)
		o->admin = value;
	else if (strcmp(name, "--workers") == 0 && num_u64(str_z(value), LIMIT_WORKERS, &n) == OK &&
		 n > 0)
		o->workers = (unsigned)n;
	else
		return diag_set(d, ERR_USAGE, "keeper does not take '%s %s'", name, value);
	return OK;
}

static enum err take_options(struct keeper_opts *o, int argc, char **argv, struct diag *d)
{
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 == argc)
			return diag_set(d, ERR_USAGE, "'%s' needs a value", argv[i]);
		TRY(take_option(o, argv[i], argv[i + 1], d));
	}
	if (o->data == NULL)
		return diag_set(d, ERR_USAGE,
				"keeper needs --data DIR; start it with 'yett serve'");
	return OK;
}

/* ---- opening ---- */

static enum err open_data(struct keeper *k, struct diag *d)
{
	/* Unlike flock's this lock ends with keeper, not with what it has forked. */
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[KEEPER_PATH + 32], real[PATH_MAX];

	TRY(fs_mkdirs(k->opts.data, d));
	/* The database's library follows no link, wherever it stands in a path. */
	if (realpath(k->opts.data, real) == NULL)
		return diag_set(d, ERR_SYS, "cannot use '%s': %s", k->opts.data, strerror(errno));
	if (strlen(real) >= sizeof k->data)
		return diag_set(d, ERR_LIMIT, "'%s' is too long for a path", real);
	memcpy(k->data, real, strlen(real) + 1);
	(void)snprintf(path, sizeof path, "%s/lock", k->data);
	k->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (k->lock_fd < 0)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s; --data names another directory",
				path, strerror(errno));
	if (fcntl(k->lock_fd, F_SETLK, &whole) != 0)
		return diag_set(d, ERR_EXISTS,
				"another gate serves from '%s'; --data names another directory",
				k->data);
	return OK;
}

static enum err probe(const struct listen_addr *at, const char *option, struct diag *d)
{
	struct diag why = { 0 };
	enum err e = listen_probe(at, &why);

	return e == OK ? OK
		       : diag_set(d, e, "%s; %s ADDR:PORT takes another", diag_text(&why), option);
}

static enum err open_listeners(struct keeper *k, struct diag *d)
{
	if (k->listen_at.sa.sa_family == AF_UNIX)
		return diag_set(d, ERR_USAGE,
				"the gate listens on TCP; only admin may have a path");
	TRY(probe(&k->listen_at, "--listen", d));
	TRY(probe(&k->admin_at, "--admin", d));
	for (unsigned i = 0; i < k->workers; i++)
		TRY(listen_open(&k->listen_at, BACKLOG, &k->listen_fds[i], d));
	return listen_open(&k->admin_at, ADMIN_BACKLOG, &k->admin_fd, d);
}

static void on_signal(struct watch *w, uint32_t ready)
{
	struct keeper *k = OWNER(w, struct keeper, signals);
	struct signalfd_siginfo got;
	struct diag d = { 0 };

	(void)ready;
	while (read(w->fd, &got, sizeof got) == (ssize_t)sizeof got) {
		if (got.ssi_signo == SIGHUP) {
			k->reload_again = k->reload != NULL;
			if (!k->reload_again && reload_begin(k, &d) != OK)
				log_msg(LOG_WARN, "no reload: %s", diag_text(&d));
		} else if (k->draining) {
			log_msg(LOG_WARN, "stopping at once");
			keeper_stop(k, 0);
		} else {
			keeper_drain(k);
		}
	}
}

static enum err open_signals(struct keeper *k, struct diag *d)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return diag_set(d, ERR_SYS, "cannot block signals: %s", strerror(errno));
	k->signals = (struct watch){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				     .on_ready = on_signal };
	if (k->signals.fd < 0 || loop_watch(k->loop, &k->signals, EPOLLIN) != OK)
		return diag_set(d, ERR_SYS, "cannot watch signals: %s", strerror(errno));
	return OK;
}

static void on_forker(struct watch *w, uint32_t ready)
{
	struct keeper *k = OWNER(w, struct keeper, forker_end);

	(void)ready;
	if (forker_alive(k->forker))
		return;
	log_msg(LOG_ERROR, "the process that starts the others has ended");
	keeper_stop(k, 71);
}

static void on_tick(struct timer *t)
{
	struct keeper *k = OWNER(t, struct keeper, tick);

	timer_set(k->loop, t, parts_tick(k, false));
}

/* open_all opens everything keeper will ever open by itself. */
static enum err open_all(struct keeper *k, struct diag *d)
{
	TRY(open_data(k, d));
	TRY(forker_start(loader_run, &k->forker, d));
	TRY(reload_first(k, d));
	TRY(open_listeners(k, d));
	k->loop = loop_new(WATCHED, d);
	if (k->loop == NULL)
		return ERR_SYS;
	k->started_ms = loop_now_ms(k->loop);
	TRY(open_signals(k, d));
	k->forker_end = (struct watch){ .fd = forker_fd(k->forker), .on_ready = on_forker };
	if (loop_watch(k->loop, &k->forker_end, EPOLLIN | EPOLLRDHUP) != OK)
		return diag_set(d, ERR_SYS, "cannot watch a process");
	TRY(control_open(k, d));
	TRY(shared_open(k, d));
	return parts_open(k, d); /* needs the shared counters */
}

static enum err serve(struct keeper *k, const struct jail *jail, struct diag *d)
{
	const int keep[] = { k->env_fd };

	TRY(jail_begin(jail, keep, 1, d));
	TRY(open_all(k, d));
	TRY(jail_lock(jail, &k->landlock, d));
	log_msg(LOG_INFO, "yett %s, data in '%s', Landlock %d", YETT_VERSION, k->data, k->landlock);
	TRY(children_start(k, d));
	k->tick.on_expire = on_tick;
	timer_set(k->loop, &k->tick, parts_tick(k, false));
	loop_run(k->loop);
	return OK;
}

static void close_all(struct keeper *k)
{
	if (k->loop != NULL) {
		children_end(k);
		if (k->parts != NULL)
			(void)parts_tick(k, true); /* what the last calls left */
		control_close(k);
	}
	parts_close(k);
	forker_stop(k->forker);
}

static void keeper_init(struct keeper *k)
{
	k->env_fd = k->lock_fd = k->admin_fd = k->counters_fd = k->control.fd = k->signals.fd = -1;
	for (unsigned i = 0; i < KEEPER_CLIENTS; i++)
		k->clients[i].peer.watch.fd = -1;
	buf_init(&k->in, LIMIT_CONTROL);
	children_init(k);
}

static struct keeper parent; /* large, and there is one */

int main(int argc, char **argv)
{
	struct jail_path paths[KEEPER_JAIL_PATHS];
	struct diag d = { 0 };
	int status;

	if (argc > 1 && strcmp(argv[1], "vault") == 0)
		return vault_main(argc - 1, argv + 1);
	log_open("keeper", LOG_INFO);
	(void)umask(077);
	(void)signal(SIGCHLD, SIG_DFL); /* ignored, it would hide how children end */
	keeper_init(&parent);
	const struct jail shown = keeper_jail("DATA", paths);
	if (jail_debug(&shown, argc, argv, &status))
		return status;
	enum err e = env_take(&parent.env_fd, &d);
	if (e == OK)
		e = take_options(&parent.opts, argc, argv, &d);
	const struct jail jail = keeper_jail(parent.opts.data ? parent.opts.data : "", paths);
	if (e == OK)
		e = serve(&parent, &jail, &d);
	if (e != OK)
		log_msg(LOG_ERROR, "%s", diag_text(&d));
	close_all(&parent);
	if (e == OK)
		log_msg(LOG_INFO, "ended");
	/* No destructors: a library's would call what the jail kills for. */
	(void)fflush(NULL);
	_exit(e != OK ? err_exit(e) : parent.exit_status);
}
