/*
 * sys/log.c - one line a message on standard error. One write a line, so that lines of several
 * processes do not mix.
 */
#include "sys/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 1024 };

/* Of <syslog.h>, whose macros have the names of our levels. */
int setlogmask(int mask);

void log_open(const char *role, enum log_level level)
{
	/* The C library keeps a name and a mask of levels for exactly this: we need no state. */
	program_invocation_short_name = (char *)(uintptr_t)role;
	(void)setlogmask((1 << (level + 1)) - 1);
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error";
	case LOG_WARN:
		return "warning";
	case LOG_INFO:
		return "info";
	case LOG_DEBUG:
		return "debug";
	}
	return "";
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	if ((setlogmask(0) & 1 << level) == 0)
		return;
	int head = snprintf(line, sizeof line, "%s %s[%d]: ", level_name(level),
			    program_invocation_short_name, (int)getpid());
	size_t n = head > 0 ? (size_t)head : 0;
	if (n >= sizeof line)
		n = sizeof line - 1;
	va_start(ap, fmt);
	int text = vsnprintf(line + n, sizeof line - n, fmt, ap);
	va_end(ap);
	if (text > 0)
		n += (size_t)text;
	if (n > sizeof line - 1)
		n = sizeof line - 1;
	/* Whatever it quotes, it stays one line and drives no terminal. */
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	/* Nobody to tell when standard error is gone. */
	ssize_t ignored = write(STDERR_FILENO, line, n);
	(void)ignored;
}

const char *log_str(struct str s, char *out, size_t cap)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0, fit = 0; /* fit: where dots would still have room */

	if (cap == 0)
		return "";
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '\\';
		if (n + 4 <= cap)
			fit = n;
		if (n + (plain ? 1 : 4) + 1 > cap) {
			for (n = fit; n < fit + 3 && n + 1 < cap;)
				out[n++] = '.';
			break;
		}
		if (plain) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	out[n] = '\0';
	return out;
}
