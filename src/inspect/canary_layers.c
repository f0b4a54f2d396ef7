/*
 * inspect/canary_layers.c - looks for tokens behind layers of encodings.
 * Input: hostile.   Runs in: sink.   Fuzz: fuzz/canary_fuzz.c
 *
 * No recursion: what a layer uncovers goes on a list, and all that is ever uncovered for one input
 * is bounded by its length. Decoders guess where an encoding begins, so most of what they give is
 * nonsense, in which nothing is found; only exact matches of random characters count.
 */
#include "inspect/canary_decode.h"
#include "inspect/canary_index.h"

#include <stdlib.h>
#include <string.h>

enum {
	LAYERS_MAX = 512, /* waiting at once */
	RUN_MIN = 24,	  /* letters of a run that is worth decoding */
	RUN85_MIN = 25,
	RUN_HEX_MIN = 32,
	MAGIC_MAX = 16, /* compressed streams looked for in one buffer */
	MEMBERS_MAX = 64,
	INFLATED_MAX = 4 << 20,
	INFLATED_MIN = 64 << 10,
	TURNED_MAX = 256 << 10, /* larger buffers are not turned around, nor their pieces joined */
	WORK_MIN = 16 << 20,	/* bytes uncovered for one input: so much, and */
	WORK_FACTOR = 24,	/* so many times its length */
	OPAQUE_MIN = 64,
};

struct layer {
	uint8_t *p; /* owned, but for the first */
	size_t n;
	uint8_t depth;
	bool turned; /* reversed, rotated, or its case swapped: once is enough */
	char how[80];
};

struct layers {
	const struct canary_scanner *s;
	struct canary_hits *out;
	struct layer list[LAYERS_MAX];
	unsigned n;
	size_t work, work_max;
	struct run_classes classes;
};

/* room gives memory for a layer of at most n bytes, or NULL when the work's bound is reached. */
static uint8_t *room(struct layers *l, size_t n)
{
	if (l->n == LAYERS_MAX || n > l->work_max - l->work) {
		l->out->truncated = true;
		return NULL;
	}
	return malloc(n + 1);
}

/* push takes p over. Nothing is gained by what is shorter than a token's piece. */
static void push(struct layers *l, const struct layer *from, uint8_t *p, size_t n, const char *name,
		 bool layer)
{
	struct layer *to = &l->list[l->n];

	if (n < CANARY_PIECE) {
		free(p);
		return;
	}
	l->work += n;
	l->n++;
	*to = (struct layer){ p, n, (uint8_t)(from->depth + layer), from->turned || !layer, "" };
	joined(to->how, sizeof to->how, name, " in ", from->how);
}

static struct str text_of(const struct layer *at)
{
	return (struct str){ (const char *)at->p, at->n };
}

/* ---- one function for each family of layers ---- */

struct decoder {
	const char *name;
	enum run_class class, but; /* a run that is of class but is not meant */
	size_t min;
	unsigned shifts; /* the run may begin with letters of something else */
	size_t (*undo)(struct str in, uint8_t *out);
};

static size_t undo_base85(struct str in, uint8_t *out)
{
	return base85_undo(in, false, out);
}

static size_t undo_ascii85(struct str in, uint8_t *out)
{
	return base85_undo(in, true, out);
}

static const struct decoder decoders[] = {
	{ "base64", RUN_BASE64, RUN_HEX, RUN_MIN, 4, base64_undo },
	{ "hex", RUN_HEX, 0, RUN_HEX_MIN, 2, hex_undo },
	{ "base32", RUN_BASE32, 0, RUN_MIN, 1, base32_undo },
	{ "base32", RUN_BASE32_LOWER, 0, RUN_MIN, 1, base32_undo },
	{ "base85", RUN_BASE85, RUN_BASE64, RUN85_MIN, 1, undo_base85 },
	{ "ascii85", RUN_ASCII85, RUN_BASE64, RUN85_MIN, 1, undo_ascii85 },
};

/* Each run is decoded into one buffer with all others of its kind and shift: that joins what was
 * sent in pieces, and a buffer full of short runs makes few layers. */
static void undo_runs(struct layers *l, const struct layer *from, const struct decoder *d,
		      unsigned shift)
{
	struct str in = text_of(from), run;
	uint8_t *p = room(l, in.n);
	size_t n = 0, at = 0;

	if (p == NULL)
		return;
	while ((run = run_next(&l->classes, in, &at, d->class, d->min)).n) {
		/* A run of few letters may be of more classes than one; nobody means the larger. */
		if (d->but && run_only(&l->classes, run, d->but))
			continue;
		n += d->undo(str_tail(run, shift), p + n);
	}
	push(l, from, p, n, d->name, true);
}

static void undo_letters(struct layers *l, const struct layer *from)
{
	for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++) {
		const struct decoder *d = &decoders[i];
		size_t at = 0;
		if (run_next(&l->classes, text_of(from), &at, d->class, d->min).n == 0)
			continue;
		bool sure = from->depth > 1 || from->turned || from->n > TURNED_MAX;
		for (unsigned shift = 0; shift < (sure ? 1 : d->shifts); shift++)
			undo_runs(l, from, d, shift);
	}
}

