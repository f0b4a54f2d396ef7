/*
 * fuzz/route_fuzz.c - method, space, path. Oracle: a match can be put together again from its pattern
 * and the model (less a slash at the end of the path), no earlier row matches, and what is refused for
 * its method matches with another.
 */
#include "fuzz/fuzz.h"

#include "ingress/route.h"

static bool put_together(const struct route *r, struct str model, struct str path)
{
	size_t at = str_find(r->pattern, S("{m}"));

	if (r->prefix)
		return str_has_prefix(path, r->pattern);
	if (at == SIZE_MAX)
		return str_eq(path, r->pattern);
	struct str before = str_head(r->pattern, at), after = str_tail(r->pattern, at + 3);
	return model.n > 0 && path.n == before.n + model.n + after.n &&
	       str_has_prefix(path, before) && model.p == path.p + before.n &&
	       str_has_suffix(path, after);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str path, method = str_cut((struct str){ (const char *)p, n }, ' ', &path);
	struct route_match m, post, get;
	enum err e = route_find(method, path, &m);
	enum err as_post = route_find(S("POST"), path, &post);
	enum err as_get = route_find(S("GET"), path, &get);

	CHECK((unsigned)route_dialect(path) < DIALECT_COUNT);
	if (path.n > 1 && str_has_suffix(path, S("/")))
		path = str_head(path, path.n - 1);
	if (e == OK) {
		CHECK(m.route->post == str_eq(method, S("POST")));
		CHECK(m.route->post || str_eq(method, S("GET")) || str_eq(method, S("HEAD")));
		CHECK(put_together(m.route, m.model, path));
		CHECK(m.route == (m.route->post ? post.route : get.route));
	}
	CHECK((e == ERR_NOT_FOUND) == (as_post == ERR_NOT_FOUND && as_get == ERR_NOT_FOUND));
	CHECK(e != ERR_UNSUPPORTED || as_post == OK || as_get == OK);
	return 0;
}
