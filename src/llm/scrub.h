/* llm/scrub.h - keys that a provider repeats in its errors. Ring 0. */
#ifndef LLM_SCRUB_H
#define LLM_SCRUB_H

#include "base/arena.h"
#include "base/str.h"

/* llm_scrub gives s, a JSON text or a part of one, without what looks like a provider's key or what
 * is left of a masked one. It is s itself where there is nothing of the kind; p is NULL where
 * memory is short. JSON stays JSON. */
struct str llm_scrub(struct str s, struct arena *a);

#endif
