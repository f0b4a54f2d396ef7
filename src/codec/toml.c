/*
 * codec/toml.c - TOML 1.0 statements, keys and values into a tree.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/toml_fuzz.c
 *
 * What may be defined again, and what not, is the hard part of TOML. Three marks on a table say it:
 * explicit (it had its header, or dotted keys made it), section (the header under which dotted keys
 * made it: only there may they go on) and frozen (it was written inline).
 */
#include "codec/toml.h"

#include "base/limits.h"
#include "codec/toml_value.h"
#include "codec/utf8.h"

#include <assert.h>

/*
 * The keys of one table as a trie of the first bits in which they differ. A hash table needs a
 * secret against keys that were made to collide; this needs none: a look-up costs at most the bits
 * of the key.
 */
struct twig {
	struct entry *leaf; /* NULL: a branch */
	size_t bit;
	struct twig *side[2];
};

struct entry {
	struct toml v; /* the first member: what callers see */
	struct entry *last;
	struct twig *keys;
	uint32_t section;
	uint16_t depth;
	bool explicit, frozen, tables; /* tables: an array made by [[headers]] */
};

struct frame {
	struct entry *at;
	uint32_t section;
};

struct reader {
	struct toml_text in;
	size_t nodes;
	uint32_t section,
		sections; /* the one that dotted keys belong to, and how many there were */
	struct entry *root, *table;
};

static enum err fail(struct reader *r, enum err e, const char *why)
{
	return diag_set(r->in.d, e, "line %u: %s", r->in.line, why);
}

static struct entry *entry_of(const struct toml *t)
{
	return (struct entry *)(uintptr_t)t;
}

/* ---- keys of a table ------------------------------------------------------------------------ */

/* Bits of a key, nine a byte: the first says that the byte is there. */
static unsigned key_bit(struct str key, size_t i)
{
	size_t at = i / 9, bit = i % 9;

	if (at >= key.n)
		return 0;
	return bit == 0 ? 1 : (unsigned)(unsigned char)key.p[at] >> (8 - bit) & 1;
}

/* The first bit in which they differ, or SIZE_MAX. */
static size_t key_differ(struct str a, struct str b)
{
	size_t at = 0;

	while (at < a.n && at < b.n && a.p[at] == b.p[at])
		at++;
	if (at == a.n && at == b.n)
		return SIZE_MAX;
	for (size_t i = at * 9;; i++)
		if (key_bit(a, i) != key_bit(b, i))
			return i;
}

static struct entry *key_find(const struct entry *table, struct str key)
{
	const struct twig *t = table->keys;

	while (t != NULL && t->leaf == NULL)
		t = t->side[key_bit(key, t->bit)];
	return t != NULL && str_eq(t->leaf->v.key, key) ? t->leaf : NULL;
}

/* Puts e, whose key is not there yet. */
static enum err key_put(struct reader *r, struct entry *table, struct entry *e)
{
	struct twig *leaf = NEW(r->in.arena, struct twig), *branch;
	struct twig **at = &table->keys, *t = table->keys;
	struct str key = e->v.key;

	if (leaf == NULL)
		return fail(r, ERR_NOMEM, "out of memory");
	leaf->leaf = e;
	if (t == NULL) {
		*at = leaf;
		return OK;
	}
	while (t->leaf == NULL)
		t = t->side[key_bit(key, t->bit)];
	size_t bit = key_differ(t->leaf->v.key, key);
	assert(bit != SIZE_MAX);
	while ((*at)->leaf == NULL && (*at)->bit < bit)
		at = &(*at)->side[key_bit(key, (*at)->bit)];
	branch = NEW(r->in.arena, struct twig);
	if (branch == NULL)
		return fail(r, ERR_NOMEM, "out of memory");
	branch->bit = bit;
	branch->side[key_bit(key, bit)] = leaf;
	branch->side[!key_bit(key, bit)] = *at;
	*at = branch;
	return OK;
}

/* ---- making values -------------------------------------------------------------------------- */

/* A new child of parent, whose type is still to be set; key is "" in an array. */
static enum err add(struct reader *r, struct entry *parent, struct str key, struct entry **out)
{
	if (parent->depth >= LIMIT_TOML_DEPTH)
		return fail(r, ERR_LIMIT, "nested too deeply");
	if (r->nodes == 0)
		return fail(r, ERR_LIMIT, "too many values");
	struct entry *e = NEW(r->in.arena, struct entry);
	if (e == NULL)
		return fail(r, ERR_NOMEM, "out of memory");
	r->nodes--;
	e->v.key = key;
	e->v.line = r->in.line;
	e->depth = (uint16_t)(parent->depth + 1);
	if (parent->v.type == TOML_TABLE)
		TRY(key_put(r, parent, e));
	if (parent->last != NULL)
		parent->last->v.next = &e->v;
	else
		parent->v.first = &e->v;
	parent->last = e;
	parent->v.n++;
	*out = e;
	return OK;
}

