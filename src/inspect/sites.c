/*
 * inspect/sites.c - calls and texts of interest: what is called, what it is given, and what
 * that comes to. Memory: the arena's.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/effects.h"
#include "inspect/fold.h"
#include "inspect/shell.h"

enum { ARGUMENTS = 6, PATH = 160 };

struct site *site_add(struct unit *u, uint32_t effect, uint32_t at)
{
	struct source *f = u->file;

	u->caps |= effect;
	if (f->n_sites == UNIT_SITES)
		return NULL;
	struct site *s = &f->sites[f->n_sites++];
	*s = (struct site){ .effect = effect, .scope = u->scope, .layer = u->layer, .at = at };
	s->line = u->layer > 0 ? f->sites[f->layers[u->layer].parent].line
			       : unit_line(u, at < u->n ? u->tok[at].at : 0);
	return s;
}

void site_code(struct unit *u, struct site *s, enum language lang, struct str text)
{
	struct source *f = u->file;
	uint32_t depth = f->layers[u->layer].depth + 1;

	if (f->n_layers == UNIT_LAYERS || depth > UNIT_DEPTH || text.n < 3)
		return;
	f->layers[f->n_layers++] = (struct layer){
		.text = text,
		.lang = lang,
		.parent = (uint32_t)(s - f->sites),
		.depth = depth,
	};
}

/* The dotted name a plain chain stands for; "" when it must be folded, or is of no interest. */
static struct str plain_path(struct unit *u, uint32_t head, uint32_t last, char *room, bool *fold)
{
	const struct binding *b = unit_find(u, unit_text(u, head), u->tok[head].mate);
	struct buf path;

	b = unit_base(u, b);
	*fold = b && ((b->kind == BIND_VALUE && b->hot) || b->kind == BIND_PARAMETER);
	if (b && b->kind != BIND_IMPORT)
		return S("");
	buf_fixed(&path, room, PATH);
	buf_add(&path, b ? b->path : unit_text(u, head));
	for (uint32_t t = head + 1; t <= last; t++) {
		if (!unit_name(u, t))
			continue;
		if (str_eq(unit_text(u, t), S("default")))
			continue;
		buf_addc(&path, '.');
		buf_add(&path, unit_text(u, t));
	}
	return path.err == OK ? buf_str(&path) : S("");
}

static bool plain_chain(const struct unit *u, uint32_t head, uint32_t last)
{
	for (uint32_t t = head; t <= last; t++) {
		if (!unit_name(u, t) && !unit_is(u, t, '.') && !unit_is(u, t, OP_OPTIONAL))
			return false;
	}
	return unit_name(u, head);
}

/* Methods that have an effect on whatever they are called on. */
static const struct method_row {
	struct str name;
	uint32_t caps;
	enum sink sink;
	bool any; /* on anything, not on a path only */
} method_rows[] = {
	{ SC("write_text"), CAP_WRITE, SINK_WRITE, false },
	{ SC("write_bytes"), CAP_WRITE, SINK_WRITE, false },
	{ SC("unlink"), 0, SINK_DELETE, false },
	{ SC("chmod"), 0, SINK_CHMOD, false },
	{ SC("open"), 0, SINK_OPEN, false },
	{ SC("read_text"), 0, SINK_OPEN, false },
	{ SC("read_bytes"), 0, SINK_OPEN, false },
	{ SC("system"), CAP_EXEC, SINK_SHELL, true }, /* of a C library */
	{ SC("popen"), CAP_EXEC, SINK_SHELL, true },
	{ SC("runcode"), CAP_EVAL, SINK_CODE, true },
	{ SC("runsource"), CAP_EVAL, SINK_CODE, true },
	{ SC("_compile"), CAP_EVAL, SINK_CODE, true },
};

static bool sends(struct str name)
{
	static const struct str names[] = {
		SC("post"),  SC("put"),	       SC("send"),	SC("sendall"),	SC("sendto"),
		SC("write"), SC("end"),	       SC("request"),	SC("get"),	SC("patch"),
		SC("emit"),  SC("storbinary"), SC("storlines"), SC("sendmail"), SC("send_message"),
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (str_eq(names[i], name))
			return true;
	}
	return false;
}

