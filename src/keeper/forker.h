/*
 * keeper/forker.h - a small process that starts others for keeper. Runs in: keeper, and a process
 * of its own.
 *
 * Filters and Landlock rules pass on to what is started. If keeper itself started egress, keeper's
 * jail would have to allow all that egress may do: connections, and execution. So a process that
 * holds nothing starts the children, as keeper's own (CLONE_PARENT): keeper waits for them and they
 * die with it.
 */
#ifndef KEEPER_FORKER_H
#define KEEPER_FORKER_H

#include "base/diag.h"
#include "base/str.h"

#include <sys/types.h>

struct forker;

enum forker_role { FORK_INGRESS, FORK_EGRESS, FORK_ADMIN, FORK_ROLES };
extern const char *const forker_role_name[FORK_ROLES];

/* What the loader is told. Strings live for the call; the loader sees them with a NUL behind. */
struct loader_args {
	uint64_t generation;
	struct str config; /* "": none */
	struct str data, listen, admin; /* of the command line; "": the file says */
};

/* A loader loads the configuration and reports on result_fd (keeper/loader.h), in a process of its
 * own. */
typedef void loader_fn(const struct loader_args *args, int env_fd, int result_fd);

/* forker_start starts it; loader is what forker_load will run. Before anything secret is in
 * memory. */
MUST_USE enum err forker_start(loader_fn *loader, struct forker **out, struct diag *d);

/* forker_stop lets it end. Legal on NULL. */
void forker_stop(struct forker *f);

/* forker_fd is readable when the forker has ended, which keeper does not survive; forker_alive
 * asks. */
int forker_fd(const struct forker *f);
bool forker_alive(const struct forker *f);

/* A child that has been started; the descriptors are the caller's. */
struct born {
	pid_t pid;
	int pidfd;
	int stderr_fd; /* what it writes to its standard error can be read here; does not block */
};

/* forker_spawn starts a role's executable with the descriptors of proto/start.h, waiting until it
 * runs. */
MUST_USE enum err forker_spawn(struct forker *f, enum forker_role role, unsigned worker,
			       const int *fds, unsigned n_fds, struct born *out, struct diag *d);

/* forker_signal sends a signal to one of the children, which may belong to another user. */
void forker_signal(struct forker *f, int pidfd, int sig);

/* forker_load runs the loader; *out_result_fd is the socket that its report comes on. */
MUST_USE enum err forker_load(struct forker *f, const struct loader_args *args, int env_fd,
			      int *out_result_fd, struct diag *d);

#endif
