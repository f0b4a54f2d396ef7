/*
 * inspect/sites_sink.c - what becomes of what a known function is given. Memory: the arena's.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/effects.h"
#include "inspect/fold.h"

/* What was decoded and is written may be started later. */
void site_written(struct unit *u, struct site *s, const struct value *v)
{
	s->note |= N_WRITES;
	s->taint |= v->taint;
	if (v->layers == 0 || v->partial || value_words(v).n < 16)
		return;
	s->note |= N_DECODED;
	s->layers = v->layers;
	s->text = value_words(v);
	site_code(u, s, u->lang, s->text);
}

/* Written on installation: a file that a CI runner reads before its next step, and one of another
 * package that was only looked up. */
static void put(const struct unit *u, struct site *s, const struct value *path)
{
	bool next = path->kind == V_NAME && (str_has_suffix(path->s, S("GITHUB_ENV")) ||
					     str_has_suffix(path->s, S("GITHUB_PATH")));

	if ((next && u->role == ROLE_INSTALL) || (path->kind == V_UNKNOWN && path->taint & T_SITE))
		s->effect |= CAP_PERSIST;
}

static void opened(struct site *s, const struct value *v, uint32_t n, enum language lang)
{
	struct str mode = n > 1 ? value_words(&v[1]) : S("");
	uint32_t classes = words_classes(s->text);

	s->path = s->text;
	if (lang == LANG_PYTHON && mode.n < 4 &&
	    (str_chr(mode, 'w') != SIZE_MAX || str_chr(mode, 'a') != SIZE_MAX ||
	     str_chr(mode, 'x') != SIZE_MAX)) {
		s->effect |= CAP_WRITE;
		s->note |= N_WRITES;
	}
	s->effect |= classes & 1u << TEXT_CREDENTIALS && !(s->note & N_WRITES) ? CAP_CREDENTIALS
									       : 0;
	s->effect |= classes & 1u << TEXT_PERSIST ? CAP_PERSIST : 0;
	s->effect |= classes & 1u << TEXT_AGENT ? CAP_AGENT : 0;
	s->note |= classes & 1u << TEXT_MEMORY ? N_PROCESS : 0u;
	if (s->note & N_WRITES && (str_find(s->text, S("authorized_keys")) != SIZE_MAX ||
				   (s->taint & T_SITE && str_has_suffix(s->text, S(".pth")))))
		s->effect |= CAP_PERSIST;
}

/* "data:text/javascript;base64,...": code where a file or a module is named. */
static void code_of_url(struct unit *u, struct site *s, bool partial)
{
	struct str data, media = str_cut(s->text, ',', &data);
	bool base64 = str_has_suffix(media, S(";base64"));

	if (partial || !str_has_prefix(media, S("data:")))
		return;
	if (decode_named(u->a, base64 ? S("base64") : S("percent"), data, &s->text))
		s->layers = (uint8_t)(s->layers + base64); /* what is quoted hides nothing */
}

static void code_given(struct unit *u, struct site *s, const struct value *v)
{
	s->note |= N_CODE;
	s->layers = v->layers;
	s->text = value_words(v);
	code_of_url(u, s, v->partial);
	if (s->text.n && !v->partial)
		site_code(u, s, u->lang, s->text);
}

static void slept(struct unit *u, struct site *s, const struct value *v, uint32_t n)
{
	bool js = u->lang == LANG_JAVASCRIPT;
	const struct value *d = js ? (n > 1 ? &v[1] : NULL) : n > 0 ? &v[0] : NULL;

	if (js && n > 0 && value_words(&v[0]).n > 8) {
		s->effect |= CAP_EVAL;
		code_given(u, s, &v[0]);
	}
	if (d && d->kind == V_INT && d->i >= (js ? 600000 : 600))
		s->effect |= CAP_DELAY;
}

/* request({hostname: "x"}): where it goes. */
static struct str host_of(const struct value *v)
{
	for (uint32_t i = 0; v->kind == V_MAP && i + 1 < v->n; i += 2) {
		struct str key = value_words(&v->items[i]);
		if (str_eq(key, S("host")) || str_eq(key, S("hostname")))
			return value_words(&v->items[i + 1]);
	}
	return S("");
}

