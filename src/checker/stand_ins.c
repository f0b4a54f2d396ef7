/* checker/stand_ins.c - stands in for what is not there yet. */
#include "inspect/source.h"
#include "package/manifest.h"

__attribute__((weak)) enum language source_language(struct str path, struct str text)
{
	(void)text;
	if (str_has_suffix(path, S(".py")))
		return LANG_PYTHON;
	return str_has_suffix(path, S(".js")) || str_has_suffix(path, S(".mjs")) ? LANG_JAVASCRIPT
										    : LANG_NONE;
}

__attribute__((weak)) enum role source_role(struct str path)
{
	return str_has_suffix(path, S("setup.py")) ? ROLE_INSTALL : ROLE_MODULE;
}

__attribute__((weak)) void source_inspect(enum language lang, enum role role, struct str package,
					  struct str path, struct str text, struct arena *scratch,
					  struct findings *f, struct caps *caps)
{
	(void)lang, (void)package, (void)path, (void)scratch, (void)f;
	if (role != ROLE_STARTUP)
		return;
	if (str_find(text, S("subprocess")) != SIZE_MAX || str_find(text, S("os.system")) != SIZE_MAX)
		caps->bits |= CAP_EXEC;
	if (str_find(text, S("b64decode")) != SIZE_MAX)
		caps->bits |= CAP_DECODE;
	if (str_find(text, S("exec(")) != SIZE_MAX)
		caps->bits |= CAP_EVAL;
}
