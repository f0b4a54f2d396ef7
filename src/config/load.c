/*
 * config/load.c - files, sections and their order.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/keys.h"

#include "codec/url.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TREE_BUDGET = 128 << 20, WHY_MAX = 320, CONNECT_MS = 5000, DRAIN_MS = 30000,
       TIMEOUT_MS = 600000, COOLDOWN_MS = 5000 };

const char *const config_status_text[CONFIG_STATUS_COUNT] = {
	[CONFIG_EXACT] = "exact",
	[CONFIG_APPROXIMATE] = "approximate",
	[CONFIG_MANUAL] = "manual",
	[CONFIG_UNSUPPORTED] = "unsupported",
};

/* ---- growing things ---- */

enum err keep(struct loader *l, struct str s, struct str *out)
{
	struct str copy = arena_dup(l->a, s);

	if (copy.p == NULL)
		return diag_set(l->d, ERR_NOMEM, "out of memory");
	*out = copy;
	return OK;
}

bool grow(struct loader *l, void *slot, uint32_t n, uint32_t *cap, size_t size)
{
	size_t room = *cap;

	if (!arena_room(l->a, slot, n, &room, size)) {
		(void)diag_set(l->d, ERR_NOMEM, "out of memory");
		return false;
	}
	*cap = (uint32_t)room;
	return true;
}

void note(struct loader *l, enum config_status s, struct str path, const struct node *at,
	  const char *why, ...)
{
	struct config *c = l->out;
	char text[WHY_MAX];
	va_list ap;

	va_start(ap, why);
	(void)vsnprintf(text, sizeof text, why, ap);
	va_end(ap);
	for (uint32_t i = 0; i < c->n_notes; i++) {
		struct config_note *k = &c->notes[i];
		if (k->status != s || !str_eq(k->path, path) || !str_eq(k->why, str_z(text)))
			continue;
		k->count++;
		return;
	}
	/* A file of rubbish must not make a flood of lines: the last row says that there are
	 * more. */
	if (c->n_notes == NOTES_MAX - 1) {
		path = S("...");
		(void)snprintf(text, sizeof text, "and more notes like these");
	} else if (c->n_notes == NOTES_MAX) {
		return;
	}
	if (!GROW(l, c->notes, c->n_notes, &l->cap_notes))
		return;
	struct config_note k = { .status = s, .line = at ? at->line : 0, .count = 1 };
	if (keep(l, path, &k.path) != OK || keep(l, str_z(text), &k.why) != OK ||
	    keep(l, at ? at->file : S(""), &k.file) != OK)
		return;
	c->notes[c->n_notes++] = k;
}

/* ---- files ---- */

static enum err read_tree(struct loader *l, struct str path, const struct node **out)
{
	char z[LIMIT_URL + 1];
	struct buf text;

	if (path.n == 0 || path.n >= sizeof z || memchr(path.p, 0, path.n))
		return diag_set(l->d, ERR_CONFIG,
				"the path of a configuration is empty or too long");
	memcpy(z, path.p, path.n);
	z[path.n] = 0;
	buf_init(&text, LIMIT_CONFIG_FILE);
	enum err e = l->io->read(l->io->ctx, z, &text, l->d);
	if (e == OK)
		e = node_parse(path, buf_str(&text), &l->tree, &l->budget, out, l->d);
	buf_wipe(&text);
	buf_free(&text);
	return e;
}

/* The queue of files: what they include is put at its end, as LiteLLM does. */
struct files {
	struct str path[LIMIT_CONFIG_INCLUDES + 1];
	unsigned n;
};

static enum err include_one(struct loader *l, struct files *f, struct str from,
			    const struct node *v)
{
	char room[LIMIT_URL];
	struct buf b;

	if (v->kind != NODE_SCALAR || v->text.n == 0)
		return diag_set(l->d, ERR_CONFIG, "%.*s:%u: 'include' is not a list of files",
				FMT(v->file), v->line);
	while (from.n && from.p[from.n - 1] != '/')
		from.n--;
	buf_fixed(&b, room, sizeof room);
	if (v->text.p[0] != '/')
		buf_add(&b, from);
	buf_add(&b, v->text);
	if (b.err != OK)
		return diag_set(l->d, ERR_CONFIG, "%.*s:%u: a path to include is too long",
				FMT(v->file), v->line);
	for (unsigned i = 0; i < f->n; i++)
		if (str_eq(f->path[i], buf_str(&b)))
			return OK; /* read once, however often it is named */
	if (f->n == LIMIT_CONFIG_INCLUDES + 1)
		return diag_set(l->d, ERR_LIMIT, "%.*s:%u: more than %d files are included",
				FMT(v->file), v->line, LIMIT_CONFIG_INCLUDES);
	return keep(l, buf_str(&b), &f->path[f->n++]);
}

