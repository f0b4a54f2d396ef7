/*
 * config/node.c - libyaml's events into a bounded tree.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/node.h"

#include <assert.h>
#include <yaml.h>

enum { ANCHORS_MAX = 1024, MERGE_MAX = 16, TEXT_MAX = 64 << 10, TEXT_UNIT = 64 };

struct frame {
	struct node *node;
	struct node *last;      /* the child added last */
	struct str key;         /* the key that waits for its value */
	uint32_t key_line;
	bool has_key;
};

struct anchor {
	struct str name;
	struct node *node;
};

struct reader {
	struct arena *a;
	struct node_budget *budget;
	struct diag *d;
	struct str file;
	struct frame stack[LIMIT_CONFIG_DEPTH];
	unsigned depth;
	struct anchor *anchors;
	unsigned n_anchors;
	struct node *root;
	bool done;              /* a document has ended */
};

static enum err fail(struct reader *r, enum err e, size_t line, const char *why)
{
	return diag_set(r->d, e, "%.*s:%zu: %s", FMT(r->file), line, why);
}

static uint32_t line_of(const yaml_event_t *e)
{
	return e->start_mark.line < UINT32_MAX ? (uint32_t)e->start_mark.line + 1 : UINT32_MAX;
}

static enum err spend(struct reader *r, uint32_t nodes, uint32_t line)
{
	if (r->budget->nodes < nodes)
		return fail(r, ERR_LIMIT, line, "too many nodes once anchors are expanded");
	r->budget->nodes -= nodes;
	return OK;
}

static struct node *new_node(struct reader *r, enum node_kind kind, uint32_t line)
{
	struct node *n = NEW(r->a, struct node);

	if (n == NULL) {
		(void)fail(r, ERR_NOMEM, line, "out of memory");
		return NULL;
	}
	n->kind = kind;
	n->line = line;
	n->file = r->file;
	n->weight = 1;
	n->height = 1;
	return n;
}

/* ---- children ---- */

static void account(struct node *parent, const struct node *child)
{
	parent->weight += child->weight;
	if (parent->height < child->height + 1)
		parent->height = child->height + 1;
}

static enum err attach(struct reader *r, struct node *n)
{
	if (r->depth == 0) {
		r->root = n;
		return OK;
	}
	struct frame *f = &r->stack[r->depth - 1];
	if (f->node->kind == NODE_MAP) {
		assert(f->has_key);
		n->name = f->key;
		n->line = f->key_line;
		f->has_key = false;
	}
	if (f->last)
		f->last->next = n;
	else
		f->node->first = n;
	f->last = n;
	f->node->n++;
	return OK;
}

/* A container's weight is added to its parent's when it ends; a scalar's and an alias' at once. */
static enum err add_leaf(struct reader *r, struct node *n)
{
	TRY(attach(r, n));
	if (r->depth)
		account(r->stack[r->depth - 1].node, n);
	return OK;
}

/* ---- the end of a map: merge keys and duplicates ---- */

static int by_name(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return str_cmp((*x)->name, (*y)->name);
}

static const struct node *find_sorted(const struct node **v, size_t n, struct str name)
{
	const struct node key = { .name = name }, *want = &key;
	const struct node **hit = n ? bsearch(&want, v, n, sizeof *v, by_name) : NULL;

	return hit ? *hit : NULL;
}

static enum err merge_one(struct reader *r, struct frame *f, const struct node *from)
{
	if (from->kind != NODE_MAP)
		return fail(r, ERR_SYNTAX, f->node->line, "'<<' takes a map or a list of maps");
	size_t n = 0;
	const struct node **known = NEW_ARRAY(r->a, const struct node *, (size_t)f->node->n + 1);
	if (known == NULL)
		return fail(r, ERR_NOMEM, f->node->line, "out of memory");
	NODE_EACH(f->node, it)
		known[n++] = it;
	qsort(known, n, sizeof known[0], by_name);
	NODE_EACH(from, it) {
		if (find_sorted(known, n, it->name))
			continue;
		struct node *copy = new_node(r, it->kind, it->line);
		if (copy == NULL)
			return ERR_NOMEM;
		*copy = *it;
		copy->next = NULL;
		TRY(spend(r, copy->weight, f->node->line));
		f->last->next = copy;
		f->last = copy;
		f->node->n++;
		account(f->node, copy);
	}
	return OK;
}

