/*
 * package/manifest_spdx.c - packages of an SPDX document in JSON, 2.2 and 2.3.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

/* The package URL among the external references, or "". */
static struct str purl_of(struct manifest_in *m, const struct json *refs)
{
	if (!json_is(refs, JSON_ARRAY))
		return S("");
	JSON_EACH_ITEM (refs, it)
		if (json_str_eq(json_get(it, S("referenceType")), S("purl")))
			return manifest_string(m, json_get(it, S("referenceLocator")));
	return S("");
}

static enum err package(struct manifest_in *m, const struct json *v)
{
	struct package p = manifest_new(m, ECO_OTHER, manifest_line(m, v->p));
	struct str purl = purl_of(m, json_get(v, S("externalRefs")));
	struct str from = manifest_string(m, json_get(v, S("downloadLocation")));
	const struct json *sums = json_get(v, S("checksums"));
	enum err e = purl.n > 0 ? manifest_purl(m, &p, purl) : ERR_SYNTAX;

	if (e == ERR_NOMEM)
		return e;
	if (e != OK) {
		p.eco = ECO_OTHER;
		p.name = manifest_string(m, json_get(v, S("name")));
	}
	if (p.version.n == 0)
		p.version = manifest_string(m, json_get(v, S("versionInfo")));
	if (json_is(sums, JSON_ARRAY))
		JSON_EACH_ITEM (sums, it)
			manifest_hash(m, &p, manifest_string(m, json_get(it, S("algorithm"))),
				      manifest_string(m, json_get(it, S("checksumValue"))));
	if (p.url.n == 0 && !str_eq(from, S("NOASSERTION")) && !str_eq(from, S("NONE")))
		p.url = from;
	if (str_has_prefix(p.url, S("git+")))
		p.origin = ORIGIN_GIT;
	return p.name.n > 0 ? manifest_add(m, &p) : OK;
}

enum err manifest_spdx(struct manifest_in *m)
{
	size_t brace = str_chr(m->text, '{'), mark = str_find(m->text, S("SPDXVersion:"));
	const struct json *root;

	if (mark < brace || str_has_prefix(str_trim(m->text), S("<")))
		return diag_set(
			m->d, ERR_UNSUPPORTED,
			"SPDX is read as JSON only: convert it with `pyspdxtools -i FILE -o "
			"FILE.spdx.json`");
	TRY(manifest_json(m, &root));
	if (json_get(root, S("@context")) != NULL)
		return diag_set(m->d, ERR_UNSUPPORTED,
				"SPDX 3 is not read: write it as SPDX 2.3 JSON");
	if (!str_has_prefix(manifest_string(m, json_get(root, S("spdxVersion"))), S("SPDX-2.")))
		return diag_set(m->d, ERR_SYNTAX, "no spdxVersion: not SPDX");
	const struct json *list = json_get(root, S("packages"));
	if (json_is(list, JSON_ARRAY))
		JSON_EACH_ITEM (list, it)
			TRY(package(m, it));
	return OK;
}
