/*
 * tlog/tlog.c - the tree, its tiles and their names.
 * Input: hostile in `yett audit verify`.   Runs in: keeper, cli.   Fuzz: fuzz/tlog_fuzz.c
 */
#include "tlog/tlog.h"

#include <assert.h>
#include <string.h>


void tlog_init(struct tlog *t, struct sha256 *sha)
{
	t->sha = sha;
	t->size = 0;
	for (unsigned i = 0; i < TLOG_LEVELS; i++)
		t->levels[i].n = 0;
}

void tlog_leaf(struct sha256 *sha, char *room, size_t n, uint8_t out[TLOG_HASH])
{
	room[0] = 0x00; /* RFC 6962, 2.1: leaves begin with 0, nodes with 1 */
	sha256_with(sha, (struct str){ room, n + 1 }, out);
}

void tlog_node(struct sha256 *sha, const uint8_t *left, const uint8_t *right, uint8_t *out)
{
	char in[1 + 2 * TLOG_HASH] = { 0x01 };

	memcpy(in + 1, left, TLOG_HASH);
	memcpy(in + 1 + TLOG_HASH, right, TLOG_HASH);
	sha256_with(sha, (struct str){ in, sizeof in }, out);
}

/* The root over n hashes, n a power of two and TLOG_WIDTH at most. */
static void perfect(struct sha256 *sha, const uint8_t (*hash)[TLOG_HASH], uint32_t n, uint8_t *out)
{
	uint8_t work[TLOG_WIDTH / 2][TLOG_HASH];

	assert(n >= 1 && n <= TLOG_WIDTH && (n & (n - 1)) == 0);
	if (n == 1) {
		memcpy(out, hash[0], TLOG_HASH);
		return;
	}
	for (uint32_t i = 0; i < n / 2; i++)
		tlog_node(sha, hash[2 * i], hash[2 * i + 1], work[i]);
	for (n /= 2; n > 1; n /= 2)
		for (uint32_t i = 0; i < n / 2; i++)
			tlog_node(sha, work[2 * i], work[2 * i + 1], work[i]);
	memcpy(out, work[0], TLOG_HASH);
}

unsigned tlog_add(struct tlog *t, const uint8_t leaf[TLOG_HASH])
{
	uint8_t hash[TLOG_HASH];
	unsigned full = 0;

	memcpy(hash, leaf, TLOG_HASH);
	for (unsigned i = 0; i < TLOG_LEVELS; i++) {
		struct tlog_level *l = &t->levels[i];
		if (l->n == TLOG_WIDTH)
			l->n = 0;
		memcpy(l->hash[l->n++], hash, TLOG_HASH);
		if (l->n < TLOG_WIDTH)
			break;
		perfect(t->sha, l->hash, TLOG_WIDTH, hash);
		full++;
	}
	t->size++;
	return full;
}

/* A full tile's root is in the level above already. */
static uint32_t edge_n(const struct tlog_level *l)
{
	return l->n == TLOG_WIDTH ? 0 : l->n;
}

void tlog_root(const struct tlog *t, uint8_t out[TLOG_HASH])
{
	uint8_t sub[TLOG_HASH];
	bool have = false;

	if (t->size == 0) {
		sha256_with(t->sha, S(""), out);
		return;
	}
	for (unsigned i = 0; i < TLOG_LEVELS; i++) {
		uint32_t left = edge_n(&t->levels[i]);
		for (uint32_t width = 1; left > 0; width *= 2) {
			if (!(left & width))
				continue;
			left -= width; /* the perfect subtree to the right of what is left */
			perfect(t->sha, t->levels[i].hash + left, width, sub);
			if (have)
				tlog_node(t->sha, sub, out, out);
			else
				memcpy(out, sub, TLOG_HASH);
			have = true;
		}
	}
	assert(have);
}

struct str tlog_tile(const struct tlog *t, unsigned level)
{
	assert(level < TLOG_LEVELS);
	return (struct str){ (const char *)t->levels[level].hash,
			     t->levels[level].n * (size_t)TLOG_HASH };
}

/* Hashes that a tree of size leaves has at a level. */
static uint64_t hashes_at(uint64_t size, unsigned level)
{
	return size >> (8 * level);
}

uint64_t tlog_index(const struct tlog *t, unsigned level)
{
	uint64_t n = hashes_at(t->size, level);

	assert(level < TLOG_LEVELS);
	return t->levels[level].n == TLOG_WIDTH ? n / TLOG_WIDTH - 1 : n / TLOG_WIDTH;
}

void tlog_edge(uint64_t size, unsigned level, uint64_t *out_index, uint32_t *out_width)
{
	uint64_t n = hashes_at(size, level);

	*out_index = n / TLOG_WIDTH;
	*out_width = (uint32_t)(n % TLOG_WIDTH);
}

void tlog_resume(struct tlog *t, uint64_t size)
{
	assert(t->size == 0);
	t->size = size;
}

enum err tlog_resume_tile(struct tlog *t, unsigned level, struct str tile)
{
	uint64_t index;
	uint32_t width;

	tlog_edge(t->size, level, &index, &width);
	if (tile.n != width * (size_t)TLOG_HASH)
		return ERR_SYNTAX;
	t->levels[level].n = width;
	if (tile.n)
		memcpy(t->levels[level].hash, tile.p, tile.n);
	return OK;
}

/* C2SP tlog-tiles: groups of three digits, all but the last with an x before them: 1234067 is
 * x001/x234/067 */
const char *tlog_path(int level, uint64_t index, uint32_t width, char *out)
{
	struct buf b;
	uint64_t scale = 1;

	assert(level < TLOG_LEVELS && width >= 1 && width <= TLOG_WIDTH);
	buf_fixed(&b, out, TLOG_PATH - 1);
	buf_add(&b, S("tile/"));
	if (level < 0)
		buf_add(&b, S("entries"));
	else
		buf_addu(&b, (uint64_t)level);
	while (index / scale >= 1000)
		scale *= 1000;
	for (; scale > 1; scale /= 1000)
		buf_addf(&b, "/x%03u", (unsigned)(index / scale % 1000));
	buf_addf(&b, "/%03u", (unsigned)(index % 1000));
	if (width < TLOG_WIDTH)
		buf_addf(&b, ".p/%u", (unsigned)width);
	assert(b.err == OK);
	out[b.n] = '\0';
	return out;
}

void tlog_bundle_add(struct buf *bundle, struct str entry)
{
	assert(entry.n <= TLOG_ENTRY_MAX);
	buf_addc(bundle, (char)(entry.n >> 8));
	buf_addc(bundle, (char)(entry.n & 0xff));
	buf_add(bundle, entry);
}

enum err tlog_bundle_next(struct str *bundle, struct str *out)
{
	if (bundle->n < 2)
		return ERR_SYNTAX;
	size_t n = (size_t)(unsigned char)bundle->p[0] << 8 | (unsigned char)bundle->p[1];
	if (bundle->n - 2 < n)
		return ERR_SYNTAX;
	*out = str_head(str_tail(*bundle, 2), n);
	*bundle = str_tail(*bundle, 2 + n);
	return OK;
}
