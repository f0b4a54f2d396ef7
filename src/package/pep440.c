/*
 * package/pep440.c - versions of Python packages, their order and their specifiers.
 * Input: hostile.   Runs in: checker, cli, indexer.   Fuzz: fuzz/pep440_fuzz.c
 */
#include "package/pep440.h"

#include "base/ascii.h"
#include "package/digits.h"

#include <assert.h>
#include <string.h>

/* ---- reading ---- */

/* What Python's str.strip takes for white space, in ASCII. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static struct str strip(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_tail(s, 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool is_separator(char c)
{
	return c == '-' || c == '_' || c == '.';
}

struct word {
	struct str text;
	int is;
};

/* The longest first: none is then cut short by its own beginning. */
static const struct word pre_words[] = {
	{ SC("preview"), PEP440_RC }, { SC("alpha"), PEP440_ALPHA }, { SC("beta"), PEP440_BETA },
	{ SC("pre"), PEP440_RC },     { SC("rc"), PEP440_RC },	     { SC("a"), PEP440_ALPHA },
	{ SC("b"), PEP440_BETA },     { SC("c"), PEP440_RC },
};
static const struct word post_words[] = { { SC("post"), 1 }, { SC("rev"), 1 }, { SC("r"), 1 } };
static const struct word dev_words[] = { { SC("dev"), 1 } };

/* take_word takes "[-_.]?WORD[-_.]?[0-9]*" from the front of s. */
static bool take_word(struct str *s, const struct word *words, size_t n, int *out_is,
		      struct str *out_number)
{
	struct str at = *s;

	if (at.n && is_separator(at.p[0]))
		at = str_tail(at, 1);
	for (size_t i = 0; i < n; i++) {
		if (!str_ieq(str_head(at, words[i].text.n), words[i].text))
			continue;
		at = str_tail(at, words[i].text.n);
		if (at.n && is_separator(at.p[0]))
			at = str_tail(at, 1);
		*out_is = words[i].is;
		*out_number = digits_trim(digits_take(&at));
		*s = at;
		return true;
	}
	return false;
}
#define TAKE_WORD(s, words, is, number)                                                            \
	take_word((s), (words), sizeof(words) / sizeof(words)[0], (is), (number))

/* take_release takes "1.2.3" and leaves a dot that no digit follows. */
static struct str take_release(struct str *s)
{
	struct str whole = *s, at = *s;

	while (digits_take(&at).n) {
		*s = at;
		if (at.n == 0 || at.p[0] != '.')
			break;
		at = str_tail(at, 1);
	}
	return str_head(whole, whole.n - s->n);
}

/* take_post takes a post-release, also in its short spelling "-1". */
static void take_post(struct str *s, struct pep440 *v)
{
	struct str at = *s;
	int is;

	if (at.n > 1 && at.p[0] == '-' && ascii_digit(at.p[1])) {
		at = str_tail(at, 1);
		v->post = true;
		v->post_n = digits_trim(digits_take(&at));
		*s = at;
		return;
	}
	v->post = TAKE_WORD(s, post_words, &is, &v->post_n);
}

/* A local version: letters and digits, in segments that are never empty. */
static bool local_ok(struct str s)
{
	bool wanted = true;

	for (size_t i = 0; i < s.n; i++) {
		if (ascii_alnum(s.p[i]))
			wanted = false;
		else if (wanted || !is_separator(s.p[i]))
			return false;
		else
			wanted = true;
	}
	return !wanted;
}

enum err pep440_parse(struct str s, struct pep440 *out)
{
	struct pep440 v = { .pre = PEP440_FINAL };
	int is = PEP440_FINAL;