/* Keys of the map itself win over merged ones, and earlier merged maps over later ones. */
static enum err merge(struct reader *r, struct frame *f)
{
	const struct node *source = node_get(f->node, S("<<"));

	if (source == NULL)
		return OK;
	if (source->kind == NODE_MAP) {
		TRY(merge_one(r, f, source));
	} else if (source->kind == NODE_LIST && source->n <= MERGE_MAX) {
		NODE_EACH(source, it)
			TRY(merge_one(r, f, it));
	} else {
		return fail(r, ERR_SYNTAX, source->line,
			    "'<<' takes a map or a short list of maps");
	}
	const struct node *prev = NULL;
	NODE_EACH(f->node, it) {
		if (it == source)
			break;
		prev = it;
	}
	/* The nodes of this map are this reader's own, only its type says const to everybody
	 * else. */
	if (prev)
		((struct node *)(uintptr_t)prev)->next = source->next;
	else
		f->node->first = source->next;
	f->node->n--;
	return OK;
}

static enum err end_map(struct reader *r, struct frame *f)
{
	size_t n = 0;
	const struct node **all = NEW_ARRAY(r->a, const struct node *, (size_t)f->node->n + 1);

	if (all == NULL)
		return fail(r, ERR_NOMEM, f->node->line, "out of memory");
	NODE_EACH(f->node, it)
		all[n++] = it;
	qsort(all, n, sizeof all[0], by_name);
	for (size_t i = 1; i < n; i++)
		if (str_eq(all[i - 1]->name, all[i]->name))
			return fail(r, ERR_SYNTAX,
				    all[i - 1]->line > all[i]->line
				    ? all[i - 1]->line : all[i]->line,
				    "this key stands twice in one map");
	return find_sorted(all, n, S("<<")) ? merge(r, f) : OK;
}

/* ---- events ---- */

static enum err add_anchor(struct reader *r, const yaml_char_t *name, struct node *n)
{
	if (name == NULL)
		return OK;
	struct str key = arena_dup(r->a, str_z((const char *)name));
	if (r->anchors == NULL)
		r->anchors = NEW_ARRAY(r->a, struct anchor, ANCHORS_MAX);
	if (r->anchors == NULL || key.p == NULL)
		return fail(r, ERR_NOMEM, n->line, "out of memory");
	for (unsigned i = 0; i < r->n_anchors; i++) {
		if (!str_eq(r->anchors[i].name, key))
			continue;
		r->anchors[i].node = n; /* YAML 1.1, 3.2.2.2: the last one counts */
		return OK;
	}
	if (r->n_anchors == ANCHORS_MAX)
		return fail(r, ERR_LIMIT, n->line, "too many anchors");
	r->anchors[r->n_anchors++] = (struct anchor){ key, n };
	return OK;
}

static enum err on_alias(struct reader *r, const yaml_event_t *e)
{
	uint32_t line = line_of(e);
	struct str name = str_z((const char *)e->data.alias.anchor);
	struct node *target = NULL;

	for (unsigned i = 0; i < r->n_anchors; i++)
		if (str_eq(r->anchors[i].name, name))
			target = r->anchors[i].node;
	if (target == NULL)
		return fail(r, ERR_SYNTAX, line, "an alias without its anchor");
	if (target->open)
		return fail(r, ERR_SYNTAX, line, "an alias inside of its own anchor");
	if (r->depth && r->stack[r->depth - 1].node->kind == NODE_MAP &&
	    !r->stack[r->depth - 1].has_key)
		return fail(r, ERR_SYNTAX, line, "an alias cannot be a key");
	if (r->depth + target->height > LIMIT_CONFIG_DEPTH)
		return fail(r, ERR_LIMIT, line, "nested too deeply");
	TRY(spend(r, target->weight, line));
	struct node *copy = new_node(r, target->kind, line);
	if (copy == NULL)
		return ERR_NOMEM;
	*copy = *target;
	copy->line = line;
	copy->next = NULL;
	copy->name = S("");
	return add_leaf(r, copy);
}

