/*
 * keeper/env.c - the environment keeper was started with: a place where people put keys.
 * Runs in: keeper, loader.
 */
#include "keeper/loader.h"

#include "sys/secret.h"

#include <string.h>
#include <unistd.h>

enum err env_take(int *out_fd, struct diag *d)
{
	size_t n = 1;
	uint8_t *map;

	for (char **e = environ; *e != NULL; e++)
		n += strlen(*e) + 1;
	TRY(secret_memfd(n, out_fd, &map, d));
	size_t at = 0;
	for (char **e = environ; *e != NULL; e++) {
		size_t len = strlen(*e);
		memcpy(map + at, *e, len + 1);
		at += len + 1;
		secret_wipe(*e, len);
	}
	environ[0] = NULL;
	secret_unmap((struct str){ (const char *)map, n });
	return OK;
}

struct str env_get(struct str map, struct str name)
{
	while (map.n > 0 && map.p[0] != '\0') {
		const char *end = memchr(map.p, '\0', map.n);
		struct str entry = { map.p, end ? (size_t)(end - map.p) : map.n }, value;
		struct str key = str_cut(entry, '=', &value);
		if (key.n < entry.n && str_eq(key, name))
			return value;
		map = str_tail(map, entry.n + 1);
	}
	return (struct str){ NULL, 0 };
}
