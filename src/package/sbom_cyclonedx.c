/*
 * package/sbom_cyclonedx.c - writes CycloneDX 1.6 JSON.
 * Input: hostile names.   Runs in: cli, checker.   Fuzz: fuzz/sbom_write_fuzz.c
 */
#include "package/sbom_write.h"

#include "codec/jw.h"

static void property(struct buf *b, struct str name, struct str value)
{
	jw_obj(b);
	jw_kv_str(b, S("name"), name);
	jw_kv_str(b, S("value"), value);
	jw_obj_end(b);
}

static void digest_property(struct buf *b, struct str name, const uint8_t sha256[32],
			    struct str path)
{
	jw_obj(b);
	jw_key(b, S("name"));
	jw_quote_open(b);
	buf_add(b, S("yett:"));
	jw_str_add(b, name);
	buf_add(b, S("-digest"));
	jw_quote_close(b);
	jw_key(b, S("value"));
	jw_quote_open(b);
	sbom_digest_text(b, sha256, path);
	jw_quote_close(b);
	jw_obj_end(b);
}

static void metadata(struct buf *b, const struct sbom *s)
{
	jw_key(b, S("metadata"));
	jw_obj(b);
	jw_kv_str(b, S("timestamp"), s->timestamp);
	jw_key(b, S("tools"));
	jw_obj(b);
	jw_key(b, S("components"));
	jw_arr(b);
	jw_obj(b);
	jw_kv_str(b, S("type"), S("application"));
	jw_kv_str(b, S("name"), s->tool);
	jw_kv_str(b, S("version"), s->tool_version);
	jw_obj_end(b);
	jw_arr_end(b);
	jw_obj_end(b);
	jw_key(b, S("component"));
	jw_obj(b);
	jw_kv_str(b, S("bom-ref"), S("subject"));
	jw_kv_str(b, S("type"), S("application"));
	jw_kv_str(b, S("name"), s->subject);
	jw_obj_end(b);
	if (s->n_digests > 0) {
		jw_key(b, S("properties"));
		jw_arr(b);
		for (size_t i = 0; i < s->n_digests; i++)
			digest_property(b, s->digests[i].what, s->digests[i].sha256,
					s->digests[i].path);
		jw_arr_end(b);
	}
	jw_obj_end(b);
}

/* Where it was seen, as evidence that it is there. */
static void evidence(struct buf *b, const struct package *p)
{
	if (p->where.n == 0)
		return;
	jw_key(b, S("evidence"));
	jw_obj(b);
	jw_key(b, S("occurrences"));
	jw_arr(b);
	jw_obj(b);
	jw_kv_str(b, S("location"), p->where);
	if (p->line > 0)
		jw_kv_int(b, S("line"), p->line);
	jw_obj_end(b);
	jw_arr_end(b);
	jw_obj_end(b);
}

static void package(struct buf *b, const struct package *p, size_t number)
{
	struct str origin = sbom_origin(p->origin);

	jw_obj(b);
	jw_key(b, S("bom-ref"));
	sbom_ref(b, "p", number);
	jw_kv_str(b, S("type"), S("library"));
	jw_kv_str(b, S("name"), sbom_name(p));
	if (p->version.n > 0)
		jw_kv_str(b, S("version"), p->version);
	if (p->dev)
		jw_kv_str(b, S("scope"), S("optional"));
	if (sbom_has_hashes(SBOM_CYCLONEDX, p->hashes, p->n_hashes)) {
		jw_key(b, S("hashes"));
		sbom_hashes(b, SBOM_CYCLONEDX, p->hashes, p->n_hashes);
	}
	if (sbom_has_purl(p)) {
		jw_key(b, S("purl"));
		sbom_purl(b, p);
	}
	if (sbom_url_ok(p->url)) {
		jw_key(b, S("externalReferences"));
		jw_arr(b);
		jw_obj(b);
		jw_kv_str(b, S("type"), p->origin == ORIGIN_GIT ? S("vcs") : S("distribution"));
		jw_kv_str(b, S("url"), p->url);
		jw_obj_end(b);
		jw_arr_end(b);
	}
	if (origin.n > 0 || p->wanted.n > 0 || p->scripts || p->has_contents ||
	    p->hashes_from.n > 0) {
		jw_key(b, S("properties"));
		jw_arr(b);
		if (origin.n > 0)
			property(b, S("yett:origin"), origin);
		if (p->wanted.n > 0)
			property(b, S("yett:wanted"), p->wanted);
		if (p->scripts)
			property(b, S("yett:install-script"), S("true"));
		if (p->has_contents)
			digest_property(b, S("files"), p->contents, S(""));
		if (p->hashes_from.n > 0)
			property(b, S("yett:hashes-from"), p->hashes_from);
		jw_arr_end(b);
	}
	evidence(b, p);
	jw_obj_end(b);
}

static void file(struct buf *b, const struct sbom_file *f, size_t number, bool own)
{
	jw_obj(b);
	jw_key(b, S("bom-ref"));
	sbom_ref(b, "f", number);
	jw_kv_str(b, S("type"), S("file"));
	jw_kv_str(b, S("name"), f->path);
	if (sbom_has_hashes(SBOM_CYCLONEDX, f->hashes, f->n_hashes)) {
		jw_key(b, S("hashes"));
		sbom_hashes(b, SBOM_CYCLONEDX, f->hashes, f->n_hashes);
	}
	if (!own) {
		jw_key(b, S("properties"));
		jw_arr(b);
		property(b, S("yett:owner"), S("none"));
		jw_arr_end(b);
	}
	jw_obj_end(b);
}

/* How complete the list is, and that nothing is said of what needs what. */
static void compositions(struct buf *b, const struct sbom *s)
{
	jw_key(b, S("compositions"));
	jw_arr(b);
	for (int i = 0; i < 2; i++) {
		jw_obj(b);
		jw_kv_str(b, S("aggregate"),
			  i > 0		? S("unknown")
			  : s->complete ? S("complete")
					: S("incomplete"));
		jw_key(b, i > 0 ? S("dependencies") : S("assemblies"));
		jw_arr(b);
		jw_str(b, S("subject"));
		jw_arr_end(b);
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

void sbom_cyclonedx(const struct sbom *s, struct buf *out)
{
	jw_obj(out);
	jw_kv_str(out, S("$schema"), S("http://cyclonedx.org/schema/bom-1.6.schema.json"));
	jw_kv_str(out, S("bomFormat"), S("CycloneDX"));
	jw_kv_str(out, S("specVersion"), S("1.6"));
	jw_key(out, S("serialNumber"));
	jw_quote_open(out);
	buf_add(out, S("urn:uuid:"));
	jw_str_add(out, s->serial);
	jw_quote_close(out);
	jw_kv_int(out, S("version"), 1);
	metadata(out, s);
	jw_key(out, S("components"));
	jw_arr(out);
	for (size_t i = 0; i < s->n_packages; i++)
		package(out, &s->packages[i], i + 1);
	for (size_t i = 0; i < s->n_files; i++)
		file(out, &s->files[i], i + 1, s->own_files);
	jw_arr_end(out);
	compositions(out, s);
	jw_obj_end(out);
	buf_addc(out, '\n');
}