/* Tags that say what a reader would find anyway; everything else asks for code or conversion. */
static bool tag_ok(const yaml_char_t *tag, bool *out_str)
{
	static const struct str plain[] = {
		SC("tag:yaml.org,2002:int"), SC("tag:yaml.org,2002:float"),
		SC("tag:yaml.org,2002:bool"), SC("tag:yaml.org,2002:null"),
		SC("tag:yaml.org,2002:map"), SC("tag:yaml.org,2002:seq"),
	};
	struct str t = str_z((const char *)tag);

	*out_str = str_eq(t, S("tag:yaml.org,2002:str")) || str_eq(t, S("!"));
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (str_eq(t, plain[i]))
			return true;
	return t.n == 0 || *out_str;
}

static enum err on_scalar(struct reader *r, const yaml_event_t *e)
{
	uint32_t line = line_of(e);
	struct str text = { (const char *)e->data.scalar.value, e->data.scalar.length };
	struct frame *f = r->depth ? &r->stack[r->depth - 1] : NULL;
	bool as_string;

	if (text.n > TEXT_MAX)
		return fail(r, ERR_LIMIT, line, "a text is too long");
	if (!tag_ok(e->data.scalar.tag, &as_string))
		return fail(r, ERR_UNSUPPORTED, line, "tags other than YAML's own are not read");
	text = arena_dup(r->a, text);
	if (text.p == NULL)
		return fail(r, ERR_NOMEM, line, "out of memory");
	if (f && f->node->kind == NODE_MAP && !f->has_key) {
		if (e->data.scalar.anchor)
			return fail(r, ERR_UNSUPPORTED, line, "a key cannot be an anchor");
		if (text.n > (r->budget->key_max ? r->budget->key_max : LIMIT_NAME))
			return fail(r, ERR_LIMIT, line, "a key is too long");
		TRY(spend(r, 1, line));
		f->key = text;
		f->key_line = line;
		f->has_key = true;
		return OK;
	}
	struct node *n = new_node(r, NODE_SCALAR, line);
	if (n == NULL)
		return ERR_NOMEM;
	n->text = text;
	n->quoted = as_string || e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->weight = 1 + (uint32_t)(text.n / TEXT_UNIT);
	TRY(spend(r, n->weight, line));
	TRY(add_anchor(r, e->data.scalar.anchor, n));
	return add_leaf(r, n);
}

static enum err on_start(struct reader *r, const yaml_event_t *e, enum node_kind kind)
{
	uint32_t line = line_of(e);
	bool as_string;
	const yaml_char_t *tag = kind == NODE_MAP
		? e->data.mapping_start.tag : e->data.sequence_start.tag;
	const yaml_char_t *anchor = kind == NODE_MAP ? e->data.mapping_start.anchor
						     : e->data.sequence_start.anchor;

	if (!tag_ok(tag, &as_string) || as_string)
		return fail(r, ERR_UNSUPPORTED, line, "tags other than YAML's own are not read");
	if (r->depth == LIMIT_CONFIG_DEPTH - 1)
		return fail(r, ERR_LIMIT, line, "nested too deeply");
	if (r->depth && r->stack[r->depth - 1].node->kind == NODE_MAP &&
	    !r->stack[r->depth - 1].has_key)
		return fail(r, ERR_UNSUPPORTED, line, "a key must be a plain value");
	TRY(spend(r, 1, line));
	struct node *n = new_node(r, kind, line);
	if (n == NULL)
		return ERR_NOMEM;
	n->open = true;
	TRY(add_anchor(r, anchor, n));
	TRY(attach(r, n));
	r->stack[r->depth++] = (struct frame){ .node = n };
	return OK;
}

