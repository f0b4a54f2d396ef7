/*
 * sys/sock.h - what every TCP socket of ours is told. Ring 1.
 */
#ifndef SYS_SOCK_H
#define SYS_SOCK_H

#include "sys/listen.h"

/* sock_tune turns off the delay of small segments and, where a (the address it listens on or goes
 * to) is a loopback address, takes the plainest congestion control. What a kernel refuses stays as
 * it was. A listener's sockets inherit both. */
void sock_tune(int fd, const struct listen_addr *a);

#endif
