/*
 * codec/tar.c - tar archives, block by block.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/tar_fuzz.c
 */
#include "codec/tar.h"

#include "base/limits.h"
#include "codec/utf8.h"

#include <assert.h>
#include <string.h>

/* Fields of a header: offset and length. */
#define FIELD(b, at, len) ((struct str){ (b).p + (at), (len) })
#define F_NAME(b)	  FIELD(b, 0, 100)
#define F_MODE(b)	  FIELD(b, 100, 8)
#define F_UID(b)	  FIELD(b, 108, 8)
#define F_GID(b)	  FIELD(b, 116, 8)
#define F_SIZE(b)	  FIELD(b, 124, 12)
#define F_MTIME(b)	  FIELD(b, 136, 12)
#define F_CHECKSUM(b)	  FIELD(b, 148, 8)
#define F_TYPE(b)	  ((b).p[156])
#define F_LINK(b)	  FIELD(b, 157, 100)
#define F_MAGIC(b)	  FIELD(b, 257, 8)
#define F_MAJOR(b)	  FIELD(b, 329, 8)
#define F_MINOR(b)	  FIELD(b, 337, 8)
#define F_PREFIX(b)	  FIELD(b, 345, 155)

#define SIZE_OCTAL_MAX 077777777777 /* what twelve bytes can say in octal digits */

struct header {
	int64_t size, mtime, mode;
	char type;
};

/* ---- blocks -------------------------------------------------------------------------------- */

enum err tar_init(struct tar *t, struct arena *a, struct faults *f, tar_fill_fn fill, void *ctx)
{
	*t = (struct tar){ .fill = fill, .ctx = ctx, .arena = a, .faults = f, .have = S("") };
	return names_init(&t->names, a, 0);
}

static enum err more(struct tar *t)
{
	if (t->have.n != 0)
		return OK;
	return t->fill(t->ctx, &t->have);
}

static void used(struct tar *t, size_t n)
{
	t->have = str_tail(t->have, n);
	t->at += n;
}

/* The next n bytes at most, as many as lie together. */
static enum err take(struct tar *t, uint64_t n, struct str *out)
{
	TRY(more(t));
	*out = str_head(t->have, n < t->have.n ? (size_t)n : t->have.n);
	used(t, out->n);
	return OK;
}

/* The next block, "" at the end of the archive. */
static enum err take_block(struct tar *t, struct str *out)
{
	TRY(take(t, TAR_BLOCK, out));
	if (out->n != 0 && out->n < TAR_BLOCK)
		return fault_stop(t->faults, FAULT_TRUNCATED, S(""), t->at);
	return OK;
}

static bool is_zero(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return false;
	return true;
}

static enum err skip(struct tar *t)
{
	uint64_t n = t->left + t->pad;

	for (struct str s; n != 0; n -= s.n) {
		TRY(take(t, n, &s));
		if (s.n == 0)
			return fault_stop(t->faults, FAULT_TRUNCATED, t->name, t->at);
	}
	t->left = 0;
	t->pad = 0;
	return OK;
}

/* ---- headers ------------------------------------------------------------------------------- */

static bool base256(struct str field, int64_t *out)
{
	const unsigned char *p = (const unsigned char *)field.p;
	bool negative = p[0] == 0xff;
	uint64_t v = negative ? UINT64_MAX : 0;

	if (p[0] != 0x80 && !negative)
		return false;
	for (size_t i = 1; i < field.n; i++) {
		/* node-tar refuses what a JavaScript number cannot hold. */
		if ((negative ? ~v : v) >> 44 != 0)
			return false;
		v = v << 8 | p[i];
	}
	*out = negative ? -(int64_t)~v - 1 : (int64_t)v;
	return true;
}

bool tar_number(struct str field, int64_t *out)
{
	int64_t v = 0;
	size_t i = 0;

	if ((field.p[0] & 0x80) != 0)
		return base256(field, out);
	while (i < field.n && field.p[i] == ' ')
		i++;
	for (; i < field.n && field.p[i] >= '0' && field.p[i] <= '7'; i++)
		v = v << 3 | (field.p[i] - '0');
	while (i < field.n && field.p[i] == ' ')
		i++;
	*out = v;
	return i == field.n || field.p[i] == 0;
}

/* The sum of all bytes, with the checksum's own field as spaces. */
static void sums(struct str b, int64_t *out_plain, int64_t *out_signed)
{
	unsigned plain = 0, high = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		unsigned char c = (unsigned char)b.p[i];
		plain += c;
		high += c >> 7;
	}
	for (size_t i = 0; i < 8; i++) {
		unsigned char c = (unsigned char)F_CHECKSUM(b).p[i];
		plain -= c;
		high -= c >> 7;
	}
	*out_plain = plain + 8 * ' ';
	*out_signed = *out_plain - 256 * (int64_t)high;
}

