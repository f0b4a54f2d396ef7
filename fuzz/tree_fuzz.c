/*
 * fuzz/tree_fuzz.c - links in a tree. The input makes a tree: one letter names, directories and
 * links. Oracles: resolving ends, gives no link, and never gives what lies outside; what is found
 * by path has that path.
 * Proves T-25.
 */
#include "checker/tree.h"

#include "fuzz/fuzz.h"

enum { NODES = 40 };

static void make(struct tree *t, struct arena *a, struct str in)
{
	for (size_t i = 0; i + 2 <= in.n && t->n < NODES; i += 2) {
		struct entry *e = &t->items[t->n];
		uint32_t parent = TREE_NONE;
		for (uint32_t k = 0; k < t->n; k++)
			if (S_ISDIR(t->items[k].mode) && (in.p[i] & 7) == (int)(k & 7))
				parent = k;
		char name[2] = { (char)('a' + (in.p[i] >> 3 & 3)), 0 };
		char path[256];
		int n = snprintf(path, sizeof path, "%.*s%s%s",
				 parent == TREE_NONE ? 0 : (int)t->items[parent].path.n,
				 parent == TREE_NONE ? "" : t->items[parent].path.p,
				 parent == TREE_NONE ? "" : "/", name);
		bool there = false;
		for (uint32_t k = 0; k < t->n; k++)
			there |= str_eq(t->items[k].path, str_z(path));
		if (there || n > 100)
			continue;
		*e = (struct entry){ .path = arena_dup(a, str_z(path)), .parent = parent,
				     .end = t->n + 1, .name_at = (uint32_t)n - 1 };
		e->mode = in.p[i + 1] & 1 ? S_IFDIR : in.p[i + 1] & 2 ? S_IFLNK : S_IFREG;
		size_t len = (size_t)(unsigned char)in.p[i + 1] >> 4;
		e->link = str_head(str_tail(in, i), len);
		t->n++;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct entry items[NODES];
	struct tree t = { .items = items, .label = S("/a") };
	struct str in = { (const char *)p, n };
	struct arena a;

	if (n < 4)
		return 0;
	arena_init(&a, 1 << 20);
	memset(items, 0, sizeof items);
	t.absolute_inside = p[0] & 1;
	make(&t, &a, str_tail(in, 2));
	CHECK(tree_index(&t) == OK);
	for (uint32_t i = 0; i < t.n; i++)
		CHECK(tree_find(&t, items[i].path) == i);
	for (uint32_t i = 0; i < t.n; i++) {
		bool outside = false;
		uint32_t at = tree_resolve(&t, items[i].parent, items[i].link, &outside);
		CHECK(at == TREE_NONE || (at < t.n && !S_ISLNK(items[at].mode) && !outside));
		CHECK(!(outside && t.absolute_inside));
	}
	t.items = NULL;
	tree_done(&t);
	arena_done(&a);
	return 0;
}
