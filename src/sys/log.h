/*
 * sys/log.h - one line a message on standard error, for people and for journald. Ring 1; only ring
 * 2 calls it. Format: "<level> <role>[pid]: text". Never a secret, never a client's bytes
 * unescaped: use log_str for those.
 */
#ifndef SYS_LOG_H
#define SYS_LOG_H

#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* log_open sets the role (borrowed for good) and the level below which nothing is written. */
void log_open(const char *role, enum log_level level);
void log_msg(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* log_str writes s into out (printable ASCII kept, all else as \xNN, cut with "..."), and returns
 * out. */
const char *log_str(struct str s, char *out, size_t cap);

#endif