	if (s.n > VERSION_MAX)
		return ERR_SYNTAX;
	s = strip(s);
	if (s.n && ascii_lower(s.p[0]) == 'v')
		s = str_tail(s, 1);
	v.public = s;
	struct str at = s;
	struct str number = digits_take(&at);
	if (number.n && at.n && at.p[0] == '!') {
		v.epoch = digits_trim(number);
		s = str_tail(at, 1);
	}
	v.release = take_release(&s);
	if (v.release.n == 0)
		return ERR_SYNTAX;
	if (TAKE_WORD(&s, pre_words, &is, &v.pre_n))
		v.pre = (enum pep440_pre)is;
	take_post(&s, &v);
	v.dev = TAKE_WORD(&s, dev_words, &is, &v.dev_n);
	v.public.n -= s.n;
	if (s.n) {
		v.local = str_tail(s, 1);
		if (s.p[0] != '+' || !local_ok(v.local))
			return ERR_SYNTAX;
	}
	*out = v;
	return OK;
}

/* ---- order ---- */

/* next_number takes the next number of a release; 0 once it is used up, as zeros at its end do not
 * count. */
static struct str next_number(struct str *release)
{
	return digits_trim(str_cut(*release, '.', release));
}

static int release_cmp(struct str a, struct str b)
{
	size_t same = 0;

	while (same < a.n && same < b.n && a.p[same] == b.p[same])
		same++;
	while (same > 0 && a.p[same - 1] != '.') /* numbers before the first that differs */
		same--;
	a = str_tail(a, same);
	b = str_tail(b, same);
	while (a.n || b.n) {
		struct str x = next_number(&a), y = next_number(&b);
		int c = digits_cmp(x, y);
		if (c)
			return c;
	}
	return 0;
}

/* Before the first pre-release is a development release of the final one, after the last the final
 * one itself. */
static int pre_rank(const struct pep440 *v)
{
	if (v->pre != PEP440_FINAL)
		return (int)v->pre;
	return v->dev && !v->post ? -1 : (int)PEP440_FINAL;
}

/* next_segment takes the next segment of a local version. */
static struct str next_segment(struct str *s)
{
	size_t i = 0;

	while (i < s->n && !is_separator(s->p[i]))
		i++;
	struct str head = str_head(*s, i);
	*s = str_tail(*s, i + 1);
	return head;
}

static int letters_cmp(struct str a, struct str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return ascii_lower(a.p[i]) < ascii_lower(b.p[i]) ? -1 : 1;
	return (a.n > b.n) - (a.n < b.n);
}

static int local_cmp(struct str a, struct str b)
{
	while (a.n && b.n) {
		struct str x = next_segment(&a), y = next_segment(&b);
		bool x_number = digits_all(x), y_number = digits_all(y);
		if (x_number != y_number)
			return x_number ? 1 : -1;
		int c = x_number ? digits_cmp(digits_trim(x), digits_trim(y)) : letters_cmp(x, y);
		if (c)
			return c;
	}
	return (a.n > 0) - (b.n > 0);
}

/* public_cmp orders without the local part. */
static int public_cmp(const struct pep440 *a, const struct pep440 *b)
{
	int c = digits_cmp(a->epoch, b->epoch);

	if (c == 0)
		c = release_cmp(a->release, b->release);
	if (c == 0)
		c = pre_rank(a) - pre_rank(b);
	if (c == 0)
		c = digits_cmp(a->pre_n, b->pre_n);
	if (c == 0)
		c = (int)a->post - (int)b->post;
	if (c == 0)
		c = digits_cmp(a->post_n, b->post_n);
	if (c == 0)
		c = (int)b->dev - (int)a->dev;
	return c ? c : digits_cmp(a->dev_n, b->dev_n);
}

int pep440_cmp(const struct pep440 *a, const struct pep440 *b)
{
	int c = public_cmp(a, b);

	return c ? c : local_cmp(a->local, b->local);
}

bool pep440_is_pre(const struct pep440 *v)
{
	return v->pre != PEP440_FINAL || v->dev;
}

/* ---- writing ---- */

static void add_number(struct buf *out, struct str number)
{
	buf_add(out, number.n ? number : S("0"));
}

static void add_release(struct buf *out, struct str release, bool trim)
{
	size_t keep = 0, n = 0;

	for (struct str rest = release; rest.n;) {
		n++;
		if (next_number(&rest).n || !trim)
			keep = n;
	}
	for (size_t i = 0; i < (keep ? keep : 1); i++) {
		if (i)
			buf_addc(out, '.');
		add_number(out, next_number(&release));
	}
}

