/*
 * package/semver.c - versions of npm packages, their order and their ranges.
 * Input: hostile.   Runs in: checker, cli, indexer.   Fuzz: fuzz/semver_fuzz.c
 */
#include "package/semver.h"

#include "base/ascii.h"
#include "base/num.h"
#include "package/digits.h"

#include <assert.h>

/* As in JavaScript: what a number holds exactly. */
#define NUMBER_MAX ((UINT64_C(1) << 53) - 1)

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct str strip(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_tail(s, 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

static struct str skip_space(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_tail(s, 1);
	return s;
}

static bool is_word(char c)
{
	return ascii_alnum(c) || c == '-';
}

/* ---- reading ---- */

/* take_number takes a number without leading zeros. */
static enum err take_number(struct str *s, uint64_t *out)
{
	struct str digits = digits_take(s);

	if (digits.n == 0 || (digits.n > 1 && digits.p[0] == '0'))
		return ERR_SYNTAX;
	return num_u64(digits, NUMBER_MAX, out) == OK ? OK : ERR_SYNTAX;
}

/* take_words takes identifiers separated by dots. pre: a numeric one has no leading zeros. */
static enum err take_words(struct str *s, bool pre, struct str *out)
{
	size_t n = 0;

	while (n < s->n && (is_word(s->p[n]) || s->p[n] == '.'))
		n++;
	*out = str_head(*s, n);
	*s = str_tail(*s, n);
	if (n == 0 || out->p[n - 1] == '.')
		return ERR_SYNTAX;
	for (struct str rest = *out; rest.n;) {
		struct str word = str_cut(rest, '.', &rest);
		if (word.n == 0 || (pre && word.n > 1 && word.p[0] == '0' && digits_all(word)))
			return ERR_SYNTAX;
	}
	return OK;
}

/* take_tail takes "-PRE" and "+BUILD", where they are. */
static enum err take_tail(struct str *s, struct semver *v)
{
	v->pre = v->build = (struct str){ s->p, 0 };
	if (s->n && s->p[0] == '-') {
		*s = str_tail(*s, 1);
		TRY(take_words(s, true, &v->pre));
	}
	if (s->n && s->p[0] == '+') {
		*s = str_tail(*s, 1);
		TRY(take_words(s, false, &v->build));
	}
	return OK;
}

static enum err take_dot(struct str *s)
{
	if (s->n == 0 || s->p[0] != '.')
		return ERR_SYNTAX;
	*s = str_tail(*s, 1);
	return OK;
}

enum err semver_parse(struct str s, struct semver *out)
{
	struct semver v;

	if (s.n > SEMVER_MAX)
		return ERR_SYNTAX;
	s = strip(s);
	if (s.n && s.p[0] == 'v')
		s = str_tail(s, 1);
	TRY(take_number(&s, &v.major));
	TRY(take_dot(&s));
	TRY(take_number(&s, &v.minor));
	TRY(take_dot(&s));
	TRY(take_number(&s, &v.patch));
	TRY(take_tail(&s, &v));
	if (s.n)
		return ERR_SYNTAX;
	*out = v;
	return OK;
}

/* ---- order ---- */

static int number_cmp(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int pre_cmp(struct str a, struct str b)
{
	if ((a.n == 0) != (b.n == 0))
		return a.n == 0 ? 1 : -1;
	while (a.n && b.n) {
		struct str x = str_cut(a, '.', &a), y = str_cut(b, '.', &b);
		bool x_number = digits_all(x), y_number = digits_all(y);
		if (x_number != y_number)
			return x_number ? -1 : 1;
		int c = x_number ? digits_cmp(digits_trim(x), digits_trim(y)) : str_cmp(x, y);
		if (c)
			return c;
	}
	return (a.n > 0) - (b.n > 0);
}

static int numbers_cmp(const struct semver *a, const struct semver *b)
{
	int c = number_cmp(a->major, b->major);

	if (c == 0)
		c = number_cmp(a->minor, b->minor);
	return c ? c : number_cmp(a->patch, b->patch);
}

int semver_cmp(const struct semver *a, const struct semver *b)
{
	int c = numbers_cmp(a, b);

	return c ? c : pre_cmp(a->pre, b->pre);
}

void semver_write(const struct semver *v, struct buf *out)
{
	buf_addu(out, v->major);
	buf_addc(out, '.');
	buf_addu(out, v->minor);
	buf_addc(out, '.');
	buf_addu(out, v->patch);
	if (v->pre.n) {
		buf_addc(out, '-');
		buf_add(out, v->pre);
	}
}

/* ---- ranges ---- */

enum op { OP_EQ, OP_LT, OP_LE, OP_GT, OP_GE, OP_TILDE, OP_CARET };

/* A version of which the end may be left open: parts 0 "*", 1 "1.x", 2 "1.2", 3 "1.2.3". */
struct partial {
	unsigned parts;
	bool gap;   /* a number after a wildcard: "1.x.3" */
	bool signs; /* more came before it than one "v" */
	struct semver v;
};

/* One bound. floor of "<": "<2.0.0-0", which also leaves out the pre-releases of 2.0.0. */
struct bound {
	enum op op; /* OP_EQ to OP_GE */
	struct semver v;
};

/* What one term of a range comes to: at most two bounds, or what nothing satisfies. */
struct term {
	struct bound bounds[2];
	unsigned n;
	bool nothing;
};

static bool is_wild(char c)
{
	return c == 'x' || c == 'X' || c == '*';
}

static struct semver whole(uint64_t major, uint64_t minor, uint64_t patch)
{
	return (struct semver){ .major = major, .minor = minor, .patch = patch };
}

/* take_part takes one number or wildcard. */
static enum err take_part(struct str *s, unsigned i, struct partial *p, uint64_t *out)
{
	if (s->n && is_wild(s->p[0])) {
		*s = str_tail(*s, 1);
		return OK;
	}
	TRY(take_number(s, out));
	if (p->parts == i)
		p->parts++;
	else
		p->gap = true;
	return OK;
}

/* take_partial takes "1.2.x", with the "v" and "=" that may stand before it. Only a version of
 * three parts may have "-PRE" and "+BUILD". */
static enum err take_partial(struct str *s, struct partial *out)
{
	uint64_t n[3] = { 0, 0, 0 };
	unsigned i = 0;

	*out = (struct partial){ .parts = 0 };
	*s = skip_space(*s);
	for (bool first = true; s->n && (s->p[0] == 'v' || s->p[0] == '='); first = false) {
		out->signs = out->signs || !first || s->p[0] == '=';
		*s = str_tail(*s, 1);
	}
	for (;;) {
		TRY(take_part(s, i, out, &n[i]));
		if (++i == 3 || s->n == 0 || s->p[0] != '.')
			break;
		*s = str_tail(*s, 1);
	}
	if (i == 3)
		TRY(take_tail(s, &out->v));
	out->v.major = out->parts > 0 ? n[0] : 0;
	out->v.minor = out->parts > 1 ? n[1] : 0;
	out->v.patch = out->parts > 2 ? n[2] : 0;
	if (out->parts < 3)
		out->v.pre = S("");
	return OK;
}

static void add_bound(struct term *t, enum op op, struct semver v)
{
	assert(t->n < 2);
	/* node-semver reads each bound it makes as a version, so one past the largest number
	 * makes the whole range wrong; take_term asks for that. */
	t->bounds[t->n++] = (struct bound){ op, v };
}

/* add_below adds "<M.m.p-0": the pre-releases of the version are left out as well. */
static void add_below(struct term *t, struct semver v)
{
	v.pre = S("0");
	add_bound(t, OP_LT, v);
}

static struct semver next_major(const struct semver *v)
{
	return whole(v->major + 1, 0, 0);
}

static struct semver next_minor(const struct semver *v)
{
	return whole(v->major, v->minor + 1, 0);
}

static void caret(const struct partial *p, struct term *t)
{
	const struct semver *v = &p->v;

	if (p->parts == 0)
		return;
	add_bound(t, OP_GE, *v);
	if (v->major || p->parts == 1)
		add_below(t, next_major(v));
	else if (v->minor || p->parts == 2)
		add_below(t, next_minor(v));
	else
		add_below(t, whole(0, 0, v->patch + 1));
}

static void tilde(const struct partial *p, struct term *t)
{
	if (p->parts == 0)
		return;
	add_bound(t, OP_GE, p->v);
	add_below(t, p->parts == 1 ? next_major(&p->v) : next_minor(&p->v));
}

/* compare makes the bounds of "<", "<=", ">", ">=" and "=", where p may be open. */
static void compare(enum op op, const struct partial *p, struct term *t)
{
	const struct semver *v = &p->v;
	struct semver after = p->parts == 1 ? next_major(v) : next_minor(v);

	if (p->parts == 3) {
		add_bound(t, op, *v);
	} else if (p->parts == 0) {
		t->nothing = op == OP_LT || op == OP_GT;
	} else if (op == OP_EQ) {
		add_bound(t, OP_GE, *v);
		add_below(t, after);
	} else if (op == OP_GT) {
		add_bound(t, OP_GE, after);
	} else if (op == OP_LE) {
		add_below(t, after);
	} else if (op == OP_LT) {
		add_below(t, *v);
	} else {
		add_bound(t, op, *v);
	}
}

static void hyphen(const struct partial *from, const struct partial *to, struct term *t)
{
	if (from->parts)
		add_bound(t, OP_GE, from->v);
	if (to->parts == 3)
		add_bound(t, OP_LE, to->v);
	else if (to->parts)
		add_below(t, to->parts == 1 ? next_major(&to->v) : next_minor(&to->v));
}

static bool bounds_fit(const struct term *t)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->bounds[i].v.major > NUMBER_MAX || t->bounds[i].v.minor > NUMBER_MAX ||
		    t->bounds[i].v.patch > NUMBER_MAX)
			return false;
	return true;
}

static enum op take_op(struct str *s)
{
	static const struct {
		struct str text;
		enum op op;
	} ops[] = {
		{ SC("<="), OP_LE },   { SC(">="), OP_GE },    { SC("<"), OP_LT },
		{ SC(">"), OP_GT },    { SC("~>"), OP_TILDE }, { SC("~"), OP_TILDE },
		{ SC("^"), OP_CARET }, { SC("="), OP_EQ },
	};

	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (str_has_prefix(*s, ops[i].text)) {
			*s = str_tail(*s, ops[i].text.n);
			return ops[i].op;
		}
	return OP_EQ;
}

/* take_term takes one term, "^1.2" or "1.2 - 2.3", and the white space behind it. */
static enum err take_term(struct str *s, struct term *t)
{
	struct partial p, to;
	bool bare = s->n && (ascii_digit(s->p[0]) || is_wild(s->p[0]) || s->p[0] == 'v');
	enum op op = take_op(s);

	*t = (struct term){ .n = 0 };
	/* "> =1" is ">=1". */
	if ((op == OP_LT || op == OP_GT) && str_has_prefix(skip_space(*s), S("="))) {
		*s = str_tail(skip_space(*s), 1);
		op = op == OP_LT ? OP_LE : OP_GE;
	}
	TRY(take_partial(s, &p));
	struct str rest = skip_space(*s);
	if (rest.n && rest.n == s->n)
		return ERR_SYNTAX; /* something sticks to the version */
	*s = rest;
	if (bare && rest.n > 1 && rest.p[0] == '-' && is_space(rest.p[1])) {
		*s = str_tail(rest, 1);
		TRY(take_partial(s, &to));
		hyphen(&p, &to, t);
		/* A range with a hyphen stands alone. */
		bool signs = (p.parts == 3 && p.signs) ||
			     (to.parts == 3 && to.signs && to.v.pre.n == 0);
		return skip_space(*s).n || signs || !bounds_fit(t) ? ERR_SYNTAX : OK;
	}
	if (op == OP_CARET)
		caret(&p, t);
	else if (op == OP_TILDE)
		tilde(&p, t);
	else if (p.gap || (p.parts == 3 && p.signs))
		return ERR_SYNTAX;
	else
		compare(op, &p, t);
	return bounds_fit(t) ? OK : ERR_SYNTAX;
}

static bool bound_holds(const struct bound *b, const struct semver *v)
{
	int c = semver_cmp(v, &b->v);

	switch (b->op) {
	case OP_LT:
		return c < 0;
	case OP_LE:
		return c <= 0;
	case OP_GT:
		return c > 0;
	case OP_GE:
		return c >= 0;
	case OP_EQ:
		return c == 0;
	case OP_TILDE:
	case OP_CARET:
		break;
	}
	assert(b->op <= OP_GE);
	return false;
}

/* says_nothing: ">=0.0.0" is "*", unless pre-releases count: 0.0.0 has some that lie below it. */
static bool says_nothing(const struct term *t, enum version_pre pre)
{
	const struct bound *b = &t->bounds[0];

	return t->n == 0 || (t->n == 1 && pre != VERSION_PRE_ALL && b->op == OP_GE &&
			     b->v.pre.n == 0 && b->v.major == 0 && b->v.minor == 0 &&
			     b->v.patch == 0);
}

/* in_set judges terms that must all hold. A pre-release lies in them only if one of their bounds is
 * a pre-release of the same three numbers. */
static enum err in_set(struct str set, const struct semver *v, enum version_pre pre, bool *out_in,
		       bool *out_any)
{
	bool in = true, named = pre == VERSION_PRE_ALL || v->pre.n == 0;
	bool first = true, any = true;

	for (set = skip_space(set); set.n; first = false) {
		struct term t;
		struct str before = set;
		TRY(take_term(&set, &t));
		if (!first && str_find(str_head(before, before.n - set.n), S(" - ")) != SIZE_MAX)
			return ERR_SYNTAX;
		in = in && !t.nothing;
		any = any && !t.nothing && says_nothing(&t, pre);
		for (unsigned i = 0; i < t.n; i++) {
			in = in && bound_holds(&t.bounds[i], v);
			named = named ||
				(t.bounds[i].v.pre.n && numbers_cmp(&t.bounds[i].v, v) == 0);
		}
		set = skip_space(set);
	}
	*out_in = in && named;
	*out_any = any;
	return OK;
}

enum err semver_in_range(struct str range, const struct semver *v, enum version_pre pre,
			 bool *out_in)
{
	bool in = false, any = false, all = v->pre.n == 0 || pre == VERSION_PRE_ALL;

	if (range.n > SEMVER_RANGE_MAX)
		return ERR_SYNTAX;
	for (bool more = true; more;) {
		size_t at = str_find(range, S("||"));
		bool one, one_any;
		TRY(in_set(str_head(range, at), v, pre, &one, &one_any));
		in = in || one;
		any = any || one_any;
		more = at != SIZE_MAX;
		range = more ? str_tail(range, at + 2) : S("");
	}
	/* "* || X" is "*", which takes in no pre-release even if X names it. */
	*out_in = any ? all : in;
	return OK;
}
