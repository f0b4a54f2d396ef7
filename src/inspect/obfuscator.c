/*
 * inspect/obfuscator.c - marks that obfuscators of JavaScript leave in what they write, whatever
 * stands in it. One pass over the tokens.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/unit.h"

enum { NAMES = 60, FEW_NAMES = 12, BRACKETS = 300 };

/* The token behind the member called name that begins at t, as .name or ['name']; 0: another. */
static uint32_t member(const struct unit *u, uint32_t t, struct str name, bool *out_quoted)
{
	struct str s = t + 1 < u->n ? unit_text(u, t + 1) : S("");

	*out_quoted = unit_is(u, t, '[');
	if (unit_is(u, t, '.'))
		return str_eq(s, name) ? t + 2 : 0;
	bool quoted = *out_quoted && s.n == name.n + 2 && u->tok[t + 1].kind == TOK_STRING &&
		      str_eq(str_head(str_tail(s, 1), name.n), name);
	return quoted && unit_is(u, t + 2, ']') ? t + 3 : 0;
}

/* a['push'](a['shift']()): the array of texts is turned until a sum is right. Written with dots it
 * is one only as the body of a loop that counts down: while (--n) { a.push(a.shift()) }. */
static bool rotates(const struct unit *u, uint32_t t)
{
	bool push, shift;
	uint32_t open = unit_name(u, t) ? member(u, t + 1, S("push"), &push) : 0;

	if (open == 0 || !unit_is(u, open, '(') || !unit_name(u, open + 1) ||
	    !str_eq(unit_text(u, open + 1), unit_text(u, t)))
		return false;
	uint32_t call = member(u, open + 2, S("shift"), &shift);
	if (call == 0 || !unit_is(u, call, '(') || !unit_is(u, call + 2, ')'))
		return false;
	bool counts = t > 5 && unit_is(u, t - 1, '{') && unit_is(u, t - 2, ')') &&
		      unit_is(u, t - 4, OP_STEP) && unit_word(u, t - 6, W_WHILE);
	return (push && shift) || counts;
}

/* f = function () { return a; }; return f(): the function that holds the array of texts. */
static bool holds_texts(const struct unit *u, uint32_t t)
{
	static const unsigned shape[] = { '=', 0, '(', ')', '{', 0, 0, ';', '}', ';', 0, 0, '(' };

	if (!unit_name(u, t) || !unit_word(u, t + 2, W_FUNCTION) ||
	    !unit_word(u, t + 6, W_RETURN) || !unit_word(u, t + 11, W_RETURN))
		return false;
	for (uint32_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
		if (shape[i] ? !unit_is(u, t + 1 + i, shape[i]) : !unit_name(u, t + 1 + i))
			return false;
	return str_eq(unit_text(u, t + 12), unit_text(u, t));
}

/* eval(function(p,a,c,k,e,: a packer that has been the same for twenty years. */
static bool unpacks(const struct unit *u, uint32_t t)
{
	static const struct str names[] = { SC("p"), SC("a"), SC("c"), SC("k"), SC("e") };

	if (!unit_name(u, t) || !str_eq(unit_text(u, t), S("eval")) || !unit_is(u, t + 1, '(') ||
	    !unit_word(u, t + 2, W_FUNCTION) || !unit_is(u, t + 3, '('))
		return false;
	for (uint32_t i = 0; i < 5; i++)
		if (!unit_name(u, t + 4 + 2 * i) || !str_eq(unit_text(u, t + 4 + 2 * i), names[i]))
			return false;
	return true;
}

/* Names as javascript-obfuscator makes them: _0x and digits. */
static bool hexadecimal(struct str s)
{
	return s.n >= 5 && str_has_prefix(s, S("_0x"));
}

/* Code in six characters: nothing but brackets, ! and +. */
static bool is_bare(const struct token *k)
{
	return k->kind == TOK_OP && (k->op == '[' || k->op == ']' || k->op == '(' || k->op == ')' ||
				     k->op == '!' || k->op == '+');
}

uint32_t unit_obfuscated(const struct unit *u, const char **out_why)
{
	uint32_t hex = 0, first = TOKEN_NONE, names = 0, bare = 0, nots = 0;

	for (uint32_t t = 0; t < u->n; t++) {
		bare = is_bare(&u->tok[t]) ? bare + 1 : 0;
		nots = bare > 0 ? nots + unit_is(u, t, '!') : 0;
		*out_why = "code made of brackets";
		if (bare >= BRACKETS && nots >= BRACKETS / 10)
			return t;
		if (!unit_name(u, t))
			continue;
		*out_why = "an array of texts is rotated before it is read";
		if (rotates(u, t) || holds_texts(u, t))
			return t;
		*out_why = "a packer's function";
		if (unpacks(u, t))
			return t;
		names++;
		first = hex == 0 && hexadecimal(unit_text(u, t)) ? t : first;
		hex += hexadecimal(unit_text(u, t));
	}
	*out_why = "names as an obfuscator makes them";
	return hex >= NAMES || (hex >= FEW_NAMES && hex >= names / 3) ? first : TOKEN_NONE;
}
