/* tests/unit/config/node_test.c - YAML into a bounded tree. */
#include "config/node.h"

#include "../check.h"

static struct arena arena;
static struct diag diag;

static enum err parse_n(struct str text, uint32_t nodes, const struct node **out)
{
	struct node_budget budget = { .nodes = nodes };
	struct str guarded = check_guard(text);

	arena_done(&arena);
	arena_init(&arena, 64 << 20);
	diag = (struct diag){ 0 };
	enum err e = node_parse(S("f.yaml"), guarded, &arena, &budget, out, &diag);
	check_unguard(guarded);
	return e;
}

static const struct node *parse(const char *text)
{
	const struct node *root = NULL;

	return parse_n(str_z(text), LIMIT_CONFIG_NODES, &root) == OK ? root : NULL;
}

/* node_get, with an empty node in place of NULL. */
static const struct node *get(const struct node *map, const char *name)
{
	static const struct node none;
	const struct node *n = node_get(map, str_z(name));

	return n ? n : &none;
}

static bool says(const char *why)
{
	return str_find(str_z(diag.text), str_z(why)) != SIZE_MAX;
}

CASE(kinds)
{
	const struct node *r = parse("a: 1\nb: [x, 'y', \"\"]\nc: {d: ~, e: {}}\n");

	CHECK(r && r->kind == NODE_MAP && r->n == 3);
	CHECK_STR(get(r, "a")->text, S("1"));
	const struct node *b = get(r, "b");
	CHECK(b->kind == NODE_LIST && b->n == 3 && b->line == 2);
	CHECK(b->first && !b->first->quoted && b->first->next && b->first->next->quoted);
	CHECK(node_null(node_get(node_get(r, S("c")), S("d"))));
	CHECK(node_is(node_get(node_get(r, S("c")), S("e")), NODE_MAP));
	CHECK(node_get(b, S("x")) == NULL && node_get(NULL, S("x")) == NULL);
	CHECK(!node_null(get(parse("a: \"\"\n"), "a"))); /* "" in quotes is a string */
}

CASE(empty_documents)
{
	CHECK(node_is(parse(""), NODE_MAP));
	CHECK(parse("# nothing\n") && parse("---\n...\n"));
	CHECK(parse("~\n") != NULL);
	CHECK(parse("- a\n") == NULL && says("not a map"));
	CHECK(parse("plain\n") == NULL);
	CHECK(parse("a: 1\n---\nb: 2\n") == NULL && says("more than one document"));
}

CASE(anchors)
{
	const struct node *r = parse("a: &x {k: v, l: [1, 2]}\nb: *x\nc: [*x, *x]\n");

	CHECK(r && get(r, "b")->n == 2);
	CHECK_STR(get(get(r, "b"), "k")->text, S("v"));
	CHECK(get(r, "c")->n == 2);
	CHECK(parse("a: *x\n") == NULL && says("without its anchor"));
	CHECK(parse("a: &x {b: *x}\n") == NULL && says("its own anchor"));
	CHECK(parse("a: &x [*x]\n") == NULL);
	/* The last anchor of a name before the alias counts. */
	r = parse("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");
	CHECK_STR(get(r, "b")->text, S("1"));
	CHECK_STR(get(r, "d")->text, S("2"));
}

CASE(merge_keys)
{
	const struct node *r = parse("base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\n"
				     "one: {<<: *b, y: own}\n"
				     "two: {<<: [*b, *o]}\n"
				     "three: {q: 0, <<: *o}\n");

	CHECK(r != NULL);
	const struct node *one = get(r, "one"), *two = get(r, "two");
	CHECK(one->n == 2 && two->n == 3 && get(r, "three")->n == 3);
	CHECK_STR(get(one, "y")->text, S("own"));
	CHECK_STR(get(two, "y")->text, S("2"));
	CHECK_STR(get(two, "z")->text, S("4"));
	CHECK(node_get(one, S("<<")) == NULL);
	CHECK(parse("a: {<<: 1}\n") == NULL && says("takes a map"));
	CHECK(parse("a: {<<: [1]}\n") == NULL);
	CHECK(parse("a: {<<: {}}\n") && get(parse("a: {<<: {}}\n"), "a")->n == 0);
}

CASE(refused)
{
	CHECK(parse("a: 1\na: 2\n") == NULL && says("f.yaml:2: this key stands twice"));
	CHECK(parse("? [a]\n: b\n") == NULL);
	CHECK(parse("a: !!python/object:os.system x\n") == NULL && says("tags"));
	CHECK(parse("a: !foo {}\n") == NULL);
	CHECK(parse("a: [1\n") == NULL);
	CHECK(parse("\ta: 1\n") == NULL);
	CHECK(parse("a: \xff\xfe\n") == NULL);
	CHECK(parse("a: !!str 5\n") && get(parse("a: !!str 5\n"), "a")->quoted);
	CHECK(parse("a: !!int 5\n") != NULL);
}

CASE(bounds)
{
	const struct node *r;
	char deep[200];
	struct buf b;

	buf_fixed(&b, deep, sizeof deep);
	buf_add(&b, S("a: "));
	for (int i = 0; i < LIMIT_CONFIG_DEPTH - 2; i++)
		buf_addc(&b, '[');
	for (int i = 0; i < LIMIT_CONFIG_DEPTH - 2; i++)
		buf_addc(&b, ']');
	CHECK(parse_n(buf_str(&b), 1000, &r) == OK);
	buf_reset(&b);
	buf_add(&b, S("a: "));
	for (int i = 0; i < LIMIT_CONFIG_DEPTH - 1; i++)
		buf_addc(&b, '[');
	for (int i = 0; i < LIMIT_CONFIG_DEPTH - 1; i++)
		buf_addc(&b, ']');
	CHECK(parse_n(buf_str(&b), 1000, &r) == ERR_LIMIT && says("too deeply"));
	/* Nine times nine times nine: small to write, large to walk. */
	CHECK(parse_n(S("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
			"c: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"), 500, &r) == ERR_LIMIT && says("too many nodes"));
	CHECK(parse_n(S("a: [1, 2, 3]\n"), 6, &r) == OK);
	CHECK(parse_n(S("a: [1, 2, 3]\n"), 5, &r) == ERR_LIMIT);
}

CASE(every_prefix_is_harmless)
{
	struct str text = S("model_list: &m\n  - {a: &x 1, b: *x, <<: {c: 'd'}}\nlast: !!str \"\\u00e9\" # end\n");
	const struct node *r;

	for (size_t n = 0; n <= text.n; n++)
		(void)parse_n(str_head(text, n), 1000, &r);
	CHECK(parse_n(text, 1000, &r) == OK);
}

TESTS(CASE_ROW(kinds), CASE_ROW(empty_documents), CASE_ROW(anchors), CASE_ROW(merge_keys), CASE_ROW(refused),
      CASE_ROW(bounds), CASE_ROW(every_prefix_is_harmless))