struct seen {
	uint32_t caps, taint;
	enum sink sink;
	bool bound; /* f.call(this, ...): what f is given comes second */
	struct str call;
	struct value self; /* of a method */
};

/* What a bare name is known to do that came by `from os import *`. */
static const struct effect *starred(struct unit *u, struct str name)
{
	const struct effect *e = NULL;
	char room[PATH];
	struct buf b;

	for (uint32_t i = 0; i < u->n_stars && e == NULL; i++) {
		buf_fixed(&b, room, sizeof room);
		buf_add(&b, u->stars[i]);
		buf_addc(&b, '.');
		buf_add(&b, name);
		e = b.err == OK ? effect_find(u->lang, buf_str(&b)) : NULL;
	}
	return e;
}

/* What f does, for f.call, f.apply and f.bind. */
static const struct effect *of_function(struct unit *u, struct str path)
{
	static const struct str ways[] = { SC(".call"), SC(".apply"), SC(".bind") };

	for (size_t i = 0; u->lang == LANG_JAVASCRIPT && i < sizeof ways / sizeof ways[0]; i++)
		if (str_has_suffix(path, ways[i]))
			return effect_find(u->lang, str_head(path, path.n - ways[i].n));
	return NULL;
}

/* What the callee [head, open) is known to do. */
static bool known(struct unit *u, uint32_t head, uint32_t open, char *room, struct seen *out)
{
	bool fold = !plain_chain(u, head, open - 1);
	struct str path = S("");

	*out = (struct seen){ .call = S(""), .self = { .kind = V_UNKNOWN } };
	if (!fold)
		path = plain_path(u, head, open - 1, room, &fold);
	if (fold) {
		struct value v = fold_expression(u, head, open);
		if (v.kind == V_NAME) {
			path = v.s;
		} else if (v.kind == V_METHOD) {
			out->self = v.items[0];
			out->call = v.s;
		}
	}
	const struct effect *e = path.n ? effect_find(u->lang, path) : NULL;
	if (e == NULL && head == open - 1 && path.n)
		e = starred(u, path);
	bool bound = e == NULL && path.n > 0;
	if (bound)
		e = of_function(u, path);
	if (e) {
		*out = (struct seen){ .caps = e->caps,
				      .taint = e->taint,
				      .call = e->path,
				      .sink = (enum sink)e->sink,
				      .bound = bound,
				      .self = { .kind = V_UNKNOWN } };
		return true;
	}
	if (out->self.taint & T_FETCHED && sends(out->call)) {
		out->caps = CAP_NET;
		out->sink = SINK_SEND;
		return true;
	}
	for (size_t i = 0; i < sizeof method_rows / sizeof method_rows[0]; i++) {
		if ((out->self.kind == V_STR || method_rows[i].any) &&
		    str_eq(method_rows[i].name, out->call)) {
			out->caps = method_rows[i].caps;
			out->sink = method_rows[i].sink;
			return true;
		}
	}
	if (str_eq(out->call, S("constructor"))) {
		out->caps = CAP_EVAL;
		out->sink = SINK_CODE;
		return true;
	}
	return false;
}

/* Whether it is worth asking what is called. */
static bool worth(const struct unit *u, uint32_t head, uint32_t open)
{
	if (unit_name(u, open - 1) &&
	    (u->tok[open - 1].word == W_EFFECT || u->tok[open - 1].word == W_IMPORT))
		return true;
	if (unit_name(u, open - 1) && u->tok[open - 1].word >= W_APPEND && head != open - 1 &&
	    u->tok[open - 1].word != W_WRITE)
		return false;
	for (uint32_t t = head + 1; unit_is(u, head, '(') && t < head + 8 && t < open; t++) {
		/* (0, eval)(x), (0, module.exec)(x) */
		if (unit_name(u, t) && u->tok[t].word == W_EFFECT)
			return true;
	}
	if (!unit_name(u, head))
		return false;
	if (u->tok[head].word == W_EFFECT)
		return true;
	const struct binding *b = unit_base(u, unit_find(u, unit_text(u, head), u->tok[head].mate));
	return b && (b->kind == BIND_IMPORT || b->hot);
}