static void sent(struct site *s, const struct value *v, uint32_t n)
{
	if (n > 0 && s->text.n == 0)
		s->text = host_of(&v[0]);
	uint32_t classes = words_classes(s->text);

	s->taint &= ~(uint32_t)T_FETCHED;
	s->note |= classes & 1u << TEXT_DROP ? N_DROP : 0u;
	s->effect |= classes & 1u << TEXT_METADATA ? CAP_METADATA : 0;
	s->effect |= classes & 1u << TEXT_RUNTIME ? CAP_RUNTIME : 0;
	if (n > 1 && value_words(&v[1]).n)
		s->path = value_words(&v[1]);
}

/* Whether a path made from this file's own is this file, not its neighbour. */
static bool own_file(const struct unit *u, struct str path)
{
	return path.n == 0 || (path.n == 1 && path.p[0] == HOLE) ||
	       str_has_suffix(path, str_last(u->file->path, '/'));
}

/* A file that is loaded as code though its name is that of something else; of JSON, node makes no
 * code. */
static void loaded(struct unit *u, struct site *s, const struct value *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct str path = value_words(&v[i]);
		bool json = u->lang == LANG_JAVASCRIPT && str_has_suffix(path, S(".json"));
		if (text_names_data(path) && !json) {
			s->note |= N_CODE;
			s->taint |= T_DATA;
		}
	}
}

static bool is_home(struct str path)
{
	return str_eq(path, S("~")) || str_eq(path, S("~/")) || str_eq(path, S("/"));
}

static bool removes_all(struct str call)
{
	return str_has_suffix(call, S("rmtree")) || str_has_suffix(call, S("rm")) ||
	       str_has_suffix(call, S("rmSync"));
}

void site_fill(struct unit *u, struct site *s, unsigned sink, const struct value *v, uint32_t n)
{
	switch ((enum sink)sink) {
	case SINK_CODE:
		code_given(u, s, &v[str_has_prefix(s->call, S("Function")) && n > 0 ? n - 1 : 0]);
		break;
	case SINK_SHELL:
	case SINK_SPAWN:
		site_command(u, s, v, n);
		break;
	case SINK_SEND:
	case SINK_SAVE:
		sent(s, v, n);
		break;
	case SINK_WRITE:
		put(u, s, &v[0]);
		opened(s, v, n, LANG_NONE);
		site_written(u, s, n > 1 ? &v[1] : &v[0]);
		break;
	case SINK_COPY:
		s->text = n > 1 ? value_words(&v[1]) : S("");
		s->note |= N_WRITES;
		opened(s, v, 0, LANG_NONE);
		break;
	case SINK_OPEN:
		opened(s, v, n, u->lang);
		break;
	case SINK_DELETE:
		s->note |= N_DELETES | (is_home(s->text) && removes_all(s->call) ? N_WIPES : 0u);
		s->path = s->text;
		if (s->taint & T_SELF && own_file(u, s->text))
			s->effect |= CAP_SELF_DELETE;
		break;
	case SINK_CHMOD:
		s->note |= N_CHMOD;
		s->path = s->text;
		break;
	case SINK_LOOKUP:
		if (!(s->taint & (T_ENV | T_ENV_ALL | T_SECRET | T_HOST | T_FILE)))
			s->effect &= ~(uint32_t)CAP_DNS;
		break;
	case SINK_SLEEP:
		slept(u, s, v, n);
		break;
	case SINK_MODULE:
		s->effect |= effect_module(u->lang, s->text);
		if (str_has_prefix(s->text, S("data:")))
			code_given(u, s, &v[0]);
		else if (u->lang == LANG_JAVASCRIPT && str_eq(s->call, S("require")))
			loaded(u, s, v, n);
		break;
	case SINK_TEXT:
		s->note |= s->taint & T_ENV_ALL ? N_TOLD : 0u;
		break;
	case SINK_LOAD:
		loaded(u, s, v, n);
		break;
	case SINK_WIRE:
		s->note |= s->taint & T_FETCHED ? N_WIRED : 0u;
		break;
	case SINK_UNPICKLE:
		s->note |= s->taint & T_FETCHED ? N_CODE : 0u;
		break;
	case SINK_VARIABLE:
		if (n > 1)
			site_variable(s, value_words(&v[0]), &v[1]);
		break;
	case SINK_NONE:
		break;
	}
}
