/* ingress/ingress.c - the few things that every part of this process uses. Runs in: ingress. */
#include "ingress/ingress.h"

#include "ingress/conn.h"
#include "ingress/link.h"
#include "proto/start.h"
#include "sys/log.h"

#include <unistd.h>

enum { EXIT_PEER = 70 };

void ingress_fatal(const char *why)
{
	log_msg(LOG_ERROR, "%s", why);
	_exit(EXIT_PEER);
}

void ingress_blame(const char *why)
{
	log_msg(LOG_ERROR, "%s", why);
	_exit(START_EXIT_BLAMES_PEER);
}

uint64_t ingress_random(struct ingress *in)
{
	in->rng ^= in->rng << 13;
	in->rng ^= in->rng >> 7;
	in->rng ^= in->rng << 17;
	return in->rng;
}

void ingress_flush(struct ingress *in)
{
	while (in->dirty != NULL) {
		struct conn *c = in->dirty;
		in->dirty = c->next;
		conn_flush(c);
	}
	link_publish(in->link);
	arena_reset(&in->turn);
}