/* What is handed over with a function is what that will be given: map(f, list), Thread(target=f,
 * args=list), partial(f, a, b). */
static uint32_t handed(struct value *v, uint32_t n)
{
	uint32_t left = n > 0 ? n - 1 : 0;

	for (uint32_t i = 0; i < left; i++)
		v[i] = v[i + 1];
	if (left == 1 && v[0].kind == V_LIST && v[0].n > 0) {
		uint32_t taint = v[0].taint;
		left = v[0].n < ARGUMENTS ? v[0].n : ARGUMENTS;
		for (uint32_t i = left; i-- > 0;) {
			v[i] = v[0].items[i];
			v[i].taint |= taint;
		}
	}
	return left;
}

/* A site that does what k says with v, its n arguments. */
static void note(struct unit *u, uint32_t open, const struct seen *k, const struct value *v,
		 uint32_t n)
{
	struct site *s = site_add(u, k->caps, open);

	if (s == NULL)
		return;
	s->call = k->call;
	s->text = n > 0 ? value_words(&v[0]) : S("");
	s->layers = n > 0 ? v[0].layers : 0;
	for (uint32_t i = 0; i < n; i++) {
		s->taint |= v[i].taint;
		if (v[i].kind == V_NAME) {
			const struct effect *e = effect_find(u->lang, v[i].s);
			s->taint |= e ? e->taint : 0;
		}
	}
	site_fill(u, s, k->sink, v, n);
	u->caps |= s->effect;
	bool dull = s->effect == 0 && s->note == 0;
	if (dull && s == &u->file->sites[u->file->n_sites - 1])
		u->file->n_sites--;
}

static void note_call(struct unit *u, uint32_t open, const struct seen *k, bool is_handed)
{
	struct value v[ARGUMENTS + 1] = { { .kind = V_UNKNOWN } };
	uint32_t n = 0;

	u->caps |= k->caps;
	if (k->sink == SINK_NONE && !(u->role == ROLE_STARTUP && k->caps))
		return;
	if (k->self.kind == V_STR && k->sink != SINK_SEND)
		v[n++] = k->self;
	n += fold_arguments(u, open, v + n, ARGUMENTS);
	if (is_handed)
		n = handed(v, n);
	if (k->bound || (is_handed && n > 1 && u->lang == LANG_JAVASCRIPT))
		n = handed(v, n); /* Reflect.apply(f, this, list), setTimeout(f, ms, x) */
	note(u, open, k, v, n);
}

/* x.then(f): f is given what x comes to. */
static void note_self(struct unit *u, uint32_t head, uint32_t open, const struct seen *k)
{
	struct value v = fold_expression(u, head, open - 2);

	v.taint = v.kind == V_NAME ? 0 : v.taint;
	u->caps |= k->caps;
	note(u, open, k, &v, 1);
}

/* f.write(decoded): worth folding only where something among the arguments decodes or fetches. */
static void maybe_written(struct unit *u, uint32_t open)
{
	bool hot = false;
	struct value v;

	for (uint32_t t = open + 1; t < open + 24 && t < unit_mate(u, open) && !hot; t++) {
		const struct binding *b = unit_name(u, t)
						  ? unit_find(u, unit_text(u, t), u->tok[t].mate)
						  : NULL;
		hot = (unit_name(u, t) && u->tok[t].word == W_EFFECT) ||
		      (b && b->kind == BIND_VALUE && b->hot);
	}
	if (!hot || fold_arguments(u, open, &v, 1) == 0 ||
	    (v.layers == 0 && !(v.taint & (T_DECODED | T_FETCHED))))
		return;
	struct site *s = site_add(u, CAP_WRITE, open);
	if (s)
		site_written(u, s, &v);
}