static enum err add_table(struct reader *r, struct entry *parent, struct str key,
			  struct entry **out)
{
	TRY(add(r, parent, key, out));
	(*out)->v.type = TOML_TABLE;
	return OK;
}

/* ---- keys of statements --------------------------------------------------------------------- */

/* One part of a dotted key, and whether a dot follows. */
static enum err key_part(struct reader *r, struct str *out, bool *out_more)
{
	toml_skip_blank(&r->in);
	TRY(toml_key(&r->in, out));
	toml_skip_blank(&r->in);
	*out_more = toml_take(&r->in, '.');
	return OK;
}

/* Goes from table along one more part that is not the last: the keys before it defined it. */
static enum err dotted_step(struct reader *r, struct entry **table, struct str key)
{
	struct entry *next = key_find(*table, key);

	if (next == NULL)
		TRY(add_table(r, *table, key, &next));
	else if (next->v.type != TOML_TABLE || next->frozen)
		return fail(r, ERR_SYNTAX, "a dotted key goes through a value");
	else if (next->explicit && next->section != r->section)
		return fail(r, ERR_SYNTAX, "a dotted key adds to a table defined elsewhere");
	next->explicit = true;
	next->section = r->section;
	*table = next;
	return OK;
}

/* The left side of "key = value": a new child for the value to come. */
static enum err key_equals(struct reader *r, struct entry *table, struct entry **out)
{
	struct str key;
	bool more = true;

	for (;;) {
		TRY(key_part(r, &key, &more));
		if (!more)
			break;
		TRY(dotted_step(r, &table, key));
	}
	if (key_find(table, key) != NULL)
		return fail(r, ERR_SYNTAX, "this key is defined twice");
	if (!toml_take(&r->in, '='))
		return fail(r, ERR_SYNTAX, "'=' is missing after a key");
	return add(r, table, key, out);
}

/* Goes from table along a part of a header that is not the last. */
static enum err header_step(struct reader *r, struct entry **table, struct str key)
{
	struct entry *next = key_find(*table, key);

	if (next == NULL)
		TRY(add_table(r, *table, key, &next));
	if (next->v.type == TOML_ARRAY && next->tables)
		next = next->last;
	if (next->v.type != TOML_TABLE || next->frozen)
		return fail(r, ERR_SYNTAX, "a header goes through a value");
	*table = next;
	return OK;
}

static enum err header_table(struct reader *r, struct entry *parent, struct str key)
{
	struct entry *e = key_find(parent, key);

	if (e == NULL)
		TRY(add_table(r, parent, key, &e));
	else if (e->v.type != TOML_TABLE || e->frozen || e->explicit)
		return fail(r, ERR_SYNTAX, "this table is defined twice");
	e->explicit = true;
	e->v.line = r->in.line;
	r->table = e;
	return OK;
}

static enum err header_array(struct reader *r, struct entry *parent, struct str key)
{
	struct entry *e = key_find(parent, key);

	if (e == NULL) {
		TRY(add(r, parent, key, &e));
		e->v.type = TOML_ARRAY;
		e->tables = true;
	} else if (!e->tables) {
		return fail(r, ERR_SYNTAX, "this is no array of tables");
	}
	TRY(add_table(r, e, S(""), &r->table));
	r->table->explicit = true;
	return OK;
}

static enum err header(struct reader *r)
{
	bool array = toml_take(&r->in, '['), more = true;
	struct entry *table = r->root;
	struct str key;

	r->section = ++r->sections;
	for (;;) {
		TRY(key_part(r, &key, &more));
		if (!more)
			break;
		TRY(header_step(r, &table, key));
	}
	if (!toml_take(&r->in, ']') || (array && !toml_take(&r->in, ']')))
		return fail(r, ERR_SYNTAX, "a header does not end");
	return array ? header_array(r, table, key) : header_table(r, table, key);
}

/* ---- values --------------------------------------------------------------------------------- */

/* White space, comments and line ends between the items of an array. */
static enum err skip_lines(struct reader *r)
{
	for (;;) {
		toml_skip_blank(&r->in);
		if (toml_peek(&r->in) == '#')
			TRY(toml_comment(&r->in));
		if (!toml_newline(&r->in))
			return OK;
	}
}

