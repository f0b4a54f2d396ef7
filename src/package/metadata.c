/*
 * package/metadata.c - header fields as email.feedparser of CPython takes them apart.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/metadata_fuzz.c
 */
#include "package/metadata.h"

#include "base/limits.h"

/* The length of the line at the front, its end included: LF, CR or CR LF. */
static size_t line_len(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '\n' && s.p[n] != '\r')
		n++;
	if (n == s.n)
		return n;
	return str_has_prefix(str_tail(s, n), S("\r\n")) ? n + 2 : n + 1;
}

static bool is_blank(struct str line)
{
	return line.n == 0 || line.p[0] == '\n' || line.p[0] == '\r';
}

static bool is_continuation(struct str line)
{
	return line.n != 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

/* Where the colon stands behind a name of printable ASCII; the name may be empty. */
static size_t colon(struct str line)
{
	size_t i = 0;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f && line.p[i] != ':')
		i++;
	return i < line.n && line.p[i] == ':' ? i : SIZE_MAX;
}

static bool is_from(struct str line)
{
	return str_has_prefix(line, S("From "));
}

static bool is_header(struct str line)
{
	return is_from(line) || is_continuation(line) || colon(line) != SIZE_MAX;
}

static struct str strip_end(struct str s)
{
	while (s.n != 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

struct reader {
	struct metadata *m;
	struct arena *arena;
	size_t cap;
	bool open; /* the last field can go on */
};

static enum err add_field(struct reader *r, struct str line, uint32_t n)
{
	struct metadata *m = r->m;
	size_t at = colon(line);

	r->open = at != 0 && at != SIZE_MAX;
	if (!r->open) /* a field without a name is passed over, and what continues it */
		return OK;
	if (m->n == LIMIT_METADATA_FIELDS)
		return ERR_LIMIT;
	if (!ARENA_ROOM(r->arena, m->fields, m->n, r->cap))
		return ERR_NOMEM;
	struct str value = str_tail(line, at + 1);
	while (is_continuation(value))
		value = str_tail(value, 1);
	m->fields[m->n++] = (struct metadata_field){ str_head(line, at), value, n };
	return OK;
}

static enum err take_line(struct reader *r, struct str line, uint32_t n)
{
	if (!is_continuation(line)) {
		/* "From " begins a mailbox; elsewhere it is passed over. */
		if (!is_from(line))
			return add_field(r, line, n);
		r->open = false;
	} else if (r->open) {
		r->m->fields[r->m->n - 1].value.n += line.n;
	}
	return OK;
}

static bool is_folded(struct str value)
{
	return str_chr(value, '\n') != SIZE_MAX || str_chr(value, '\r') != SIZE_MAX;
}

/* What can stand once only, and in one line. */
static void look_for_unclear(struct metadata *m)
{
	static const struct str names[] = {
		SC("Metadata-Version"), SC("Name"), SC("Version"), SC("Requires-Python"),
		SC("License-Expression"), SC("Wheel-Version"), SC("Root-Is-Purelib"), SC("Build"),
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct metadata_field *first = metadata_next(m, names[i], NULL);
		for (const struct metadata_field *f = first; f != NULL;
		     f = metadata_next(m, names[i], f))
			if (!str_eq(f->value, first->value) || is_folded(f->value))
				m->unclear = f->name;
	}
}

static void summarise(struct metadata *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->fields[i].value = strip_end(m->fields[i].value);
	m->name = metadata_get(m, S("Name"));
	m->version = metadata_get(m, S("Version"));
	m->requires_python = metadata_get(m, S("Requires-Python"));
	m->license = metadata_get(m, S("License-Expression"));
	if (m->license.n == 0)
		m->license = metadata_get(m, S("License"));
	look_for_unclear(m);
}

enum err metadata_read(struct str text, struct arena *a, struct metadata *out)
{
	struct metadata m = { .unclear = S("") };
	struct reader r = { .m = &m, .arena = a };
	struct str rest = text;
	uint32_t n = 0;

	while (rest.n != 0) {
		struct str line = str_head(rest, line_len(rest));
		if (!is_header(line)) {
			m.cut = !is_blank(line);
			rest = m.cut ? rest : str_tail(rest, line.n);
			break;
		}
		TRY(take_line(&r, line, ++n));
		rest = str_tail(rest, line.n);
	}
	m.body = rest;
	summarise(&m);
	*out = m;
	return OK;
}

const struct metadata_field *metadata_next(const struct metadata *m, struct str name,
					   const struct metadata_field *after)
{
	size_t from = after == NULL ? 0 : (size_t)(after - m->fields) + 1;

	for (size_t i = from; i < m->n; i++)
		if (str_ieq(m->fields[i].name, name))
			return &m->fields[i];
	return NULL;
}

struct str metadata_get(const struct metadata *m, struct str name)
{
	const struct metadata_field *f = metadata_next(m, name, NULL);

	return f != NULL ? f->value : S("");
}