static void look_at(struct unit *u, uint32_t head, uint32_t open)
{
	char room[PATH];
	struct seen k;

	if (known(u, head, open, room, &k))
		note_call(u, open, &k, false);
}

/* A function of the file itself, given the whole environment. Only at the top: within functions, it
 * is mostly for a program that is started. */
static void look_at_own(struct unit *u, uint32_t open)
{
	const struct binding *b = unit_find(u, unit_text(u, open - 1), u->tok[open - 1].mate);
	struct value v[ARGUMENTS];

	if (b == NULL || b->kind != BIND_FUNCTION || unit_is(u, open + 1, ')'))
		return;
	for (uint32_t i = fold_arguments(u, open, v, ARGUMENTS); i-- > 0;) {
		struct site *s = v[i].taint & T_ENV_ALL ? site_add(u, 0, open) : NULL;
		if (s == NULL)
			continue;
		s->note = N_TOLD;
		s->call = unit_text(u, open - 1);
		return;
	}
}

/* Whether what is called gives its function what it is a method of: fetch(u).then(eval). */
static bool gives_self(const struct unit *u, uint32_t open)
{
	static const struct str names[] = { SC("then"), SC("forEach"), SC("map") };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (open > 1 && unit_is(u, open - 2, '.') &&
		    str_eq(unit_text(u, open - 1), names[i]))
			return true;
	return false;
}

/* A function that does something, handed to one that will call it. */
static void look_at_handed(struct unit *u, uint32_t head, uint32_t open)
{
	uint32_t from = open + 1, end, last;
	char room[PATH];
	struct seen k;

	if (unit_word(u, from, W_TARGET) && unit_is(u, from + 1, '='))
		from += 2;
	for (end = from; unit_name(u, end) || unit_is(u, end, '.');)
		end = unit_is(u, end + 1, '(') ? unit_past(u, end + 1) : end + 1;
	last = end - 1;
	bool self = unit_is(u, end, ')') && gives_self(u, open);
	if (end == from || !unit_name(u, last) || !(self || unit_is(u, end, ',')) ||
	    (u->tok[last].word != W_EFFECT && !worth(u, from, end)))
		return;
	if (!known(u, from, end, room, &k))
		return;
	if (self && k.sink == SINK_CODE)
		note_self(u, head, open, &k);
	else if (!self && (k.sink == SINK_CODE || k.sink == SINK_SHELL || k.sink == SINK_SPAWN ||
			   k.sink == SINK_SEND))
		note_call(u, open, &k, true);
}

void site_call(struct unit *u, uint32_t open)
{
	uint32_t head = unit_chain(u, open - 1);

	if (unit_name(u, open - 1))
		unit_edge(u, u->scope, u->tok[open - 1].mate);
	/* Thread(target=f) calls f */
	for (uint32_t t = open + 1; unit_name(u, open - 1) && t < open + 3; t++) {
		if (unit_word(u, t, W_TARGET) && unit_is(u, t + 1, '=') && unit_name(u, t + 2))
			unit_edge(u, u->scope, u->tok[t + 2].mate);
	}
	if (unit_word(u, open - 1, W_WRITE) && head != open - 1)
		maybe_written(u, open);
	if (worth(u, head, open))
		look_at(u, head, open);
	else if (u->caps & CAP_ENV_ALL && u->scope == 0 && u->lang == LANG_PYTHON)
		look_at_own(u, open);
	look_at_handed(u, head, open);
}

void site_tag(struct unit *u, uint32_t open)
{
	uint32_t head = unit_chain(u, open - 1);
	char room[PATH];
	struct seen k;

	if (!worth(u, head, open) || !known(u, head, open, room, &k) || k.sink == SINK_NONE)
		return;
	struct value text = fold_expression(u, open, unit_mate(u, open) + 1);
	note(u, open, &k, &text, 1);
}

