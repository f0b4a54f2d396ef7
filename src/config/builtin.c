/*
 * config/builtin.c - names without a model_list: of every provider whose usual variable is set,
 * and echo.
 * Input: own.   Runs in: keeper, cli.
 */
#include "config/load.h"

static enum err add(struct loader *l, struct str name, struct str model)
{
	struct params p;

	params_init(&p);
	TRY(keep(l, name, &p.model_name));
	TRY(keep(l, model, &p.model));
	return deploy_add(l, &p);
}

static struct str joined(struct buf *b, struct str provider, struct str model)
{
	buf_reset(b);
	buf_add(b, provider);
	buf_addc(b, '/');
	buf_add(b, model);
	return buf_str(b);
}

static bool has_key(struct loader *l, const struct provider *row)
{
	for (size_t i = 0; i < sizeof row->key_env / sizeof row->key_env[0] && row->key_env[i]; i++)
		if (env_of(l, str_z(row->key_env[i])).n)
			return true;
	return false;
}

/* "openai/anything", and the families that need no prefix: "gpt-...". */
static enum err add_provider(struct loader *l, const struct provider *row)
{
	char room[LIMIT_NAME];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	struct str all = joined(&b, row->name, S("*"));
	TRY(add(l, all, all));
	for (const char *const *name = row->names; name && *name; name++)
		TRY(add(l, str_z(*name), joined(&b, row->name, str_z(*name))));
	return OK;
}

enum err builtin_add(struct loader *l, bool with_echo, uint32_t *out_added)
{
	static const struct {
		struct str name, model;
	} echo[] = {
		{ SC("echo"), SC("echo/openai") },
		{ SC("echo-openai"), SC("echo/openai") },
		{ SC("echo-anthropic"), SC("echo/anthropic") },
		{ SC("echo-gemini"), SC("echo/gemini") },
	};
	const struct provider *row;

	*out_added = 0;
	for (size_t i = 0; (row = provider_at(i)) != NULL; i++) {
		bool usual = row->names != NULL && l->io->survey;
		bool placed = row->base.n || (row->base_env[0] && env_of(l,
			str_z(row->base_env[0])).n);
		if (!(has_key(l, row) || usual) || !placed)
			continue;
		TRY(add_provider(l, row));
		(*out_added)++;
	}
	for (size_t i = 0; with_echo && i < sizeof echo / sizeof echo[0]; i++)
		TRY(add(l, echo[i].name, echo[i].model));
	return OK;
}