bool tar_is_header(struct str b)
{
	int64_t want, plain, with_sign;

	/* node-tar reads on where the field has no end, into the type. */
	if (b.n < TAR_BLOCK || !tar_number(F_CHECKSUM(b), &want) ||
	    (str_chr(F_CHECKSUM(b), '\0') == SIZE_MAX && F_CHECKSUM(b).p[7] != ' '))
		return false;
	sums(b, &plain, &with_sign);
	return want == plain;
}

static struct str until_nul(struct str field)
{
	return str_head(field, str_chr(field, '\0'));
}

/* node-tar cuts from the NUL to the end of the line, and takes what stands in the next one. */
static bool goes_on(struct str field)
{
	struct str rest = str_tail(field, until_nul(field).n);

	return str_chr(rest, '\n') != SIZE_MAX || str_chr(rest, '\r') != SIZE_MAX ||
	       str_find(rest, S("\xe2\x80")) != SIZE_MAX;
}

/* What node-tar passes over without a word, other readers take. */
static enum err check_fields(struct tar *t, struct str b, char type)
{
	uint64_t at = t->at - TAR_BLOCK;
	struct str name = until_nul(F_NAME(b));
	bool link = type == '1' || type == '2', meta = type == 'x' || type == 'g';

	if (goes_on(F_NAME(b)) || goes_on(F_PREFIX(b)) || goes_on(F_LINK(b)))
		TRY(fault_note(t->faults, FAULT_TAR_TEXT, name, at));
	if (!meta && link != (F_LINK(b).p[0] != 0))
		TRY(fault_note(t->faults, FAULT_TAR_LINK, name, at));
	if (name.n == 0 && (meta || type == 'L' || type == 'K'))
		TRY(fault_note(t->faults, FAULT_NAME_EMPTY, name, at));
	return OK;
}

static enum err read_header(struct tar *t, struct str b, struct header *h)
{
	const struct {
		struct str field;
		int64_t *out;
	} numbers[] = {
		{ F_MODE(b), &h->mode }, { F_SIZE(b), &h->size }, { F_MTIME(b), &h->mtime },
		{ F_UID(b), NULL },	 { F_GID(b), NULL },	  { F_MAJOR(b), NULL },
		{ F_MINOR(b), NULL },
	};
	uint64_t at = t->at - TAR_BLOCK;
	int64_t ignored;

	if (!tar_is_header(b)) {
		/* CPython ends here without a word, node-tar goes on with the next block. */
		return fault_stop(t->faults, at == 0 ? FAULT_NOT_ARCHIVE : FAULT_TAR_CHECKSUM,
				  S(""), at);
	}
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (!tar_number(numbers[i].field, numbers[i].out ? numbers[i].out : &ignored))
			return fault_stop(t->faults, FAULT_TAR_NUMBER, S(""), at);
	if (h->size < 0)
		return fault_stop(t->faults, FAULT_TAR_NUMBER, S(""), at);
	h->type = F_TYPE(b);
	return check_fields(t, b, h->type);
}

/* The name in the header itself. CPython puts the prefix in front of it whatever the magic says,
 * GNU tar and node-tar only where it says POSIX; others keep other things there. */
static enum err header_name(struct tar *t, struct str b, char *room, struct str *out)
{
	struct str name = until_nul(F_NAME(b)), prefix = until_nul(F_PREFIX(b));
	size_t n = 0;

	if (prefix.n != 0) {
		if (!str_eq(F_MAGIC(b), S("ustar\00000")))
			TRY(fault_note(t->faults, FAULT_TAR_PREFIX, name, t->at - TAR_BLOCK));
		memcpy(room, prefix.p, prefix.n);
		room[prefix.n] = '/';
		n = prefix.n + 1;
	}
	memcpy(room + n, name.p, name.n);
	*out = arena_dup(t->arena, (struct str){ room, n + name.n });
	return out->p != NULL ? OK : ERR_NOMEM;
}

/* ---- extended headers ---------------------------------------------------------------------- */

/* Past the rest of an extended header's last block, which CPython takes for a part of it. */
static enum err skip_zeros(struct tar *t, uint64_t n)
{
	for (struct str s; n != 0; n -= s.n) {
		TRY(take(t, n, &s));
		if (s.n == 0)
			return fault_stop(t->faults, FAULT_TRUNCATED, S(""), t->at);
		if (!is_zero(s))
			TRY(fault_note(t->faults, FAULT_TAR_PAX, S(""), t->at));
	}
	return OK;
}

static enum err read_meta(struct tar *t, int64_t size, struct str *out)
{
	size_t n = 0;