static enum err on_end(struct reader *r)
{
	assert(r->depth > 0);
	struct frame *f = &r->stack[r->depth - 1];

	if (f->node->kind == NODE_MAP)
		TRY(end_map(r, f));
	f->node->open = false;
	r->depth--;
	if (r->depth)
		account(r->stack[r->depth - 1].node, f->node);
	return OK;
}

static enum err on_event(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return r->done ? fail(r, ERR_SYNTAX, line_of(e), "more than one document") : OK;
	case YAML_DOCUMENT_END_EVENT:
		r->done = true;
		return OK;
	case YAML_ALIAS_EVENT:
		return on_alias(r, e);
	case YAML_SCALAR_EVENT:
		return on_scalar(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(r, e, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return on_start(r, e, NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(r);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	default:
		return OK;
	}
}

/* libyaml frees without wiping, and any scalar may be a literal key. */
static void event_drop(yaml_event_t *e)
{
	if (e->type == YAML_SCALAR_EVENT)
		explicit_bzero(e->data.scalar.value, e->data.scalar.length);
	yaml_event_delete(e);
}

static void parser_drop(yaml_parser_t *p)
{
	if (p->raw_buffer.start)
		explicit_bzero(p->raw_buffer.start,
			       (size_t)(p->raw_buffer.end - p->raw_buffer.start));
	if (p->buffer.start)
		explicit_bzero(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
	yaml_parser_delete(p);
}

static enum err parse(struct reader *r, yaml_parser_t *p)
{
	yaml_event_t e;
	bool end = false;

	while (!end) {
		if (!yaml_parser_parse(p, &e))
			return p->error == YAML_MEMORY_ERROR
				? fail(r, ERR_NOMEM, p->mark.line + 1, "out of memory")
				: fail(r, ERR_SYNTAX, p->problem_mark.line + 1,
				       p->problem ? p->problem : "not YAML");
		end = e.type == YAML_STREAM_END_EVENT;
		enum err err = on_event(r, &e);
		event_drop(&e);
		TRY(err);
	}
	return OK;
}

enum err node_parse(struct str file, struct str text, struct arena *a, struct node_budget *budget,
		    const struct node **out, struct diag *d)
{
	struct reader r = { .a = a, .budget = budget, .d = d };
	yaml_parser_t p;

	r.file = arena_dup(a, file);
	if (r.file.p == NULL || !yaml_parser_initialize(&p))
		return diag_set(d, ERR_NOMEM, "out of memory");
	yaml_parser_set_input_string(&p, (const unsigned char *)(text.n ? text.p : ""), text.n);
	enum err err = parse(&r, &p);
	parser_drop(&p);
	TRY(err);
	assert(r.depth == 0);
	if (r.root == NULL || node_null(r.root)) {
		r.root = new_node(&r, NODE_MAP, 1);
		if (r.root == NULL)
			return ERR_NOMEM;
	}
	if (r.root->kind != NODE_MAP)
		return fail(&r, ERR_SYNTAX, r.root->line, "the file is not a map");
	*out = r.root;
	return OK;
}

const struct node *node_get(const struct node *map, struct str name)
{
	if (!node_is(map, NODE_MAP))
		return NULL;
	NODE_EACH(map, it)
		if (str_eq(it->name, name))
			return it;
	return NULL;
}

bool node_is(const struct node *n, enum node_kind kind)
{
	return n != NULL && n->kind == kind;
}

bool node_null(const struct node *n)
{
	static const struct str nulls[] = { SC(""), SC("~"), SC("null"), SC("Null"), SC("NULL") };

	if (n == NULL)
		return true;
	if (n->kind != NODE_SCALAR || n->quoted)
		return false;
	for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
		if (str_eq(n->text, nulls[i]))
			return true;
	return false;
}
