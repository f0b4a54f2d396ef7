/*
 * llm/anthropic_tools.c - tools, tool_choice and JSON mode of a request for the Messages API.
 * Ring 0, pure. Memory: the call's arena.
 */
#include "llm/anthropic.h"

#include <stdio.h>

enum {
	GEN_STRICT = 45,  /* strict tools came with structured outputs */
	NAMES_MAX = 128,  /* of a tool choice: each tool is looked up among them */
};

static bool named(const struct llm_request *r, struct str name)
{
	for (const struct llm_str *s = r->choice_names; s != NULL; s = s->next)
		if (str_eq(s->s, name))
			return true;
	return false;
}

static bool too_many_named(const struct llm_request *r)
{
	unsigned n = 0;

	for (const struct llm_str *s = r->choice_names; s != NULL && n <= NAMES_MAX; s = s->next)
		n++;
	return n > NAMES_MAX;
}

static bool several_named(const struct llm_request *r)
{
	return r->choice == CHOICE_NAMED && r->choice_names && r->choice_names->next;
}

/* The API wants a schema, and "object" in it; others take a schema without a type for the same. */
static enum err put_schema(struct str schema, struct arena *a, struct buf *out)
{
	const struct json *v = NULL;

	jw_key(out, S("input_schema"));
	if (schema.p != NULL)
		TRY(json_read(a, schema, &v, NULL));
	if (json_is(v, JSON_OBJECT) && json_get(v, S("type")) != NULL) {
		jw_raw(out, schema);
		return OK;
	}
	jw_obj(out);
	jw_kv_str(out, S("type"), S("object"));
	if (!json_is(v, JSON_OBJECT) || json_get(v, S("properties")) == NULL)
		jw_kv_raw(out, S("properties"), S("{}"));
	if (json_is(v, JSON_OBJECT))
		JSON_EACH_MEMBER(v, key) {
			struct str name = json_str(a, key);
			if (name.p == NULL)
				return ERR_NOMEM;
			jw_str(out, name);
			buf_addc(out, ':');
			jw_raw(out, json_raw(key + 1));
		}
	jw_obj_end(out);
	return OK;
}

static enum err put_tool(const struct llm_request *r, struct llm_opts *opts,
			 const struct llm_tool *t,
			 struct buf *out)
{
	char name[96];

	if (t->raw.p != NULL && t->origin != DIALECT_ANTHROPIC) {
		(void)snprintf(name, sizeof name, "tools.%.*s", FMT(t->name));
		return anthropic_cannot(r, opts, name);
	}
	if (t->raw.p != NULL) {
		jw_raw(out, t->raw);
		return OK;
	}
	bool strict = t->strict == TRI_YES && anthropic_generation(opts->model) >= GEN_STRICT;
	struct str schema = t->schema, closed = t->schema;
	if (t->strict == TRI_YES && !strict)
		TRY(anthropic_cannot(r, opts,
				     r->origin == DIALECT_OPENAI ? "tools.function.strict" :
								   "tools.strict"));
	/* Elsewhere strict takes more: a schema that would be refused goes without it. */
	if (strict && t->origin != DIALECT_ANTHROPIC)
		closed = anthropic_closed(schema, opts->arena);
	strict = strict && closed.p != NULL;
	jw_obj(out);
	jw_kv_esc(out, S("name"), t->name);
	if (t->description.n)
		jw_kv_esc(out, S("description"), t->description);
	TRY(put_schema(strict ? closed : schema, opts->arena, out));
	if (strict)
		jw_kv_bool(out, S("strict"), true);
	if (t->cache.p)
		jw_kv_raw(out, S("cache_control"), t->cache);
	jw_obj_end(out);
	return OK;
}

static void put_choice(const struct llm_request *r, struct buf *out)
{
	bool single = r->parallel == TRI_NO && r->choice != CHOICE_NONE;
	struct str type = S("auto");

	if (r->choice == CHOICE_UNSET && !single)
		return;
	if (r->choice == CHOICE_NONE)
		type = S("none");
	else if (r->choice == CHOICE_REQUIRED || several_named(r))
		type = S("any");
	else if (r->choice == CHOICE_NAMED)
		type = S("tool");
	jw_key(out, S("tool_choice"));
	jw_obj(out);
	jw_kv_str(out, S("type"), type);
	if (r->choice == CHOICE_NAMED && !several_named(r) && r->choice_names != NULL)
		jw_kv_esc(out, S("name"), r->choice_names->s);
	if (single)
		jw_kv_bool(out, S("disable_parallel_tool_use"), true);
	jw_obj_end(out);
}

bool anthropic_answers_by_tool(const struct llm_request *r, const struct llm_opts *opts)
{
	if (r->format == FORMAT_JSON)
		return true;
	return r->format == FORMAT_SCHEMA && r->origin != DIALECT_ANTHROPIC &&
	       (anthropic_generation(opts->model) < GEN_STRICT ||
		anthropic_closed(r->format_schema, opts->arena).p == NULL);
}

/* A tool's input is an object, so its schema says nothing else. */
static bool is_object_schema(struct str schema, struct arena *a)
{
	const struct json *v = NULL, *type;

	if (schema.p == NULL || json_read(a, schema, &v, NULL) != OK || !json_is(v, JSON_OBJECT))
		return false;
	type = json_get(v, S("type"));
	return type == NULL || json_str_eq(type, S("object"));
}

/* A forced tool and thinking exclude each other, and the client's own tools could no longer be
 * called. */
static enum err put_json_mode(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	static const struct str any =
		SC("{\"type\":\"object\",\"properties\":{},\"additionalProperties\":true}");
	bool thinks = r->thinking_budget > 0 || r->thinking_budget == -2 ||
		      (r->effort.n && !str_eq(r->effort, S("none")));
	struct str schema = r->format == FORMAT_SCHEMA ? r->format_schema : any;

	if (thinks || r->tools != NULL || !is_object_schema(schema, opts->arena))
		return anthropic_cannot(r, opts, "response_format");
	jw_key(out, S("tools"));
	jw_arr(out);
	jw_obj(out);
	jw_kv_str(out, S("name"), ANTHROPIC_JSON_TOOL);
	jw_kv_str(out, S("description"),
		  S("Takes the whole answer as one JSON object. Its members are the "
					   "answer's own: do not wrap them."));
	TRY(put_schema(schema, opts->arena, out));
	jw_obj_end(out);
	jw_arr_end(out);
	jw_key(out, S("tool_choice"));
	jw_obj(out);
	jw_kv_str(out, S("type"), S("tool"));
	jw_kv_str(out, S("name"), ANTHROPIC_JSON_TOOL);
	jw_obj_end(out);
	return OK;
}

enum err anthropic_put_tools(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	if (anthropic_answers_by_tool(r, opts))
		TRY(put_json_mode(r, opts, out));
	if (r->tools == NULL)
		return OK;
	bool all = !several_named(r);
	if (too_many_named(r)) {
		TRY(anthropic_cannot(r, opts, "tool_choice"));
		all = true;
	}
	size_t before = out->n;
	jw_key(out, S("tools"));
	jw_arr(out);
	size_t empty = out->n;
	for (const struct llm_tool *t = r->tools; t != NULL; t = t->next)
		/* "any of these" is said by offering only these. */
		if (all || named(r, t->name))
			TRY(put_tool(r, opts, t, out));
	if (out->n == empty) { /* all were dropped, and there is nothing left to choose */
		out->n = before;
		return OK;
	}
	jw_arr_end(out);
	put_choice(r, out);
	return OK;
}
