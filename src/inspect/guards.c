/*
 * inspect/guards.c - what happens only from a certain date on, or only on certain machines: sites
 * behind a condition that compares the clock with a constant, or asks who and where it is.
 * Conditions are read as tokens, and names in them as what they are bound to: enough to see what a
 * condition is about, not what it comes to.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "base/ascii.h"
#include "inspect/unit.h"

enum {
	CONDITION = 128, /* tokens of a condition, or of what a name is bound to */
	FAR = 64,	 /* names that are looked up for one condition */
	LOOKS = 8 << 20, /* tokens and sites that are looked at for one window */
	EPOCH_FROM = 1500000000,
};

/* What a condition is about. */
enum about {
	A_CLOCK = 1,
	A_DATE = 2, /* a constant that is a date */
	A_PART = 4, /* year, month, day, hour */
	A_COMPARE = 8,
	A_HOST = 16,
	A_NUMBER = 32,
	A_YEAR = 64, /* a number that is one of our years */
};

struct guards {
	struct unit *u;
	uint32_t first; /* sites of this window */
	uint32_t looks; /* left */
	uint32_t names; /* left for this condition */
	uint32_t note;	/* what the sites behind it are marked with */
	struct str condition;
};

/* Takes n from what may still be looked at. False: that is spent. */
static bool look(struct guards *g, uint32_t n)
{
	g->looks -= n < g->looks ? n : g->looks;
	return g->looks > 0;
}

/* ---- words ---- */

static bool among(struct str s, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(s, list[i]))
			return true;
	return false;
}

#define AMONG(s, list) among(s, list, sizeof(list) / sizeof(list)[0])

static uint32_t about_number(struct str s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '_')
			continue;
		if (!ascii_digit(s.p[i]) || v > UINT64_MAX / 16)
			return A_NUMBER;
		v = 10 * v + (uint64_t)(s.p[i] - '0');
	}
	if ((v >= EPOCH_FROM && v <= UINT32_MAX) ||
	    (v / 1000 >= EPOCH_FROM && v / 1000 <= UINT32_MAX))
		return A_DATE;
	return v >= 2015 && v < 2100 ? A_NUMBER | A_YEAR : A_NUMBER;
}

static uint32_t about_name(const struct unit *u, uint32_t t)
{
	static const struct str clocks[] = { SC("now"),	    SC("utcnow"),    SC("today"),
					     SC("gmtime"),  SC("localtime"), SC("strftime"),
					     SC("time_ns"), SC("time"),	     SC("getTime") };
	static const struct str dates[] = { SC("datetime"), SC("date"), SC("Date"), SC("UTC"),
					    SC("Timestamp") };
	static const struct str parts[] = {
		SC("year"),	   SC("month"),	    SC("day"),
		SC("hour"),	   SC("tm_year"),   SC("tm_mon"),
		SC("tm_mday"),	   SC("tm_hour"),   SC("weekday"),
		SC("getFullYear"), SC("getMonth"),  SC("getDate"),
		SC("getHours"),	   SC("getDay"),    SC("getUTCFullYear"),
		SC("getUTCMonth"), SC("getUTCDate")
	};
	static const struct str hosts[] = { SC("gethostname"), SC("getfqdn"),
					    SC("getuser"),     SC("getlogin"),
					    SC("hostname"),    SC("userInfo"),
					    SC("getlocale"),   SC("getdefaultlocale") };
	static const struct str zones[] = { SC("tzname"), SC("timeZone"), SC("getTimezoneOffset") };
	struct str s = unit_text(u, t);
	bool called = unit_is(u, t + 1, '('), js = u->lang == LANG_JAVASCRIPT;
	uint32_t about = 0;

	if (called && AMONG(s, clocks))
		about |= A_CLOCK;
	if (js && str_eq(s, S("Date")) && called && unit_is(u, t + 2, ')'))
		about |= A_CLOCK;
	if (called && AMONG(s, dates) && t + 2 < u->n && u->tok[t + 2].kind == TOK_NUMBER &&
	    about_number(unit_text(u, t + 2)) & (A_YEAR | A_DATE))
		about |= A_DATE;
	if (t > 0 && unit_is(u, t - 1, '.') && AMONG(s, parts))
		about |= A_PART;
	if ((called && AMONG(s, hosts)) || (AMONG(s, zones) && t > 0 && unit_is(u, t - 1, '.')))
		about |= A_HOST;
	return about;
}