static void undo_whole(struct layers *l, const struct layer *from, const char *name,
		       size_t (*undo)(struct str, uint8_t *))
{
	uint8_t *p = room(l, from->n);
	size_t n = p != NULL ? undo(text_of(from), p) : 0;

	if (p != NULL) /* where next to nothing was undone there is nothing new to see */
		push(l, from, p, from->n - n < CANARY_PIECE ? 0 : n, name, true);
}

/* Mostly printable. */
static bool is_text(const struct layers *l, const struct layer *at)
{
	size_t n = 0;

	for (size_t i = 0; i < at->n; i++)
		n += (l->classes.of[at->p[i]] & RUN_TEXT) != 0 || at->p[i] == '\n';
	return n >= at->n - at->n / 16;
}

static void undo_text(struct layers *l, const struct layer *from)
{
	struct str in = text_of(from);
	size_t digits = 0, letters = 0, percents = 0;

	if (!is_text(l, from))
		return;
	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = from->p[i];
		digits += c >= '0' && c <= '9';
		letters += (l->classes.of[c] & RUN_BASE64) != 0;
		percents += c == '%';
	}
	if (percents >= CANARY_PIECE / 2)
		undo_whole(l, from, "percent code", percent_undo);
	if (digits >= in.n / 8)
		undo_whole(l, from, "character codes", numbers_undo);
	uint8_t *p = letters < in.n - in.n / 64 && in.n <= TURNED_MAX ? room(l, in.n) : NULL;
	if (p != NULL)
		push(l, from, p, letters_only(&l->classes, in, p), "pieces", true);
}

static void undo_stream(struct layers *l, const struct layer *from, size_t at, int bits,
			const char *name)
{
	size_t n = from->n - at, cap = n > INFLATED_MAX / 32 ? INFLATED_MAX : n * 32;
	struct str in = { (const char *)from->p + at, n };

	cap = cap < INFLATED_MIN ? INFLATED_MIN : cap;
	uint8_t *p = room(l, cap);
	if (p == NULL)
		return;
	size_t got = inflate_undo(in, bits, p, cap);
	push(l, from, p, got, name, true);
}

/* A member of a ZIP archive: its data begins behind two lengths of the local header. */
static void undo_member(struct layers *l, const struct layer *from, size_t at)
{
	const uint8_t *p = from->p + at;

	if (from->n - at < 30 || p[8] != 8)
		return; /* stored members are seen as they are */
	size_t head = 30u + p[26] + 256u * p[27] + p[28] + 256u * p[29];
	if (head < from->n - at)
		undo_stream(l, from, at + head, -15, "zip");
}

static void undo_streams(struct layers *l, const struct layer *from)
{
	unsigned gzips = 0, zlibs = 0, members = 0;
	const uint8_t *p = from->p;

	for (size_t i = 0; i + 4 <= from->n; i++) {
		if (p[i] == 0x1f && p[i + 1] == 0x8b && p[i + 2] == 8 && gzips++ < MAGIC_MAX)
			undo_stream(l, from, i, 16 + 15, "gzip");
		else if (p[i] == 0x78 && (p[i] * 256 + p[i + 1]) % 31 == 0 &&
			 (p[i + 1] & 0x20) == 0 && zlibs++ < MAGIC_MAX)
			undo_stream(l, from, i, 15, "zlib");
		else if (memcmp(p + i, "PK\3\4", 4) == 0 && members++ < MEMBERS_MAX)
			undo_member(l, from, i);
	}
	undo_stream(l, from, 0, -15, "deflate");
}

static uint8_t turned(uint8_t c, bool rot13)
{
	uint8_t lower = c | 0x20;

	if (lower < 'a' || lower > 'z')
		return c;
	if (!rot13)
		return c ^ 0x20;
	return (uint8_t)(c + (lower < 'n' ? 13 : -13));
}

/* The whole reversed, rotated or with its case swapped: the layers inside are then undone. */
static void turn(struct layers *l, const struct layer *from)
{
	static const char *const names[] = { "reversed text", "rot13", "case swapped" };

	for (unsigned how = 0; how < 3; how++) {
		uint8_t *p = room(l, from->n);
		if (p == NULL)
			return;
		for (size_t i = 0; i < from->n; i++)
			p[i] = how == 0 ? from->p[from->n - 1 - i] : turned(from->p[i], how == 1);
		push(l, from, p, from->n, names[how], false);
	}
}

static void undo_layer(struct layers *l, const struct layer *at)
{
	scan_literal(l->s, text_of(at), at->how, l->out);
	if (!at->turned) /* a token that was reversed is looked for anyway */
		scan_diffs(l->s, text_of(at), at->how, l->out);
	if (at->depth >= CANARY_DEPTH)
		return;
	undo_letters(l, at);
	undo_text(l, at);
	undo_streams(l, at);
	if (!is_text(l, at))
		undo_whole(l, at, "UTF-32", utf32_undo);
	if (!at->turned && at->n <= TURNED_MAX && at->depth < 2 && is_text(l, at))
		turn(l, at);
}