static enum err queue_includes(struct loader *l, struct files *f, const struct node *root,
			       struct str from)
{
	const struct node *list = node_get(root, S("include"));

	if (node_null(list))
		return OK;
	if (list->kind == NODE_SCALAR)
		return include_one(l, f, from, list);
	if (list->kind != NODE_LIST)
		return diag_set(l->d, ERR_CONFIG, "%.*s:%u: 'include' is not a list of files",
				FMT(list->file), list->line);
	NODE_EACH(list, it)
		TRY(include_one(l, f, from, it));
	return OK;
}

/* ---- merging the files: lists are extended, everything else is replaced by the later file ---- */

enum { TOP_MAX = 64 };

struct top {
	struct node *member[TOP_MAX]; /* copies of the members, whose lists may be extended */
	struct node *last[TOP_MAX];   /* last child of an extended list */
	unsigned n;
};

static struct node *copy_list(struct loader *l, const struct node *from, struct node *into,
			      struct node **last)
{
	NODE_EACH(from, it) {
		struct node *copy = NEW(&l->tree, struct node);
		if (copy == NULL)
			return NULL;
		*copy = *it;
		copy->next = NULL;
		if (*last)
			(*last)->next = copy;
		else
			into->first = copy;
		*last = copy;
		into->n++;
	}
	return into;
}

static enum err merge_member(struct loader *l, struct top *t, const struct node *v)
{
	unsigned i = 0;

	while (i < t->n && !str_eq(t->member[i]->name, v->name))
		i++;
	if (i == TOP_MAX)
		return diag_set(l->d, ERR_LIMIT, "%.*s:%u: more than %d sections", FMT(v->file),
				v->line, TOP_MAX);
	bool extend = i < t->n && t->member[i]->kind == NODE_LIST && v->kind == NODE_LIST;
	if (i == t->n) {
		t->member[i] = NEW(&l->tree, struct node);
		if (t->member[i] == NULL)
			return diag_set(l->d, ERR_NOMEM, "out of memory");
		t->n++;
	}
	struct node *m = t->member[i];
	if (!extend) {
		*m = *v;
		m->next = NULL;
		t->last[i] = NULL;
		if (v->kind != NODE_LIST)
			return OK;
		m->first = NULL;
		m->n = 0;
	}
	return copy_list(l, v, m, &t->last[i]) ? OK : diag_set(l->d, ERR_NOMEM, "out of memory");
}

static enum err read_all(struct loader *l, const char *path, const struct node **out)
{
	struct files files = { .n = 1 };
	struct top top = { .n = 0 };
	const struct node *root;

	TRY(keep(l, str_z(path), &files.path[0]));
	for (unsigned i = 0; i < files.n; i++) {
		TRY(read_tree(l, files.path[i], &root));
		TRY(queue_includes(l, &files, root, files.path[i]));
		NODE_EACH(root, v)
			TRY(merge_member(l, &top, v));
	}
	struct node *merged = NEW(&l->tree, struct node);
	if (merged == NULL)
		return diag_set(l->d, ERR_NOMEM, "out of memory");
	merged->kind = NODE_MAP;
	for (unsigned i = top.n; i-- > 0;) {
		top.member[i]->next = merged->first;
		merged->first = top.member[i];
		merged->n++;
	}
	*out = merged;
	return OK;
}

/* ---- sections ---- */

static enum err need(struct loader *l, const struct node *root, struct str name,
		     enum node_kind kind, const struct node **out)
{
	const struct node *v = node_get(root, name);

	*out = NULL;
	if (node_null(v))
		return OK;
	if (v->kind != kind)
		return diag_set(l->d, ERR_CONFIG, "%.*s:%u: '%.*s' is not a %s", FMT(v->file),
				v->line, FMT(name), kind == NODE_LIST ? "list" : "map");
	*out = v;
	return OK;
}

