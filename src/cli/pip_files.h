/*
 * cli/pip_files.h - files of requirements and constraints, which may be anybody's. Ring 2.
 */
#ifndef CLI_PIP_FILES_H
#define CLI_PIP_FILES_H

#include "cli/pip_args.h"

/* pip_files_check reads the files that are named with -r and -c and those that they take in, before
 * pip goes by them. ERR_DENIED: pip would put variables of the environment into what one of them
 * sends to a place of its choice, or it cannot be told; d says where. What cannot be read at all is
 * left to pip, as are addresses that the user himself has named. */
MUST_USE enum err pip_files_check(const struct pip_args *args, struct diag *d);

#endif
