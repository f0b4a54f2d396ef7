/*
 * tests/differential/pth.c - what inspect/startup.c executes of .pth files, for test_pth.py.
 * usage: pth VERSION FILE... For each file: name NUL executed lines, each with SOH behind it, US.
 */
#include "base/buf.h"
#include "inspect/startup.h"
#include "sys/fs.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct python_version v = python_version_read(str_z(argc > 1 ? argv[1] : ""));

	for (int i = 2; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/');
		struct str name = str_z(slash != NULL ? slash + 1 : argv[i]);
		struct startup_line l;
		struct buf b;

		buf_init(&b, 1 << 20);
		if (startup_kind(name, v) != STARTUP_PTH || fs_read(argv[i], 0, &b, NULL) != OK)
			continue;
		struct startup_scan s = startup_begin(STARTUP_PTH, v, buf_str(&b));
		printf("%.*s%c", FMT(name), 0);
		while (startup_next(&s, &l))
			if (l.act == STARTUP_EXEC)
				printf("%.*s\1", FMT(l.text));
		(void)putchar(0x1f);
		buf_free(&b);
	}
	return 0;
}
