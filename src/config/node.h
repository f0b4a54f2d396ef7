/*
 * config/node.h - one YAML file as a bounded tree. Ring 0, over libyaml.
 * Anchors are shared, not copied, but counted as if they were: walking a tree costs
 * LIMIT_CONFIG_NODES steps at the most. Duplicate keys, several documents, keys that are not
 * scalars and tags other than YAML's own are refused; merge keys ("<<") are resolved.
 */
#ifndef CONFIG_NODE_H
#define CONFIG_NODE_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/limits.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool quoted;             /* a scalar that is a string whatever it looks like */
	bool open;               /* still being read: an alias to it would never end */
	uint32_t line;           /* from 1; of the key for a member of a map */
	uint32_t weight, height; /* nodes once expanded (text counts too), and depth */
	uint32_t n;              /* children */
	struct str file;
	struct str name;         /* its key, for a member of a map */
	struct str text;         /* of a scalar */
	const struct node *first, *next;
};

/* How much more the files of one configuration may hold. */
struct node_budget {
	uint32_t nodes;
	uint32_t key_max; /* bytes of one key; 0: LIMIT_NAME */
};

/* node_parse reads one YAML document. An empty one gives an empty map. Everything lives in a;
 * text and file name are copied. d says the line, never the content. */
MUST_USE enum err node_parse(struct str file, struct str text, struct arena *a,
			     struct node_budget *budget, const struct node **out, struct diag *d);

/* node_get gives the member called name, or NULL; also when map is NULL or no map. */
const struct node *node_get(const struct node *map, struct str name);

/* node_is: n is not NULL and of this kind. */
bool node_is(const struct node *n, enum node_kind kind);

/* node_null: n is NULL or YAML's null. */
bool node_null(const struct node *n);

#define NODE_EACH(parent, it) for (const struct node *it = (parent)->first; it; it = it->next)

#endif