/* The next place for a value in the open array, or NULL behind its bracket. */
static enum err next_item(struct reader *r, struct entry *array, struct entry **out)
{
	TRY(skip_lines(r));
	if (array->v.n > 0 && toml_peek(&r->in) != ']') {
		if (!toml_take(&r->in, ','))
			return fail(r, ERR_SYNTAX, "',' or ']' is missing in an array");
		TRY(skip_lines(r));
	}
	*out = NULL;
	return toml_take(&r->in, ']') ? OK : add(r, array, S(""), out);
}

/* The same in an inline table, where neither line ends nor a last comma are allowed. */
static enum err next_member(struct reader *r, struct entry *table, struct entry **out)
{
	toml_skip_blank(&r->in);
	*out = NULL;
	if (toml_take(&r->in, '}')) {
		table->frozen = true;
		return OK;
	}
	if (table->v.n > 0 && !toml_take(&r->in, ','))
		return fail(r, ERR_SYNTAX, "',' or '}' is missing in an inline table");
	return key_equals(r, table, out);
}

/* Reads what stands at a place for a value; of a container only its opening. */
static enum err open_value(struct reader *r, struct entry *e, bool *out_open)
{
	toml_skip_blank(&r->in);
	*out_open = true;
	if (toml_take(&r->in, '[')) {
		e->v.type = TOML_ARRAY;
		return OK;
	}
	if (toml_take(&r->in, '{')) {
		e->v.type = TOML_TABLE;
		return OK;
	}
	*out_open = false;
	return toml_scalar(&r->in, &e->v);
}

/* A whole value, with a stack of the containers that are open around it. */
static enum err value(struct reader *r, struct entry *e)
{
	struct frame stack[LIMIT_TOML_DEPTH + 1];
	unsigned depth = 0;
	bool open;

	for (;;) {
		TRY(open_value(r, e, &open));
		if (open) {
			assert(depth <= LIMIT_TOML_DEPTH);
			stack[depth++] = (struct frame){ e, r->section };
			r->section = ++r->sections;
		}
		e = NULL;
		while (e == NULL) {
			if (depth == 0)
				return OK;
			struct entry *in = stack[depth - 1].at;
			TRY(in->v.type == TOML_ARRAY ? next_item(r, in, &e)
						     : next_member(r, in, &e));
			if (e == NULL)
				r->section = stack[--depth].section;
		}
	}
}

/* ---- the text ------------------------------------------------------------------------------- */

static enum err statement(struct reader *r)
{
	struct entry *e;

	toml_skip_blank(&r->in);
	if (toml_take(&r->in, '[')) {
		TRY(header(r));
	} else if (toml_peek(&r->in) != '#' && toml_peek(&r->in) != '\n' &&
		   toml_peek(&r->in) != '\r') {
		if (toml_peek(&r->in) < 0)
			return OK;
		TRY(key_equals(r, r->table, &e));
		TRY(value(r, e));
	}
	toml_skip_blank(&r->in);
	if (toml_peek(&r->in) == '#')
		TRY(toml_comment(&r->in));
	if (toml_peek(&r->in) >= 0 && !toml_newline(&r->in))
		return fail(r, ERR_SYNTAX, "something follows a value or header on its line");
	return OK;
}

enum err toml_parse(struct str text, struct arena *a, size_t nodes_max, const struct toml **out,
		    struct diag *d)
{
	struct reader r = { .in = { text.p, text.p + text.n, 1, a, d }, .nodes = nodes_max };

	size_t bad = utf8_valid(text);
	if (bad != text.n)
		return diag_set(d, ERR_SYNTAX, "byte %zu is no UTF-8", bad);
	r.root = r.table = NEW(a, struct entry);
	if (r.root == NULL)
		return fail(&r, ERR_NOMEM, "out of memory");
	r.root->v.type = TOML_TABLE;
	r.root->v.line = 1;
	while (r.in.p < r.in.end)
		TRY(statement(&r));
	*out = &r.root->v;
	return OK;
}

const struct toml *toml_get(const struct toml *t, struct str key)
{
	return toml_is(t, TOML_TABLE) ? (const struct toml *)key_find(entry_of(t), key) : NULL;
}

bool toml_is(const struct toml *t, enum toml_type type)
{
	return t != NULL && t->type == type;
}

struct str toml_str(const struct toml *t)
{
	return toml_is(t, TOML_STRING) ? t->text : S("");
}

bool toml_true(const struct toml *t)
{
	return toml_is(t, TOML_BOOL) && t->integer == 1;
}
