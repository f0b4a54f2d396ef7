/*
 * inspect/typosquat.c - names one slip away from known ones. Memory: the names, in an arena.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/typosquat_fuzz.c
 */
#include "inspect/typosquat.h"

#include "base/ascii.h"
#include "package/version.h"

#include <string.h>

__asm__(".section .rodata.popular,\"a\"\n"
	".global popular_begin, popular_end\n"
	"popular_begin:\n"
	".incbin \"data/popular-names.tsv\"\n"
	"popular_end:\n"
	".byte 0\n"
	".previous\n");
extern const char popular_begin[], popular_end[];

enum {
	NAME_MAX_BYTES = 214, /* npm's bound, the longer one */
	SHORTEST = 5,	      /* shorter names have too many neighbours */
	COMPARED = 5000,      /* of each ecosystem; whoever comes later is only known */
	FIRST = 1000,	      /* of these any other letter is held, */
	LONG = 8,	      /* when they are as long as this */
};

/* A name in the forms that are compared. */
struct form {
	struct str name, bare; /* bare: without separators, case, the scope's sign */
	uint64_t letters;      /* of its shape */
	size_t n_shape;
	char text[NAME_MAX_BYTES], shape[2 * NAME_MAX_BYTES];
};

struct known_name {
	struct str name;
	uint64_t letters;
	uint32_t n_shape;
};

static struct str shape_of(const struct form *f)
{
	return (struct str){ f->shape, f->n_shape };
}

/* What c looks like; m and w are drawn as two letters. */
static struct str drawn(const char *c)
{
	switch (*c) {
	case 'm':
		return S("rn");
	case 'w':
		return S("vv");
	case '0':
		return S("o");
	case '1':
	case 'i':
		return S("l");
	case '5':
		return S("s");
	default:
		return (struct str){ c, 1 };
	}
}

static bool separates(char c)
{
	return c == '-' || c == '_' || c == '.' || c == '@' || c == '/';
}

static void form_make(struct form *f, struct str name)
{
	size_t n = 0;

	f->name = name;
	f->letters = 0;
	f->n_shape = 0;
	for (size_t i = 0; i < name.n && i < NAME_MAX_BYTES; i++) {
		char c = name.p[i];
		if (separates(c))
			continue;
		f->text[n] = ascii_lower(c);
		struct str seen = drawn(&f->text[n++]);
		memcpy(f->shape + f->n_shape, seen.p, seen.n);
		f->n_shape += seen.n;
		for (size_t k = 0; k < seen.n; k++)
			f->letters |= 1ull << ((unsigned char)seen.p[k] & 63);
	}
	f->bare = (struct str){ f->text, n };
}

/* Whether the two can be near: one letter that is another, even one drawn as two, changes three of
 * the letters of a shape at most, and its length by two. */
static bool may_be_near(const struct form *f, const struct known_name *k)
{
	uint64_t differ = f->letters ^ k->letters;

	for (unsigned i = 0; i < 3; i++)
		differ &= differ - 1; /* one bit fewer; none stays none */
	return differ == 0 && f->n_shape + 2 >= k->n_shape && k->n_shape + 2 >= f->n_shape;
}

/* Of names of one length. A digit for another is a version of the name, not a slip. */
static enum near edit_same(struct str a, struct str b, size_t i, size_t differ)
{
	if (ascii_digit(a.p[i]) && ascii_digit(b.p[i]))
		return NEAR_NONE;
	if (differ == 2 && a.p[i] == b.p[i + 1] && a.p[i + 1] == b.p[i])
		return NEAR_SWAP;
	return differ == 1 ? NEAR_LETTER : NEAR_NONE;
}

static size_t same_head(struct str a, struct str b)
{
	size_t i = 0;

	while (i < a.n && i < b.n && a.p[i] == b.p[i])
		i++;
	return i;
}

/* How a differs from b by one edit; NEAR_NONE when by none or by more. */
static enum near edit(struct str a, struct str b)
{
	size_t i = same_head(a, b), j = 0;
	struct str longer = a.n > b.n ? a : b;

	while (j < a.n - i && j < b.n - i && a.p[a.n - 1 - j] == b.p[b.n - 1 - j])
		j++;
	size_t differ = longer.n - i - j;
	if (a.n == b.n)
		return differ == 0 ? NEAR_NONE : edit_same(a, b, i, differ);
	if (differ != 1 || a.n + b.n != 2 * longer.n - 1 || ascii_digit(longer.p[i]))
		return NEAR_NONE;
	if (i > 0 && longer.p[i - 1] == longer.p[i])
		return NEAR_DOUBLE;
	return i == 0 || j == 0 ? NEAR_END : NEAR_LETTER;
}

/* The scope with its sign; "" when there is none. */
static struct str scope(struct str s)
{
	size_t slash = str_chr(s, '/');

	return s.n > 0 && s.p[0] == '@' && slash != SIZE_MAX ? str_head(s, slash) : S("");
}