void pep440_write(const struct pep440 *v, bool trim, struct buf *out)
{
	static const struct str pre[] = { SC("a"), SC("b"), SC("rc") };

	if (v->epoch.n) {
		add_number(out, v->epoch);
		buf_addc(out, '!');
	}
	add_release(out, v->release, trim);
	if (v->pre != PEP440_FINAL) {
		buf_add(out, pre[v->pre]);
		add_number(out, v->pre_n);
	}
	if (v->post) {
		buf_add(out, S(".post"));
		add_number(out, v->post_n);
	}
	if (v->dev) {
		buf_add(out, S(".dev"));
		add_number(out, v->dev_n);
	}
	struct str local = v->local;
	for (char before = '+'; local.n; before = '.') {
		struct str segment = next_segment(&local);
		buf_addc(out, before);
		if (digits_all(segment))
			add_number(out, digits_trim(segment));
		else
			for (size_t i = 0; i < segment.n; i++)
				buf_addc(out, ascii_lower(segment.p[i]));
	}
}

/* ---- specifiers ---- */

enum op { OP_NONE, OP_COMPATIBLE, OP_ARBITRARY, OP_EQ, OP_NE, OP_LE, OP_GE, OP_LT, OP_GT };

struct specifier {
	enum op op;
	bool star; /* "==1.2.*" */
	struct str text;
	struct pep440 v;
};

static enum op take_op(struct str *s)
{
	static const struct {
		struct str text;
		enum op op;
	} ops[] = {
		{ SC("==="), OP_ARBITRARY }, { SC("~="), OP_COMPATIBLE }, { SC("=="), OP_EQ },
		{ SC("!="), OP_NE },	     { SC("<="), OP_LE },	  { SC(">="), OP_GE },
		{ SC("<"), OP_LT },	     { SC(">"), OP_GT },
	};

	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (str_has_prefix(*s, ops[i].text)) {
			*s = strip(str_tail(*s, ops[i].text.n));
			return ops[i].op;
		}
	return OP_NONE;
}

static size_t release_count(struct str release)
{
	size_t n = 1;

	for (size_t i = 0; i < release.n; i++)
		n += release.p[i] == '.';
	return n;
}

static enum err specifier_parse(struct str s, struct specifier *out)
{
	s = strip(s);
	*out = (struct specifier){ .op = take_op(&s) };
	out->text = s;
	if (out->op == OP_NONE || s.n == 0)
		return ERR_SYNTAX;
	if (out->op == OP_ARBITRARY) {
		for (size_t i = 0; i < s.n; i++)
			if (is_space(s.p[i]) || s.p[i] == ';' || s.p[i] == ')')
				return ERR_SYNTAX;
		return s.n <= VERSION_MAX ? OK : ERR_SYNTAX;
	}
	out->star = (out->op == OP_EQ || out->op == OP_NE) && str_has_suffix(s, S(".*"));
	if (out->star)
		s.n -= 2;
	TRY(pep440_parse(s, &out->v));
	if (out->star && (pep440_is_pre(&out->v) || out->v.post || out->v.local.n))
		return ERR_SYNTAX;
	if (out->v.local.n && out->op != OP_EQ && out->op != OP_NE)
		return ERR_SYNTAX;
	if (out->op == OP_COMPATIBLE && release_count(out->v.release) < 2)
		return ERR_SYNTAX;
	/* No white space within, which is legal only around a version that stands alone. */
	return str_eq(strip(s), s) ? OK : ERR_SYNTAX;
}

/* release_begins: the first n numbers of a are those of b, zeros standing in for what b lacks. */
static bool release_begins(struct str a, struct str b, size_t n)
{
	for (; n; n--)
		if (digits_cmp(next_number(&a), next_number(&b)) != 0)
			return false;
	return true;
}

/* begins_with is "==V.*". */
static bool begins_with(const struct pep440 *v, const struct pep440 *prefix)
{
	return digits_cmp(v->epoch, prefix->epoch) == 0 &&
	       release_begins(v->release, prefix->release, release_count(prefix->release));
}

