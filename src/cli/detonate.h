/*
 * cli/detonate.h - runs a target in the sandbox (proto/detonation.h), for `yett check`. Ring 2.
 */
#ifndef CLI_DETONATE_H
#define CLI_DETONATE_H

#include "cli/check.h"

/* detonate_by_itself: the target is one package, which is run without being asked to. */
bool detonate_by_itself(const struct report *r);

/* detonate runs the job's target and adds to its report what it did; the report is to be judged
 * anew. phases: those that are run, as the detonator names them; NULL: all. Whatever goes wrong
 * makes it inconclusive; where this system cannot run it, only if that was demanded. Takes minutes
 * at most. */
void detonate(const struct job *j, struct report *r, struct arena *a, const char *phases,
	      bool demanded);

#endif
