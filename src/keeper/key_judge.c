/*
 * keeper/key_judge.c - what may be stored as a virtual key, and secrets of new ones.
 * Input: hostile (a subverted admin).   Runs in: keeper.   Fuzz: fuzz/control_fuzz.c
 */
#include "keeper/key_judge.h"

#include "codec/base64.h"
#include "codec/utf8.h"
#include "crypto/sha256.h"
#include "sys/secret.h"

enum { SECRET_RANDOM = 32, SECRET_MIN = 16 }; /* as LiteLLM */

enum err key_judge(const struct control_key *key, struct diag *d)
{
	const struct str text[] = { key->alias, key->user, key->team };
	const struct str json[] = { key->metadata, key->aliases, key->tags };
	size_t total = 0;

	for (int i = 0; i < 3; i++)
		if (!utf8_plain(text[i]) || utf8_valid(json[i]) != json[i].n)
			return diag_set(d, ERR_SYNTAX,
					"a key's text holds control characters or is not UTF-8");
	for (uint32_t i = 0; i < key->n_models; i++) {
		if (key->models[i].n == 0 || !utf8_plain(key->models[i]))
			return diag_param(d, ERR_SYNTAX, S("models"),
					  "a model's name is empty or not plain text");
		total += key->models[i].n;
	}
	/* A key must fit one message, and its line one entry of the audit log. */
	if (total > KEY_JSON_MAX)
		return diag_param(d, ERR_LIMIT, S("models"),
				  "the models' names have more than %d bytes together",
				  (int)KEY_JSON_MAX);
	return OK;
}

static enum err judge_secret(struct str s, struct diag *d)
{
	if (s.n < SECRET_MIN || s.n > KEY_SECRET_MAX)
		return diag_param(d, ERR_SYNTAX, S("key"), "a key has %d to %d characters",
				  (int)SECRET_MIN, (int)KEY_SECRET_MAX);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return diag_param(d, ERR_SYNTAX, S("key"), "a key is visible ASCII");
	return OK;
}

enum err key_secret(struct arena *a, bool given, struct str secret, struct control_key *key,
		    struct str *out_secret, struct diag *d)
{
	uint8_t raw[SECRET_RANDOM];
	char storage[64];
	struct buf b;

	buf_fixed(&b, storage, sizeof storage);
	if (given)
		TRY(judge_secret(secret, d));
	else {
		if (secret_random(raw, sizeof raw) != OK)
			return diag_set(d, ERR_SYS, "no random bytes");
		buf_add(&b, S("sk-"));
		base64_encode(&b, (struct str){ (char *)raw, sizeof raw }, BASE64_URL);
		secret = arena_dup(a, buf_str(&b));
		secret_wipe(raw, sizeof raw);
		secret_wipe(storage, sizeof storage);
		if (secret.p == NULL || b.err != OK)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	sha256(secret, key->hash);
	buf_fixed(&b, storage, sizeof storage);
	buf_add(&b, str_has_prefix(secret, S("sk-")) ? S("sk-...") : S("..."));
	buf_add(&b, str_tail(secret, secret.n - 4));
	key->name = arena_dup(a, buf_str(&b));
	*out_secret = secret;
	return key->name.p ? OK : diag_set(d, ERR_NOMEM, "out of memory");
}