/* equal is "==V": a local part counts only where V has one. */
static bool equal(const struct pep440 *v, const struct specifier *s)
{
	if (s->star)
		return begins_with(v, &s->v);
	return public_cmp(v, &s->v) == 0 &&
	       (s->v.local.n == 0 || local_cmp(v->local, s->v.local) == 0);
}

/* less is "<V": unless V is a pre-release itself, its pre-releases are left out too. */
static bool less(const struct pep440 *v, const struct pep440 *than)
{
	struct pep440 first = *than;

	if (!pep440_is_pre(than)) {
		first.dev = true;
		first.dev_n = S("");
	}
	return pep440_cmp(v, &first) < 0;
}

/* greater is ">V": neither V with a local part, nor, unless V is one, a post-release of V. */
static bool greater(const struct pep440 *v, const struct pep440 *than)
{
	bool family = v->post && !than->post && !than->dev && v->pre == than->pre &&
		      digits_cmp(v->pre_n, than->pre_n) == 0 &&
		      digits_cmp(v->epoch, than->epoch) == 0 &&
		      release_cmp(v->release, than->release) == 0;

	return public_cmp(v, than) > 0 && !family;
}

static bool compatible(const struct pep440 *v, const struct pep440 *with)
{
	return public_cmp(v, with) >= 0 && digits_cmp(v->epoch, with->epoch) == 0 &&
	       release_begins(v->release, with->release, release_count(with->release) - 1);
}

/* arbitrary is "===": the same text as the normal form, "===1.0" is not "1.0.0". */
static bool arbitrary(const struct pep440 *v, struct str text)
{
	char room[2 * VERSION_MAX];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	pep440_write(v, false, &b);
	return b.err == OK && str_ieq(buf_str(&b), text);
}

static bool satisfies(const struct pep440 *v, const struct specifier *s)
{
	switch (s->op) {
	case OP_COMPATIBLE:
		return compatible(v, &s->v);
	case OP_ARBITRARY:
		return arbitrary(v, s->text);
	case OP_EQ:
		return equal(v, s);
	case OP_NE:
		return !equal(v, s);
	case OP_LE:
		return public_cmp(v, &s->v) <= 0;
	case OP_GE:
		return public_cmp(v, &s->v) >= 0;
	case OP_LT:
		return less(v, &s->v);
	case OP_GT:
		return greater(v, &s->v);
	case OP_NONE:
		break;
	}
	assert(s->op != OP_NONE);
	return false;
}

/* names_pre: by naming a pre-release the specifier says that it takes them. */
static bool names_pre(const struct specifier *s)
{
	struct pep440 v;

	if (s->op == OP_NE)
		return false;
	return pep440_parse(s->star ? str_head(s->text, s->text.n - 2) : s->text, &v) == OK &&
	       pep440_is_pre(&v);
}

enum err pep440_in_set(struct str set, const struct pep440 *v, enum version_pre pre, bool *out_in)
{
	bool in = true, named = pre == VERSION_PRE_ALL;

	while (set.n) {
		struct specifier s;
		struct str one = strip(str_cut(set, ',', &set));
		if (one.n == 0)
			continue; /* as packaging does: ">=1," is ">=1" */
		TRY(specifier_parse(one, &s));
		in = in && satisfies(v, &s);
		named = named || names_pre(&s);
	}
	*out_in = in && (named || !pep440_is_pre(v));
	return OK;
}

bool pep440_set_valid(struct str set)
{
	struct specifier s;

	while (set.n) {
		struct str one = strip(str_cut(set, ',', &set));
		if (specifier_parse(one, &s) != OK)
			return false;
	}
	return true;
}

bool pep440_pinned(struct str set, struct str *out)
{
	struct specifier s;
	struct str rest, one = strip(str_cut(set, ',', &rest));

	if (strip(rest).n || specifier_parse(one, &s) != OK || s.star ||
	    (s.op != OP_EQ && s.op != OP_ARBITRARY))
		return false;
	*out = s.text;
	return true;
}
