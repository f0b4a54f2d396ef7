/*
 * fuzz/npm_config_fuzz.c - a project's .npmrc, and behind a NUL what the user's own says. Oracle:
 * what is let through has no variable of the environment but for a host that the user names or for
 * a file of this machine, and no line is worse for more lines of the user's. Proves T-41.
 */
#include "fuzz/fuzz.h"

#include "cli/npm_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n }, own, text = str_cut(in, 0, &own);

	enum err alone = npm_config_judge(text, S(""), NULL);
	enum err with = npm_config_judge(text, own, NULL);
	CHECK(alone == ERR_DENIED || with == OK);
	if (alone == OK)
		for (struct str rest = text; rest.n > 0;) {
			struct str value, line = str_trim(str_cut(rest, '\n', &rest));
			struct str key = str_cut(line, '=', &value);
			bool skipped = line.n == 0 || line.p[0] == '#' || line.p[0] == ';' ||
				       str_chr(line, '\r') != SIZE_MAX;
			CHECK(skipped || str_find(line, S("${")) == SIZE_MAX ||
			      str_find(key, S("cache")) != SIZE_MAX ||
			      str_find(key, S("cafile")) != SIZE_MAX ||
			      str_find(key, S("logs-dir")) != SIZE_MAX);
			CHECK(skipped || str_find(value, S("\\u0024{")) == SIZE_MAX);
		}
	return 0;
}