void site_decorator(struct unit *u, uint32_t head, uint32_t end)
{
	char room[PATH];
	struct seen k;

	if (!unit_name(u, end - 1) || u->tok[end - 1].word != W_EFFECT ||
	    !known(u, head, end, room, &k) || k.sink != SINK_CODE)
		return;
	struct site *s = site_add(u, k.caps, head);
	if (s == NULL)
		return;
	s->call = k.call;
	s->note |= N_CODE;
	s->taint |= T_DECODED; /* no function that is defined is code to be run */
}

void site_name(struct unit *u, uint32_t t)
{
	struct str s = unit_text(u, t);
	bool environment = str_eq(s, u->lang == LANG_PYTHON ? S("environ") : S("env")) &&
			   (u->lang == LANG_PYTHON || unit_is(u, t - 1, '.'));

	if (!environment || t == 0)
		return;
	u->caps |= CAP_ENV;
	if (!unit_is(u, t + 1, '.') && !unit_is(u, t + 1, '[') && !unit_is(u, t + 1, OP_OPTIONAL))
		u->caps |= CAP_ENV_ALL;
}

static const struct {
	enum text_class class;
	uint32_t cap;
} text_caps[] = {
	{ TEXT_CREDENTIALS, CAP_CREDENTIALS },
	{ TEXT_METADATA, CAP_METADATA },
	{ TEXT_PERSIST, CAP_PERSIST },
	{ TEXT_AGENT, CAP_AGENT },
	{ TEXT_AGENT_CLI, CAP_AI_CLI },
	{ TEXT_RUNTIME, CAP_RUNTIME },
	{ TEXT_PROBE, CAP_PROBE },
};

/* Whether a text is a command that fetches what a shell then runs. Modules of JavaScript show such
 * texts to users; which of their functions do that is not known. */
static bool fetches_and_runs(struct unit *u, uint32_t t, struct str s)
{
	struct str quotes = S("\"'`"), command = str_trim(s);
	struct shell_look look;

	while (command.n > 0 && str_chr(quotes, command.p[0]) != SIZE_MAX)
		command = str_tail(command, 1);
	while (command.n > 0 && str_chr(quotes, command.p[command.n - 1]) != SIZE_MAX)
		command.n--;
	bool tag = t > 1 && u->tok[t].kind == TOK_F_MIDDLE && unit_calls(u, t - 1);
	bool shown = u->lang == LANG_JAVASCRIPT && u->role == ROLE_MODULE && u->layer == 0 && !tag;
	if (shown || str_chr(command, '\n') != SIZE_MAX || str_chr(command, '`') != SIZE_MAX)
		return false; /* a text to be read, with commands in it */
	shell_look(command, u->a, &look);
	return look.pipes_to_shell || look.runs_fetched;
}

void site_document(struct unit *u, uint32_t t)
{
	size_t at, n;

	if (texts_poison(texts_classes(u->file->lexicon->quick, unit_text(u, t), &at, &n)))
		site_text(u, t);
}

void site_text(struct unit *u, uint32_t t)
{
	struct str s = unit_text(u, t);
	size_t at, n;
	uint32_t classes = texts_classes(u->file->lexicon->quick, s, &at, &n), caps = 0;

	if (classes == 0)
		return;
	for (size_t i = 0; i < sizeof text_caps / sizeof text_caps[0]; i++)
		caps |= classes & 1u << text_caps[i].class ? text_caps[i].cap : 0;
	struct site *site = site_add(u, caps, t);
	if (site == NULL)
		return;
	size_t from = at > 100 ? at - 100 : 0;
	site->note = N_TEXT | (classes & 1u << TEXT_DROP ? N_DROP : 0u) |
		     (classes & 1u << TEXT_FETCHER && fetches_and_runs(u, t, s) ? N_PIPED : 0u);
	site->note |= texts_poison(classes) ? N_POISON : 0u;
	site->text = str_head(str_tail(s, from), 300);
	site->child = classes & 1u << TEXT_INJECTION; /* kept for the rules */
}