/* "2026-04-01", "20260401"; and names of variables that say where a program runs. */
static uint32_t about_string(struct str s)
{
	static const struct str names[] = { SC("CI"),	     SC("GITHUB_ACTIONS"), SC("GITLAB_CI"),
					    SC("LANG"),	     SC("LC_ALL"),	   SC("LANGUAGE"),
					    SC("TZ"),	     SC("USER"),	   SC("USERNAME"),
					    SC("HOSTNAME"),  SC("COMPUTERNAME"),   SC("LOGNAME"),
					    SC("USERDOMAIN") };
	size_t digits = 0;

	while (s.n > 0 && s.p[0] != '\'' && s.p[0] != '"' && s.p[0] != '`')
		s = str_tail(s, 1);
	s = s.n < 2 ? s : str_head(str_tail(s, 1), s.n - 2);
	for (size_t i = 0; i < s.n && i < 10; i++)
		digits += ascii_digit(s.p[i]);
	if (str_has_prefix(s, S("20")) && s.n >= 8 &&
	    (digits == s.n || (s.p[4] == '-' && s.n >= 10 && s.p[7] == '-' && digits == 8)))
		return A_DATE;
	return AMONG(s, names) ? A_HOST : 0;
}

/* ---- a condition ---- */

/* What a name is bound to, where that is an expression. In JavaScript it must be the only one: the
 * short names of bundles mean something else in every function. */
static uint32_t bound_to(const struct unit *u, uint32_t t)
{
	const struct binding *b = unit_find(u, unit_text(u, t), u->tok[t].mate);
	bool one = b != NULL && (u->lang == LANG_PYTHON || unit_older(u, b) == NULL);

	return one && b->kind == BIND_VALUE && b->from < u->n ? b->from : TOKEN_NONE;
}

/* A name of which a part is asked is looked up as well: now.year. */
static bool looked_up(const struct unit *u, uint32_t t)
{
	return (t == 0 || !unit_is(u, t - 1, '.')) && !unit_is(u, t + 1, '(');
}

/* JavaScript without semicolons: a name begins a line, and what is before it is whole. */
static bool begins_line(const struct unit *u, uint32_t t)
{
	if (u->lang != LANG_JAVASCRIPT || t == 0 || !unit_name(u, t))
		return false;
	const struct token *before = &u->tok[t - 1];
	struct str gap = str_head(str_tail(u->text, before->at), u->tok[t].at - before->at);
	bool whole = before->kind != TOK_OP || before->op == ')' || before->op == ']' ||
		     before->op == '}';

	return whole && str_chr(str_tail(gap, before->n), '\n') != SIZE_MAX;
}

/* Where the expression at t, to which a name is bound, ends. */
static uint32_t expression_end(const struct unit *u, uint32_t t)
{
	uint32_t first = t, last = t + CONDITION < u->n ? t + CONDITION : u->n;

	while (t < last) {
		const struct token *k = &u->tok[t];
		if (t > first && begins_line(u, t))
			return t;
		if (k->kind == TOK_NEWLINE || unit_is(u, t, ';') || unit_is(u, t, ',') ||
		    unit_is(u, t, ')') || unit_is(u, t, '}') || unit_word(u, t, W_CONST) ||
		    unit_word(u, t, W_LET) || unit_word(u, t, W_VAR) ||
		    (unit_word(u, t, W_IF) && u->lang == LANG_JAVASCRIPT))
			return t;
		t = unit_past(u, t);
	}
	return last;
}

static uint32_t about_token(const struct unit *u, uint32_t t)
{
	const struct token *k = &u->tok[t];

	switch ((unsigned)k->kind) {
	case TOK_NUMBER:
		return about_number(unit_text(u, t));
	case TOK_STRING:
		return about_string(unit_text(u, t));
	case TOK_NAME:
		return about_name(u, t);
	case TOK_OP:
		return k->op == OP_EQ || k->op == '<' || k->op == '>' ? A_COMPARE : 0;
	default:
		return 0;
	}
}