	if (size > LIMIT_TAR_META)
		return fault_stop(t->faults, FAULT_TAR_META, S(""), t->at);
	if (t->meta == NULL)
		t->meta = arena_take(t->arena, LIMIT_TAR_META, 16);
	if (t->meta == NULL)
		return ERR_NOMEM;
	for (struct str s; n < (size_t)size; n += s.n) {
		TRY(take(t, (uint64_t)size - n, &s));
		if (s.n == 0)
			return fault_stop(t->faults, FAULT_TRUNCATED, S(""), t->at);
		memcpy(t->meta + n, s.p, s.n);
	}
	*out = (struct str){ t->meta, n };
	return skip_zeros(t, -(uint64_t)size & (TAR_BLOCK - 1));
}

static enum err long_name(struct tar *t, struct str text, bool again, struct str *out)
{
	struct str name = until_nul(text);

	if (goes_on(text) || (text.n != 0 && name.n == text.n))
		TRY(fault_note(t->faults, FAULT_TAR_TEXT, name, t->at));
	if (again || name.n == 0)
		TRY(fault_note(t->faults, FAULT_TAR_STACKED, S(""), t->at));
	if (name.n > LIMIT_ARCHIVE_NAME)
		return fault_stop(t->faults, FAULT_NAMES, str_head(name, 256), t->at);
	*out = arena_dup(t->arena, name);
	return out->p != NULL ? OK : ERR_NOMEM;
}

/* Takes in a header that speaks of the next one. Which of several wins differs, so a member has at
 * most one of each kind, and not GNU's beside POSIX's. */
static enum err look_ahead(struct tar *t, const struct header *h, struct tar_ahead *ahead)
{
	uint64_t at = t->at - TAR_BLOCK;
	struct str text;

	ahead->any = true;
	TRY(read_meta(t, h->size, &text));
	bool gnu = ahead->gnu_name || ahead->gnu_link;
	bool stacked = h->type == 'x' || h->type == 'g' ? ahead->pax || gnu : ahead->pax;
	if (stacked)
		TRY(fault_note(t->faults, FAULT_TAR_STACKED, S(""), at));
	if (h->type == 'L') {
		TRY(long_name(t, text, ahead->gnu_name, &ahead->path));
		ahead->gnu_name = true;
	} else if (h->type == 'K') {
		TRY(long_name(t, text, ahead->gnu_link, &ahead->link));
		ahead->gnu_link = true;
	} else {
		TRY(tar_pax(t->faults, t->arena, text, h->type == 'g', at, ahead));
		ahead->pax = ahead->pax || h->type == 'x';
	}
	return OK;
}

/* ---- members ------------------------------------------------------------------------------- */

static enum member_type type_of(char type)
{
	switch (type) {
	case '0':
	case '7': /* contiguous: a file everywhere */
	case '\0':
		return MEMBER_FILE;
	case '1':
		return MEMBER_HARDLINK;
	case '2':
		return MEMBER_SYMLINK;
	case '3':
	case '4':
		return MEMBER_DEVICE;
	case '5':
		return MEMBER_DIR;
	case '6':
		return MEMBER_FIFO;
	default:
		return MEMBER_OTHER;
	}
}

static enum name_kind kind_of(enum member_type type)
{
	if (type == MEMBER_DIR)
		return NAME_DIR;
	return type == MEMBER_FILE ? NAME_FILE : NAME_LINK;
}

static bool ends_in_slash(struct str name)
{
	return name.n != 0 && name.p[name.n - 1] == '/';
}

/* A file with a slash at the end of its name was a directory before there was a type for it.
 * CPython takes only the old files for that, by the name in the header even where a longer one
 * replaces it, and then their content for headers; node-tar takes the new ones as well. */
static enum err check_type(struct tar *t, struct str b, const struct header *h, struct member *m,
			   uint64_t at)
{
	bool slash = ends_in_slash(m->raw);

	if (h->type == '\0' && ends_in_slash(until_nul(F_NAME(b))) != slash)
		TRY(fault_note(t->faults, FAULT_TAR_TYPE, m->raw, at));
	if (slash && h->type == '\0')
		m->type = MEMBER_DIR;
	else if (slash && m->type != MEMBER_DIR)
		TRY(fault_note(t->faults, FAULT_TAR_TYPE, m->raw, at));
	if (m->type == MEMBER_OTHER && h->type != 'S')
		TRY(fault_note(t->faults, FAULT_TAR_TYPE, m->raw, at));
	/* Whether these bytes are skipped or taken for headers differs. */
	if (m->size != 0 && m->type != MEMBER_FILE && m->type != MEMBER_OTHER)
		TRY(fault_note(t->faults, FAULT_TAR_SIZED, m->raw, at));
	return OK;
}