static enum near compare(const struct form *a, const struct form *b)
{
	struct str mine = scope(a->name), theirs = scope(b->name);

	if (b->bare.n < SHORTEST)
		return NEAR_NONE;
	/* Only its owner publishes in a scope. */
	if (mine.n > 0 && str_eq(mine, theirs))
		return NEAR_NONE;
	bool same = str_eq(a->bare, b->bare);
	if ((mine.n > 0) != (theirs.n > 0))
		return same ? NEAR_SCOPE : NEAR_NONE;
	if (same)
		return NEAR_SEPARATOR;
	return str_eq(shape_of(a), shape_of(b)) ? NEAR_GLYPH : edit(a->bare, b->bare);
}

/* How long the part of a name is in which the at-th of its letters stands: in a short one another
 * letter is another member of a family, google-cloud-dns and google-cloud-kms. */
static size_t part_at(struct str name, size_t at)
{
	size_t letters = 0, part = 0;

	for (size_t i = 0; i < name.n; i++) {
		if (!separates(name.p[i])) {
			letters++;
			part++;
		} else if (letters > at) {
			break;
		} else {
			part = 0;
		}
	}
	return part;
}

static bool is_held(enum near near, size_t rank, const struct form *a, const struct form *known)
{
	if (near == NEAR_LETTER)
		return rank < FIRST && known->bare.n >= LONG &&
		       part_at(known->name, same_head(a->bare, known->bare)) >= SHORTEST;
	return near == NEAR_GLYPH || near == NEAR_SWAP || near == NEAR_DOUBLE;
}

/* ---- the table ---- */

static struct str table(void)
{
	return (struct str){ popular_begin, (size_t)(popular_end - popular_begin) };
}

static void load(struct typosquats *t, enum ecosystem eco)
{
	struct str text = table(), want = ecosystem_purl(eco);
	struct known_name *known = NEW_ARRAY(t->arena, struct known_name, COMPARED);
	struct form f;
	size_t n = 0;

	while (known != NULL && text.n > 0 && n < COMPARED) {
		struct str name, type = str_cut(str_cut(text, '\n', &text), '\t', &name);
		if (!str_eq(type, want))
			continue;
		form_make(&f, name);
		known[n++] = (struct known_name){ name, f.letters, (uint32_t)f.n_shape };
	}
	t->known[eco] = known;
	t->n[eco] = n;
}

/* Whatever its spelling. */
static bool is_known(enum ecosystem eco, struct str name)
{
	char text[NAME_MAX_BYTES + 16];
	struct buf row;

	buf_fixed(&row, text, sizeof text);
	buf_addc(&row, '\n');
	buf_add(&row, ecosystem_purl(eco));
	buf_addc(&row, '\t');
	package_name_normalise(eco, name, &row);
	buf_addc(&row, '\n');
	return row.err == OK && str_find(table(), buf_str(&row)) != SIZE_MAX;
}

void typosquats_init(struct typosquats *t, struct arena *a)
{
	*t = (struct typosquats){ .arena = a };
}

struct slip typosquat_slip(struct typosquats *t, enum ecosystem eco, struct str name)
{
	struct slip slip = { .near = NEAR_NONE };
	struct form f, other;

	if (eco >= ECO_OTHER || name.n == 0 || name.n > NAME_MAX_BYTES)
		return slip;
	if (t->known[eco] == NULL)
		load(t, eco);
	form_make(&f, name);
	for (size_t i = 0; i < t->n[eco] && !slip.held; i++) {
		const struct known_name *k = &t->known[eco][i];
		if (!may_be_near(&f, k))
			continue;
		form_make(&other, k->name);
		enum near near = compare(&f, &other);
		bool held = is_held(near, i, &f, &other);
		if (near != NEAR_NONE && (slip.near == NEAR_NONE || held))
			slip = (struct slip){ near, k->name, held };
	}
	return slip.near != NEAR_NONE && is_known(eco, name) ? (struct slip){ .near = NEAR_NONE }
							     : slip;
}

void typosquat_check(struct typosquats *t, const struct package *p, struct str package,
		     struct findings *f)
{
	static const char *const how[] = {
		[NEAR_SEPARATOR] = "differs in separators only from",
		[NEAR_GLYPH] = "looks like",
		[NEAR_SWAP] = "swaps two letters of",
		[NEAR_DOUBLE] = "doubles or halves a letter of",
		[NEAR_LETTER] = "is one letter away from",
		[NEAR_END] = "has a letter more or fewer at an end than",
		[NEAR_SCOPE] = "has the letters, but not the scope, of",
	};

	if (p->origin == ORIGIN_PATH || p->origin == ORIGIN_EDITABLE)
		return;
	struct slip s = typosquat_slip(t, p->eco, p->name);
	if (s.near != NEAR_NONE)
		finding_add(f, s.held ? RULE_TYPOSQUAT : RULE_NAME_NEAR, package, p->where, p->line,
			    p->name, "%s '%.*s'", how[s.near], FMT(s.known));
}