void canary_scan(struct canary_scanner *s, struct str bytes, struct canary_hits *out)
{
	struct layers *l = calloc(1, sizeof *l);
	union {
		const char *borrowed;
		uint8_t *p;
	} first = { bytes.p }; /* layers are read only */

	if (l == NULL || bytes.n == 0) {
		out->truncated |= l == NULL;
		free(l);
		return;
	}
	run_classes_init(&l->classes);
	l->s = s;
	l->out = out;
	l->work_max = WORK_MIN + (bytes.n > SIZE_MAX / 64 ? bytes.n : bytes.n * WORK_FACTOR);
	l->list[l->n++] = (struct layer){ .p = first.p, .n = bytes.n };
	while (l->n > 0) {
		struct layer at = l->list[--l->n];
		undo_layer(l, &at);
		if (at.p != first.p)
			free(at.p);
	}
	free(l);
}

/* ---- what cannot be read ---- */

/* So many different bytes, and so few of them text, have only encryption and compression. */
static const char *looks_random(struct str in)
{
	bool seen[256] = { false };
	size_t distinct = 0, text = 0, n = in.n < 512 ? in.n : 512;
	double absent = 256;

	if (in.n < OPAQUE_MIN)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		/* From the middle: heads of formats and of multipart bodies are text. */
		uint8_t c = (uint8_t)in.p[(in.n - n) / 2 + i];
		distinct += !seen[c];
		seen[c] = true;
		text += (c >= 0x20 && c < 0x7f) || c == '\n';
		absent *= 255.0 / 256;
	}
	return (double)distinct >= 0.85 * (256 - absent) && text < n * 6 / 10 ? "random" : NULL;
}

/* A zip whose entries a password locks: the first flag of its first entry. */
static bool is_locked_zip(struct str at)
{
	return str_has_prefix(at, S("PK\3\4")) && at.n > 30 && (at.p[6] & 1) != 0 && at.p[7] == 0 &&
	       (uint8_t)at.p[4] <= 63 && at.p[5] == 0;
}

static const char *sealed_in(struct str in)
{
	static const struct {
		struct str magic;
		const char *name;
	} kinds[] = {
		{ SC("\x31\x41\x59\x26\x53\x59"), "bzip2" }, /* behind "BZh9" */
		{ SC("\xfd\x37zXZ\0"), "xz" },
		{ SC("\x28\xb5\x2f\xfd"), "zstd" },
		{ SC("7z\xbc\xaf\x27\x1c"), "7z" },
		{ SC("Rar!\x1a\x07"), "rar" },
		{ SC("\x5d\0\0\x80\0\xff\xff\xff\xff"),
		  "lzma" }, /* as lzma.FORMAT_ALONE writes it */
		{ SC("Salted__"), "openssl enc" },
		{ SC("age-encryption.org/"), "age" },
		{ SC("-----BEGIN PGP MESSAGE"), "PGP" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (str_find(in, kinds[i].magic) != SIZE_MAX)
			return kinds[i].name;
	for (size_t at = str_find(in, S("PK\3\4")); at != SIZE_MAX;) {
		in = str_tail(in, at);
		if (is_locked_zip(in))
			return "encrypted zip";
		in = str_tail(in, 4);
		at = str_find(in, S("PK\3\4"));
	}
	return NULL;
}

/* as_is_or_behind asks about bytes, and about what the first long run of base64 or hex in it says:
 * from wherever that begins, since the word before it may look the same. */
static const char *as_is_or_behind(struct str bytes, const char *(*ask)(struct str))
{
	static const struct {
		enum run_class class;
		size_t (*undo)(struct str, uint8_t *);
		size_t starts;
	} ways[] = { { RUN_BASE64, base64_undo, 4 }, { RUN_HEX, hex_undo, 2 } };
	struct run_classes classes;
	const char *found = ask(bytes);

	run_classes_init(&classes);
	for (size_t i = 0; i < 2 && found == NULL; i++) {
		size_t at = 0;
		struct str run = run_next(&classes, bytes, &at, ways[i].class, OPAQUE_MIN * 4 / 3);
		uint8_t *p = run.n ? malloc(run.n) : NULL;
		for (size_t k = 0; p != NULL && k < ways[i].starts && found == NULL; k++) {
			size_t n = ways[i].undo(str_tail(run, k), p);
			found = ask((struct str){ (char *)p, n });
		}
		free(p);
	}
	return found;
}

bool canary_opaque(struct str bytes)
{
	return as_is_or_behind(bytes, looks_random) != NULL;
}

const char *canary_sealed(struct str bytes)
{
	return as_is_or_behind(bytes, sealed_in);
}
