/*
 * inspect/meddle.c - what code does to others in the same process: variables of the environment
 * that they obey, and functions of theirs that it replaces.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "base/num.h"
#include "inspect/fold.h"
#include "inspect/unit.h"

enum { CHAIN = 16, HOOKS = 64, DEPTH = 64, PLACE = 300 };

/* ---- variables ---- */

/* Where models are asked, and all else; what programs load or run when they start. Proxies count at
 * the top of a file only: tests set them, too. */
static const struct {
	struct str name;
	bool place, top;
} variables[] = {
	{ SC("OPENAI_BASE_URL"), true, false },	   { SC("OPENAI_API_BASE"), true, false },
	{ SC("ANTHROPIC_BASE_URL"), true, false }, { SC("GOOGLE_GEMINI_BASE_URL"), true, false },
	{ SC("HTTPS_PROXY"), true, true },	   { SC("https_proxy"), true, true },
	{ SC("HTTP_PROXY"), true, true },	   { SC("http_proxy"), true, true },
	{ SC("ALL_PROXY"), true, true },	   { SC("PIP_INDEX_URL"), true, true },
	{ SC("NODE_OPTIONS"), false, false },	   { SC("LD_PRELOAD"), false, false },
	{ SC("BASH_ENV"), false, false },	   { SC("PYTHONSTARTUP"), false, false },
};

/* A fixed place on another machine. */
static bool is_elsewhere(struct str url)
{
	static const struct str here[] = { SC("://localhost"), SC("://127."), SC("://[::1]"),
					   SC("://0.0.0.0") };

	if (str_find(url, S("://")) == SIZE_MAX)
		return false;
	for (size_t i = 0; i < sizeof here / sizeof here[0]; i++)
		if (str_find(url, here[i]) != SIZE_MAX)
			return false;
	size_t at = str_find(url, S("://")) + 3;
	return at < url.n && url.p[at] != HOLE;
}

/* A file that is loaded into every program: node's --require, a library, a script. */
static bool is_loaded(struct str name, struct str value)
{
	if (str_eq(name, S("NODE_OPTIONS")))
		return str_find(value, S("-r ")) != SIZE_MAX ||
		       str_find(value, S("--require")) != SIZE_MAX ||
		       str_find(value, S("--import")) != SIZE_MAX;
	return str_chr(value, '/') != SIZE_MAX;
}

void site_variable(struct site *s, struct str name, const struct value *v)
{
	struct str value = value_words(v);

	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		if (!str_eq(variables[i].name, name) || (variables[i].top && s->scope != 0))
			continue;
		if (variables[i].place ? is_elsewhere(value) : is_loaded(name, value))
			s->note |= N_VARIABLE;
		s->call = variables[i].name;
		s->text = value;
	}
}

/* The name of the variable that os.environ["x"] = or process.env.x = sets. */
static struct str variable(struct unit *u, uint32_t t)
{
	struct str of = u->lang == LANG_PYTHON ? S("environ") : S("env");

	if (t > 4 && unit_is(u, t - 1, ']') && u->tok[t - 2].kind == TOK_STRING &&
	    unit_is(u, t - 3, '[') && str_eq(unit_text(u, t - 4), of)) {
		struct value v = fold_literal(u, t - 2);
		return value_words(&v);
	}
	if (u->lang == LANG_JAVASCRIPT && t > 3 && unit_name(u, t - 1) && unit_is(u, t - 2, '.') &&
	    str_eq(unit_text(u, t - 3), of))
		return unit_text(u, t - 1);
	return S("");
}

/* ---- functions ---- */

/* Whether what the chain begins with is another's: an imported module, or the page. */
static bool is_foreign(const struct unit *u, uint32_t head)
{
	static const struct str pages[] = {
		SC("window"),	       SC("globalThis"), SC("self"),	  SC("global"),
		SC("XMLHttpRequest"),  SC("document"),	 SC("navigator"), SC("ethereum"),
		SC("HTMLFormElement"), SC("solana"),	 SC("WebSocket"),
	};
	const struct binding *b = unit_find(u, unit_text(u, head), u->tok[head].mate);

	b = unit_base(u, b);
	bool value = b && b->kind == BIND_VALUE && b->from < u->n;
	struct str name = unit_text(u, value ? b->from : head);
	if (b && (b->kind != BIND_VALUE || b->from >= u->n))
		return b->kind == BIND_IMPORT;
	for (size_t i = 0; u->lang == LANG_JAVASCRIPT && i < sizeof pages / sizeof pages[0]; i++)
		if (str_eq(name, pages[i]))
			return true;
	return b && str_eq(name, S("require"));
}