/* The keys of one entry. A failure of a value leaves this entry out, not the file. */
static enum err read_entry(struct loader *l, struct params *p)
{
	if (p->entry->kind != NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "it is not a map");
	TRY(section_apply(l, SECT_MODEL, p->entry, p));
	TRY(section_apply(l, SECT_PARAMS, node_get(p->entry, S("litellm_params")), p));
	return section_apply(l, SECT_INFO, node_get(p->entry, S("model_info")), p);
}

static enum err add_entry(struct loader *l, const struct node *entry, uint32_t index)
{
	struct diag d = { 0 }, *outer = l->d;
	char path[48];
	struct params p;

	params_init(&p);
	p.entry = entry;
	p.index = index;
	l->d = &d;
	enum err e = read_entry(l, &p);
	l->d = outer;
	if (e == ERR_NOMEM)
		return diag_set(l->d, e, "out of memory");
	if (e != OK) {
		(void)snprintf(path, sizeof path, "model_list[%u]", index);
		note(l, CONFIG_UNSUPPORTED, str_z(path), entry, "'%.*s' is left out: %s",
		     FMT(p.model_name), d.text);
		l->out->n_left_out++;
		return OK;
	}
	if (str_eq(p.model_name, S("*")) && str_eq(p.model, S("*"))) {
		uint32_t added;
		note(l, CONFIG_APPROXIMATE, S("model_list[].model_name"), entry,
		     "'*' for everything serves the usual names of each provider whose variable "
		     "is set");
		return builtin_add(l, false, &added);
	}
	return deploy_add(l, &p);
}

static enum err models_read(struct loader *l, const struct node *list)
{
	uint32_t i = 0;

	if (list)
		NODE_EACH(list, entry)
			TRY(add_entry(l, entry, i++));
	if (l->out->policy.n_deployments)
		return OK;
	if (i == 0)
		return diag_set(l->d, ERR_CONFIG,
				"the configuration has no model_list; models that LiteLLM keeps in "
				"its database have to be written into it");
	/* The first reason is worth more than the fact. */
	for (uint32_t k = 0; k < l->out->n_notes; k++)
		if (str_find(l->out->notes[k].why, S("is left out: ")) != SIZE_MAX)
			return diag_set(l->d, ERR_CONFIG, "no deployment can be used: %.*s %.*s",
					FMT(l->out->notes[k].path), FMT(l->out->notes[k].why));
	return diag_set(l->d, ERR_CONFIG, "no deployment can be used");
}

static enum err credentials_read(struct loader *l, const struct node *root)
{
	TRY(need(l, root, S("credential_list"), NODE_LIST, &l->credentials));
	if (l->credentials)
		NODE_EACH(l->credentials, it)
			TRY(section_apply(l, SECT_CREDENTIAL, it, NULL));
	return OK;
}

static enum err compile(struct loader *l, const struct node *root)
{
	const struct node *models, *section;
	struct policy *p = &l->out->policy;

	TRY(section_apply(l, SECT_TOP, root, NULL));
	TRY(need(l, root, S("environment_variables"), NODE_MAP, &l->env_vars));
	TRY(need(l, root, S("yett"), NODE_MAP, &section));
	TRY(section_apply(l, SECT_YETT, section, l->out));
	TRY(need(l, root, S("litellm_settings"), NODE_MAP, &section));
	TRY(section_apply(l, SECT_LITELLM, section, p));
	TRY(need(l, root, S("router_settings"), NODE_MAP, &section));
	TRY(section_apply(l, SECT_ROUTER, section, p));
	TRY(need(l, root, S("general_settings"), NODE_MAP, &section));
	TRY(section_apply(l, SECT_GENERAL, section, p));
	TRY(credentials_read(l, root));
	TRY(need(l, root, S("model_list"), NODE_LIST, &models));
	TRY(models_read(l, models));
	return OK;
}

/* ---- the two entrances ---- */

static void defaults(struct loader *l, const struct config_io *io, struct arena *a,
		     struct config *out, struct diag *d)
{
	static const struct policy_by_class unset = { -1, -1, -1, -1, -1, -1 };

