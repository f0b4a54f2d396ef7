/*
 * cli/npm_config.h - the .npmrc of a project, which may be anybody's. Ring 2.
 */
#ifndef CLI_NPM_CONFIG_H
#define CLI_NPM_CONFIG_H

#include "base/diag.h"

/* npm_config_check reads the .npmrc of a project before npm goes by it. ERR_DENIED: it has npm put
 * variables of the environment into what a registry of its own choice gets, or names a program that
 * npm would run; d says where. */
MUST_USE enum err npm_config_check(const char *project, struct diag *d);

/* npm_config_judge is that check for a text; own is all that the user's own configuration says. */
MUST_USE enum err npm_config_judge(struct str text, struct str own, struct diag *d);

#endif