/* The hash under which the function's scope is known that stands at t; 0: no function does. */
static uint32_t function_at(const struct unit *u, uint32_t t, uint32_t place)
{
	uint32_t at = t + unit_word(u, t, W_ASYNC);
	const struct binding *b = unit_name(u, at) ? unit_find(u, unit_text(u, at), u->tok[at].mate)
						   : NULL;

	if (b && b->kind == BIND_FUNCTION && !unit_is(u, at + 1, '('))
		return u->tok[at].mate;
	if (u->lang == LANG_PYTHON)
		return 0;
	bool arrow = (unit_is(u, at, '(') && unit_is(u, unit_mate(u, at) + 1, OP_LAMBDA)) ||
		     (unit_name(u, at) && unit_is(u, at + 1, OP_LAMBDA));
	return arrow || unit_word(u, at, W_FUNCTION) ? u->tok[place].mate : 0;
}

void site_assigned(struct unit *u, uint32_t t)
{
	struct str name = t > 3 ? variable(u, t) : S("");

	if (name.n > 0) {
		struct site *s = site_add(u, 0, t);
		struct value v = s ? fold_expression(u, t + 1, u->n) : (struct value){ 0 };
		if (s)
			site_variable(s, name, &v);
		if (s && s->note == 0)
			u->file->n_sites--;
		return;
	}
	if (t < 3 || !unit_name(u, t - 1) || !unit_is(u, t - 2, '.'))
		return;
	uint32_t head = unit_chain(u, t - 1), function = function_at(u, t + 1, t - 1);
	if (function == 0 || t - head > CHAIN || !unit_name(u, head) || !is_foreign(u, head))
		return;
	struct site *s = site_add(u, 0, t);
	if (s == NULL)
		return;
	s->note = N_HOOK;
	s->child = function;
	s->call = str_head(str_tail(u->text, u->tok[head].at),
			   u->tok[t - 1].at + u->tok[t - 1].n - u->tok[head].at);
}

/* Whether s stands in a function that is known by this hash. */
static bool within(const struct unit *u, const struct site *s, uint32_t function)
{
	uint32_t k = s->scope;

	for (unsigned depth = 0; k != 0 && depth < DEPTH; depth++, k = u->scopes[k].parent)
		if (u->scopes[k].name == function)
			return true;
	return false;
}

/* Whether s sends to a place that is written there. */
static bool is_fixed(const struct site *s)
{
	struct str place = str_head(s->text, PLACE);
	bool host = place.n > 3 && place.p[0] != HOLE && place.p[0] != '/' &&
		    str_chr(place, '.') != SIZE_MAX && str_chr(place, ' ') == SIZE_MAX;

	return s->effect & CAP_NET && !(s->note & N_TEXT) &&
	       (host || str_has_prefix(s->path, S("http")));
}

static bool sends(const struct unit *u, const struct site *hook, uint32_t first)
{
	for (uint32_t i = first; i < u->file->n_sites; i++) {
		const struct site *s = &u->file->sites[i];
		if (is_fixed(s) && within(u, s, hook->child))
			return true;
	}
	return false;
}

/* A wallet's address, or the expression that finds one. */
static bool is_wallet(struct str s)
{
	static const struct str found[] = { SC("0x[a-fA-F0-9]{40}"),
					    SC("0x[a-f0-9]{40}"),
					    SC("0x[0-9a-fA-F]{40}"),
					    SC("bc1["),
					    SC("bc1q"),
					    SC("[1-9A-HJ-NP-Za-km-z]{") };

	for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
		if (str_find(s, found[i]) != SIZE_MAX)
			return true;
	bool address = s.n == 44 && str_has_prefix(str_tail(s, 1), S("0x"));
	for (size_t i = 3; i + 1 < s.n && address; i++)
		address = num_hex(s.p[i]) >= 0;
	return address;
}

/* What payments, or what shows them, go through. */
static bool carries_payments(struct str call)
{
	static const struct str names[] = { SC("window.fetch"),	   SC("globalThis.fetch"),
					    SC("self.fetch"),	   SC("XMLHttpRequest.prototype."),
					    SC("ethereum."),	   SC("solana."),
					    SC("sendTransaction"), SC("SendTransaction"),
					    SC("signTransaction") };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_find(call, names[i]) != SIZE_MAX)
			return true;
	return false;
}

static bool has_wallets(const struct unit *u)
{
	for (uint32_t t = 0; t < u->n; t++)
		if ((u->tok[t].kind == TOK_STRING || u->tok[t].kind == TOK_REGEX) &&
		    is_wallet(unit_text(u, t)))
			return true;
	return false;
}

void unit_meddles(struct unit *u, uint32_t first)
{
	int wallets = -1;
	unsigned hooks = 0;

	for (uint32_t i = first; i < u->file->n_sites; i++) {
		struct site *s = &u->file->sites[i];
		if (!(s->note & N_HOOK))
			continue;
		if (carries_payments(s->call) && wallets < 0)
			wallets = has_wallets(u);
		s->note = (hooks++ < HOOKS && sends(u, s, first) ? N_HOOK : 0u) |
			  (carries_payments(s->call) && wallets > 0 ? N_SWAPS : 0u);
		s->child = 0;
	}
}
