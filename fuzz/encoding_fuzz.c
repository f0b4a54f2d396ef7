/*
 * fuzz/encoding_fuzz.c - compressed request bodies. The first byte picks gzip or deflate and a limit.
 * Oracle: what is taken is what codec/inflate says as a whole, and not more than the limits; what is
 * refused is refused there, too, or too large; on a refusal the body stays; no memory is lost.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "codec/inflate.h"
#include "ingress/encoding.h"

#include <sys/mman.h>
#include <unistd.h>

enum { MAX = 2 << 20 };

static struct bodies *open_bodies(void)
{
	struct diag d = { 0 };
	int fd = memfd_create("arena", MFD_CLOEXEC);

	CHECK(fd >= 0 && ftruncate(fd, LIMIT_ARENA) == 0);
	struct bodies *b = bodies_new(fd, &d);
	CHECK(b != NULL);
	(void)close(fd);
	return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct bodies *bodies;
	struct diag d = { 0 };
	struct arena a;
	struct body body;
	struct buf whole;

	if (n == 0)
		return 0;
	if (bodies == NULL)
		bodies = open_bodies();
	bool gzip = p[0] & 1;
	size_t max = p[0] & 2 ? MAX : (size_t)p[0] * 16 + 1;
	struct str in = { (const char *)p + 1, n - 1 };
	CHECK(body_alloc(bodies, &body, in.n) == OK);
	memcpy(body.p, in.p, in.n);
	body.n = in.n;
	char *before = body.p;

	arena_init(&a, 1 << 20);
	enum err e = encoding_decode(gzip ? ENCODING_GZIP : ENCODING_DEFLATE, bodies, &a, &body, max, &d);
	arena_reset(&a);
	size_t ratio = in.n * LIMIT_BODY_RATIO;
	size_t most = ratio < LIMIT_BODY_RATIO_FROM ? LIMIT_BODY_RATIO_FROM : ratio;
	buf_init(&whole, most < max ? most : max);
	enum err other = inflate_all(&a, gzip ? INFLATE_GZIP : INFLATE_ZLIB, in, &whole);
	CHECK((e == OK) == (other == OK));
	CHECK(e == OK || e == ERR_SYNTAX || e == ERR_LIMIT);
	CHECK(e != OK || (body.n <= most && body.n <= max));
	CHECK(e != OK || str_eq((struct str){ body.p, body.n }, buf_str(&whole)));
	CHECK(e == OK || (body.p == before && body.n == in.n && memcmp(before, in.p, in.n) == 0));
	body_free(bodies, &body);
	CHECK(bodies_used(bodies) == 0);
	buf_free(&whole);
	arena_done(&a);
	return 0;
}