static uint32_t about(struct guards *g, uint32_t from, uint32_t to)
{
	struct unit *u = g->u;
	uint32_t ranges[FAR][2] = { { from, to } }, n = 1, all = 0;

	for (uint32_t r = 0; r < n; r++) {
		for (uint32_t t = ranges[r][0]; t < ranges[r][1] && g->looks > 0; t++) {
			uint32_t one = about_token(u, t);
			g->looks--;
			/* What is compared elsewhere is not compared here. */
			all |= r > 0 ? one & ~(uint32_t)A_COMPARE : one;
			uint32_t at = unit_name(u, t) && looked_up(u, t) ? bound_to(u, t)
									 : TOKEN_NONE;
			if (at == TOKEN_NONE || n == FAR)
				continue;
			ranges[n][0] = at;
			ranges[n++][1] = expression_end(u, at);
		}
	}
	return all;
}

static uint32_t note_of(uint32_t all)
{
	bool date = all & A_DATE || (all & A_PART && all & (A_NUMBER | A_YEAR));

	return (all & A_CLOCK && all & A_COMPARE && date ? (uint32_t)N_DATED : 0u) |
	       (all & A_HOST ? (uint32_t)N_HOST_BOUND : 0u);
}

/* ---- what is behind it ---- */

static bool in_function(const struct unit *u, const struct site *s, uint32_t name)
{
	uint32_t scope = s->scope;

	for (unsigned up = 0; scope < u->n_scopes && scope > 0 && up < 8; up++) {
		if (u->scopes[scope].name == name)
			return true;
		scope = u->scopes[scope].parent;
	}
	return false;
}

static void mark(struct guards *g, struct site *s)
{
	s->note |= g->note;
	if (s->guard.n == 0 || g->note & N_DATED)
		s->guard = g->condition;
}

/* The sites between two tokens, and those of functions that are called there. */
static void guard(struct guards *g, uint32_t from, uint32_t to)
{
	struct unit *u = g->u;
	struct source *f = u->file;

	if (!look(g, f->n_sites))
		return;
	for (uint32_t i = g->first; i < f->n_sites; i++)
		if (f->sites[i].at >= from && f->sites[i].at < to)
			mark(g, &f->sites[i]);
	for (uint32_t t = from; t + 1 < to && g->looks > 0; t++) {
		g->looks--;
		if (!unit_name(u, t) || !unit_is(u, t + 1, '('))
			continue;
		const struct binding *b = unit_find(u, unit_text(u, t), u->tok[t].mate);
		if (b == NULL || b->kind != BIND_FUNCTION || g->names == 0 ||
		    !look(g, f->n_sites))
			continue;
		g->names--;
		for (uint32_t i = g->first; i < f->n_sites; i++)
			if (in_function(u, &f->sites[i], u->tok[t].mate))
				mark(g, &f->sites[i]);
	}
}

static bool starts_statement(const struct unit *u, uint32_t t)
{
	unsigned kind = t == 0 ? TOK_NEWLINE : u->tok[t - 1].kind;

	return kind == TOK_NEWLINE || kind == TOK_INDENT || kind == TOK_DEDENT ||
	       unit_is(u, t - 1, ';');
}

/* Whether what stands there leaves the function or the program. */
static bool leaves(struct guards *g, uint32_t from, uint32_t to)
{
	static const struct str exits[] = { SC("exit"), SC("_exit"), SC("quit") };
	struct unit *u = g->u;

	for (uint32_t t = from; t < to && t < from + CONDITION; t++)
		if (unit_name(u, t) && (u->tok[t].word == W_RETURN || u->tok[t].word == W_RAISE ||
					u->tok[t].word == W_THROW || AMONG(unit_text(u, t), exits)))
			return true;
	return false;
}

/* The end of the statement at t, or of the block around it. */
static uint32_t python_end(struct guards *g, uint32_t t, bool block)
{
	struct unit *u = g->u;
	uint32_t depth = 0;

	for (; t < u->n && g->looks > 0; t++, g->looks--) {
		unsigned kind = u->tok[t].kind;
		if (!block && kind == TOK_NEWLINE && depth == 0 &&
		    !(t + 1 < u->n && u->tok[t + 1].kind == TOK_INDENT))
			return t;
		depth += kind == TOK_INDENT;
		if (kind == TOK_DEDENT && depth-- <= 1 && !(block && depth == 0))
			return t;
	}
	return u->n;
}