static enum err check_link(struct tar *t, struct member *m, const struct tar_ahead *ahead,
			   struct str b, uint64_t at)
{
	bool hard = m->type == MEMBER_HARDLINK;

	if (!hard && m->type != MEMBER_SYMLINK)
		return OK;
	m->link = ahead->link.p != NULL ? ahead->link : arena_dup(t->arena, until_nul(F_LINK(b)));
	if (m->link.p == NULL)
		return ERR_NOMEM;
	if (name_link_out(hard ? S("") : m->name, m->link))
		return fault_note(t->faults, FAULT_LINK_OUT, m->raw, at);
	return OK;
}

/* The size in an extended header is for what the header cannot say; a reader that does not look for
 * it would take content for headers. */
static enum err member_size(struct tar *t, const struct header *h, const struct tar_ahead *ahead,
			    struct member *m, uint64_t at)
{
	m->size = (uint64_t)h->size;
	if (!ahead->has_size || ahead->size == m->size)
		return OK;
	if (ahead->size <= SIZE_OCTAL_MAX)
		TRY(fault_note(t->faults, FAULT_TAR_PAX_SIZE, m->raw, at));
	m->size = ahead->size;
	return OK;
}

static enum err member_from(struct tar *t, struct str b, const struct header *h,
			    const struct tar_ahead *ahead, struct member *m)
{
	uint64_t at = t->at - TAR_BLOCK;
	char room[256];

	*m = (struct member){
		.link = S(""),
		.mtime = h->mtime,
		.mode = (unsigned)h->mode & 07777,
		.type = type_of(h->type),
		.index = t->n,
	};
	if (t->n == LIMIT_ARCHIVE_MEMBERS)
		return fault_stop(t->faults, FAULT_MEMBERS, S(""), at);
	/* From here on b may be gone whenever more is read, so nothing is until the end. */
	if (ahead->path.p != NULL)
		m->raw = ahead->path;
	else
		TRY(header_name(t, b, room, &m->raw));
	TRY(name_clean(t->faults, m->raw, false, at, &m->name));
	if (utf8_valid(m->raw) != m->raw.n)
		TRY(fault_note(t->faults, FAULT_NAME_BYTES, m->raw, at));
	TRY(member_size(t, h, ahead, m, at));
	TRY(check_type(t, b, h, m, at));
	TRY(check_link(t, m, ahead, b, at));
	if (ahead->sparse || h->type == 'S')
		return fault_stop(t->faults, FAULT_TAR_SPARSE, m->raw, at);
	t->left = m->size;
	t->pad = (unsigned)(-m->size & (TAR_BLOCK - 1));
	t->name = m->name;
	t->n++;
	return names_add(&t->names, m->name, kind_of(m->type));
}

/* The rest behind the first block of zeros. CPython has ended by now; node-tar and GNU tar want to
 * see two of them. */
static enum err finish(struct tar *t)
{
	struct str s;

	t->ended = true;
	TRY(take(t, TAR_BLOCK, &s));
	bool quiet = !is_zero(s); /* one fault says it all */
	if (quiet)
		TRY(fault_note(t->faults, FAULT_TAR_LONE_ZERO, S(""), t->at - s.n));
	while (s.n != 0) {
		TRY(take(t, UINT64_MAX, &s));
		bool data = !is_zero(s);
		if (data && !quiet)
			TRY(fault_note(t->faults, FAULT_TAR_TRAILING, S(""), t->at - s.n));
		quiet |= data;
	}
	return names_check(&t->names, t->faults, true);
}

enum err tar_next(struct tar *t, struct member *out, bool *out_some)
{
	struct tar_ahead ahead = { 0 };
	struct header h;
	struct str b;

	*out_some = false;
	if (t->ended)
		return OK;
	TRY(skip(t));
	for (;;) {
		TRY(take_block(t, &b));
		if (b.n == 0 && t->at == 0)
			return fault_stop(t->faults, FAULT_NOT_ARCHIVE, S(""), 0);
		if (is_zero(b) && ahead.any)
			return fault_stop(t->faults, FAULT_TRUNCATED, S(""), t->at);
		if (is_zero(b))
			return finish(t);
		TRY(read_header(t, b, &h));
		if (h.type != 'x' && h.type != 'g' && h.type != 'L' && h.type != 'K')
			break;
		TRY(look_ahead(t, &h, &ahead));
	}
	*out_some = true;
	return member_from(t, b, &h, &ahead, out);
}

enum err tar_read(struct tar *t, struct str *out)
{
	*out = S("");
	if (t->left == 0)
		return OK;
	TRY(take(t, t->left, out));
	if (out->n == 0)
		return fault_stop(t->faults, FAULT_TRUNCATED, t->name, t->at);
	t->left -= out->n;
	return OK;
}
