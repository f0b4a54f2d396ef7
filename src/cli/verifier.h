/* cli/verifier.h - asks the verifier, a jailed process of its own, about one bundle. Runs in: cli.
 */
#ifndef CLI_VERIFIER_H
#define CLI_VERIFIER_H

#include "base/diag.h"
#include "proto/verifier.h"

struct verifier_call {
	struct verifier_request request;
	int bundle, root, artifact; /* descriptors; -1: none, as the request says */
};

/* verifier_ask starts it, waits and appends its report, one JSON object. OK says that there is a
 * report, not what it says. The descriptors stay the caller's. */
MUST_USE enum err verifier_ask(const struct verifier_call *call, struct buf *out, struct diag *d);

#endif