static void python_if(struct guards *g, uint32_t t)
{
	struct unit *u = g->u;
	uint32_t colon = t + 1;

	while (colon < u->n && colon < t + CONDITION && !unit_is(u, colon, ':') &&
	       u->tok[colon].kind != TOK_NEWLINE)
		colon = unit_past(u, colon);
	if (!unit_is(u, colon, ':'))
		return;
	g->note = note_of(about(g, t + 1, colon));
	if (g->note == 0)
		return;
	uint32_t end = python_end(g, colon, false);
	g->condition = str_head(str_tail(u->text, u->tok[t].at), u->tok[colon].at - u->tok[t].at);
	/* while it is early: wait; if it is early: leave. Then comes what waits. */
	bool rest = unit_word(u, t, W_WHILE) || leaves(g, colon, end);
	while (!rest && (unit_word(u, end + 1, W_ELSE) || unit_word(u, end + 1, W_ELIF)))
		end = python_end(g, end + 1, false);
	guard(g, colon, rest ? python_end(g, end + 1, true) : end);
}

/* Conditions within a statement: "x if a else y", "a and x", "a && x", "a ? x : y". */
static void within(struct guards *g, uint32_t t)
{
	struct unit *u = g->u;
	bool js = u->lang == LANG_JAVASCRIPT;
	uint32_t from = t, to = t;

	while (from > 0 && from + CONDITION > t && !begins_line(u, from) &&
	       !(js ? unit_is(u, from - 1, ';') || unit_is(u, from - 1, '{') ||
				 unit_is(u, from - 1, '}')
		    : starts_statement(u, from)))
		from--;
	while (to < u->n && to < t + CONDITION && !(to > t && begins_line(u, to)) &&
	       !(js ? unit_is(u, to, ';') || unit_is(u, to, '}') : u->tok[to].kind == TOK_NEWLINE))
		to++;
	g->looks -= g->looks < to - from ? g->looks : to - from;
	bool ternary = unit_word(u, t, W_IF);
	g->note = note_of(about(g, ternary ? t : from, ternary ? to : t));
	g->condition = str_head(str_tail(u->text, u->tok[from].at), u->tok[t].at - u->tok[from].at);
	if (g->note != 0)
		guard(g, from, to);
}

static void javascript_if(struct guards *g, uint32_t t)
{
	struct unit *u = g->u;
	uint32_t close = unit_is(u, t + 1, '(') ? unit_mate(u, t + 1) : t + 1, end, depth = 0;

	if (close <= t + 1 || close > t + CONDITION)
		return;
	g->note = note_of(about(g, t + 2, close));
	if (g->note == 0)
		return;
	g->condition = str_head(str_tail(u->text, u->tok[t].at),
				u->tok[close].at + 1 - u->tok[t].at);
	end = close + 1;
	for (;; end += 2) {
		if (unit_is(u, end, '{'))
			end = unit_mate(u, end);
		else
			while (end < u->n && !unit_is(u, end, ';') && !unit_is(u, end, '}') &&
			       look(g, 1))
				end = unit_past(u, end);
		if (!unit_word(u, end + 1, W_ELSE) || depth++ == 8)
			break;
	}
	if (leaves(g, close, end))
		for (depth = 1; end < u->n && depth > 0 && g->looks > 0; end++, g->looks--)
			depth += unit_is(u, end + 1, '{') - (unsigned)unit_is(u, end + 1, '}');
	guard(g, close, end < u->n ? end + 1 : u->n);
}

static bool worth(const struct unit *u, uint32_t first)
{
	for (uint32_t i = first; i < u->file->n_sites; i++) {
		const struct site *s = &u->file->sites[i];
		if (s->runs && !(s->note & N_TEXT) &&
		    (s->effect & (CAP_NET | CAP_EXEC | CAP_EVAL | CAP_FETCH_RUN | CAP_DNS) ||
		     s->note & (N_CODE | N_WIPES | N_DELETES)))
			return true;
	}
	return false;
}

void unit_guards(struct unit *u, uint32_t first)
{
	struct guards g = { .u = u, .first = first, .looks = LOOKS };
	bool python = u->lang == LANG_PYTHON;

	if (u->role == ROLE_SCRIPT || !worth(u, first))
		return;
	for (uint32_t t = 0; t < u->n && g.looks > 0; t++) {
		bool begins = python && starts_statement(u, t);
		g.names = FAR;
		if (unit_word(u, t, W_IF) || unit_word(u, t, W_ELIF) || unit_word(u, t, W_WHILE)) {
			if (!python)
				javascript_if(&g, t);
			else if (begins)
				python_if(&g, t);
			else
				within(&g, t);
		} else if (python ? unit_word(u, t, W_AND)
				  : unit_is(u, t, OP_AND) || unit_is(u, t, '?')) {
			within(&g, t);
		}
	}
}