	*out = (struct config){
		.listen = S("127.0.0.1:4000"), .admin = S("127.0.0.1:4001"),
		.drain_timeout_ms = DRAIN_MS, .tls_certificate = S(""), .tls_key = S(""),
		.vault_file = S(""), .vault_key_file = S(""),
	};
	out->policy = (struct policy){
		.strategy = ROUTE_SHUFFLE, .num_retries = 2, .max_fallbacks = LIMIT_FALLBACKS,
		.timeout_ms = TIMEOUT_MS, .allowed_fails = 3, .cooldown_ms = COOLDOWN_MS,
		.retry_policy = unset, .allowed_fails_policy = unset,
		.max_body_bytes = LIMIT_BODY, .key_header = S(""), .price_version = S(""),
	};
	*l = (struct loader){
		.io = io, .a = a, .out = out, .d = d, .budget = { .nodes = LIMIT_CONFIG_NODES },
		.connect_timeout_ms = CONNECT_MS, .weights_whole = true,
	};
	arena_init(&l->tree, TREE_BUDGET);
}

/* Without master_key in the file LiteLLM takes the variable. */
static enum err master_from_env(struct loader *l)
{
	struct node ref = { .kind = NODE_SCALAR, .text = S("os.environ/LITELLM_MASTER_KEY"),
			    .file = S("") };

	if (l->out->policy.has_master || env_of(l, S("LITELLM_MASTER_KEY")).n == 0)
		return OK;
	struct diag d = { 0 }, *outer = l->d;
	l->d = &d;
	enum err e = set_master_key(l, &ref, &l->out->policy);
	l->d = outer;
	return e == OK ? OK : diag_set(outer, e, "the variable LITELLM_MASTER_KEY %s", d.text);
}

static enum err finish(struct loader *l, enum err e)
{
	struct config *c = l->out;

	if (e == OK)
		e = master_from_env(l);
	if (e == OK)
		e = prices_load(l);
	if (e == OK)
		e = proxy_settle(l);
	if (e == OK) {
		if (c->policy.stream_timeout_ms == 0)
			c->policy.stream_timeout_ms = c->policy.timeout_ms;
		if (c->policy.max_fallbacks > LIMIT_FALLBACKS)
			c->policy.max_fallbacks = LIMIT_FALLBACKS;
		e = route_finish(l);
	}
	arena_wipe(&l->tree);
	if (e == OK)
		return OK;
	*c = (struct config){ .notes = c->notes, .n_notes = c->n_notes };
	if (l->d && l->d->text[0] == 0)
		return diag_set(l->d, e, "%s", err_text(e));
	return e;
}

enum err config_load(const char *path, const struct config_io *io, struct arena *a,
		     struct config *out, struct diag *d)
{
	struct loader l;
	struct diag own = { 0 };
	const struct node *root = NULL;

	if (d == NULL)
		d = &own;
	*d = (struct diag){ 0 };
	defaults(&l, io, a, out, d);
	enum err e = read_all(&l, path, &root);
	return finish(&l, e == OK ? compile(&l, root) : e);
}

enum err config_default(const struct config_io *io, struct arena *a, struct config *out,
			struct diag *d)
{
	struct loader l;
	struct diag own = { 0 };
	uint32_t added;

	if (d == NULL)
		d = &own;
	*d = (struct diag){ 0 };
	defaults(&l, io, a, out, d);
	return finish(&l, builtin_add(&l, true, &added));
}

/* ---- what callers ask of the result ---- */

static bool is_loopback(struct str where)
{
	size_t colon = where.n;

	while (colon > 0 && where.p[colon - 1] != ':')
		colon--;
	struct str host = colon ? str_head(where, colon - 1) : where;
	return str_has_prefix(host, S("127.")) || str_eq(host, S("[::1]")) ||
	       str_eq(host, S("::1")) || str_ieq(host, S("localhost")) ||
	       (where.n && where.p[0] == '/');
}

void config_settle(struct config *c, struct str where)
{
	if (!c->admin_paths_said)
		c->policy.admin_on_inference = is_loopback(where);
}

enum err config_listen_ok(const struct config *c, struct str where, struct diag *d)
{
	if (is_loopback(where))
		return OK;
	if (c->policy.open)
		return diag_set(d, ERR_CONFIG,
				"'%.*s' can be reached by others, and there is no master key: set "
				"general_settings.master_key, or listen on 127.0.0.1",
				FMT(where));
	if (c->master_weak)
		return diag_set(d, ERR_CONFIG, "'%.*s' can be reached by others, and the master "
				"key is weak: take one of 20 characters or more", FMT(where));
	return OK;
}

const struct str *config_secret_values(const struct config *c, struct arena *a)
{
	struct str *v = NEW_ARRAY(a, struct str, c->n_secrets ? c->n_secrets : 1);

	for (uint32_t i = 0; v && i < c->n_secrets; i++)
		v[i] = c->secrets[i].value;
	return v;
}
