/*
 * egress/h2_memory.h - nghttp2's memory: it copies fields, one of which holds a key, so what it
 * gives back is wiped.   Runs in: egress.
 */
#ifndef EGRESS_H2_MEMORY_H
#define EGRESS_H2_MEMORY_H

#include <nghttp2/nghttp2.h>

extern const nghttp2_mem h2_memory;

#endif
