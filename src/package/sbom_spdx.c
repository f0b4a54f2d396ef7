/*
 * package/sbom_spdx.c - writes SPDX 2.3 JSON.
 * Input: hostile names.   Runs in: cli, checker.   Fuzz: fuzz/sbom_write_fuzz.c
 */
#include "package/sbom_write.h"

#include "codec/jw.h"

/* Nothing was found out about licences, which the format wants to be said. */
static void licences(struct buf *b)
{
	jw_kv_str(b, S("licenseConcluded"), S("NOASSERTION"));
	jw_kv_str(b, S("copyrightText"), S("NOASSERTION"));
}

static void tool(struct buf *b, const struct sbom *s)
{
	jw_quote_open(b);
	buf_add(b, S("Tool: "));
	jw_str_add(b, s->tool);
	buf_addc(b, '-');
	jw_str_add(b, s->tool_version);
	jw_quote_close(b);
}

static void head(struct buf *b, const struct sbom *s)
{
	jw_kv_str(b, S("spdxVersion"), S("SPDX-2.3"));
	jw_kv_str(b, S("dataLicense"), S("CC0-1.0"));
	jw_kv_str(b, S("SPDXID"), S("SPDXRef-DOCUMENT"));
	jw_kv_str(b, S("name"), s->subject);
	jw_key(b, S("documentNamespace"));
	jw_quote_open(b);
	buf_add(b, S("https://spdx.org/spdxdocs/yett-"));
	jw_str_add(b, s->serial);
	jw_quote_close(b);
	jw_key(b, S("creationInfo"));
	jw_obj(b);
	jw_kv_str(b, S("created"), s->timestamp);
	jw_key(b, S("creators"));
	jw_arr(b);
	tool(b, s);
	jw_arr_end(b);
	jw_kv_str(b, S("comment"),
		  s->complete ? S("Everything below the subject was read.")
			      : S("Not everything below the subject could be read: something may "
				  "be missing."));
	jw_obj_end(b);
}

/* By whom and when; the comment, a string, is still open. */
static void annotation_open(struct buf *b, const struct sbom *s)
{
	jw_obj(b);
	jw_kv_str(b, S("annotationDate"), s->timestamp);
	jw_kv_str(b, S("annotationType"), S("OTHER"));
	jw_key(b, S("annotator"));
	tool(b, s);
	jw_key(b, S("comment"));
	jw_quote_open(b);
}

static void annotation_close(struct buf *b)
{
	jw_quote_close(b);
	jw_obj_end(b);
}

/* "interpreter digest sha256:HEX PATH" */
static void annotation(struct buf *b, const struct sbom *s, struct str what,
		       const uint8_t sha256[32], struct str path)
{
	annotation_open(b, s);
	jw_str_add(b, what);
	buf_add(b, S(" digest "));
	sbom_digest_text(b, sha256, path);
	annotation_close(b);
}

static void subject(struct buf *b, const struct sbom *s)
{
	jw_obj(b);
	jw_kv_str(b, S("SPDXID"), S("SPDXRef-subject"));
	jw_kv_str(b, S("name"), s->subject);
	jw_kv_str(b, S("downloadLocation"), S("NOASSERTION"));
	jw_kv_bool(b, S("filesAnalyzed"), false);
	licences(b);
	if (s->n_digests > 0) {
		jw_key(b, S("annotations"));
		jw_arr(b);
		for (size_t i = 0; i < s->n_digests; i++)
			annotation(b, s, s->digests[i].what, s->digests[i].sha256,
				   s->digests[i].path);
		jw_arr_end(b);
	}
	jw_obj_end(b);
}

/* "found in PATH, line N" */
static void source_info(struct buf *b, const struct package *p)
{
	if (p->where.n == 0)
		return;
	jw_key(b, S("sourceInfo"));
	jw_quote_open(b);
	buf_add(b, S("found in "));
	jw_str_add(b, p->where);
	if (p->line > 0) {
		buf_add(b, S(", line "));
		buf_addu(b, p->line);
	}
	jw_quote_close(b);
}

static void package(struct buf *b, const struct sbom *s, size_t i)
{
	const struct package *p = &s->packages[i];

	jw_obj(b);
	jw_key(b, S("SPDXID"));
	sbom_ref(b, "SPDXRef-p", i + 1);
	jw_kv_str(b, S("name"), sbom_name(p));
	if (p->version.n > 0)
		jw_kv_str(b, S("versionInfo"), p->version);
	jw_kv_str(b, S("downloadLocation"), sbom_url_ok(p->url) ? p->url : S("NOASSERTION"));
	jw_kv_bool(b, S("filesAnalyzed"), false);
	if (sbom_has_hashes(SBOM_SPDX, p->hashes, p->n_hashes)) {
		jw_key(b, S("checksums"));
		sbom_hashes(b, SBOM_SPDX, p->hashes, p->n_hashes);
	}
	if (sbom_has_purl(p)) {
		jw_key(b, S("externalRefs"));
		jw_arr(b);
		jw_obj(b);
		jw_kv_str(b, S("referenceCategory"), S("PACKAGE-MANAGER"));
		jw_kv_str(b, S("referenceType"), S("purl"));
		jw_key(b, S("referenceLocator"));
		sbom_purl(b, p);
		jw_obj_end(b);
		jw_arr_end(b);
	}
	source_info(b, p);
	licences(b);
	if (p->has_contents || p->hashes_from.n > 0) {
		jw_key(b, S("annotations"));
		jw_arr(b);
		if (p->has_contents)
			annotation(b, s, S("files"), p->contents, S(""));
		if (p->hashes_from.n > 0) {
			annotation_open(b, s);
			buf_add(b, S("checksums from "));
			jw_str_add(b, p->hashes_from);
			annotation_close(b);
		}
		jw_arr_end(b);
	}
	jw_obj_end(b);
}

static void file(struct buf *b, const struct sbom_file *f, size_t number)
{
	struct str path = f->path;

	while (str_has_prefix(path, S("/")) || str_has_prefix(path, S("./")))
		path = str_tail(path, path.p[0] == '/' ? 1 : 2);
	jw_obj(b);
	jw_key(b, S("SPDXID"));
	sbom_ref(b, "SPDXRef-f", number);
	jw_key(b, S("fileName"));
	jw_quote_open(b);
	buf_add(b, S("./"));
	jw_str_add(b, path);
	jw_quote_close(b);
	jw_key(b, S("checksums"));
	sbom_hashes(b, SBOM_SPDX, f->hashes, f->n_hashes);
	licences(b);
	jw_kv_str(b, S("comment"), S("No package owns this file."));
	jw_obj_end(b);
}

static void contains(struct buf *b, const char *prefix, size_t number)
{
	jw_obj(b);
	jw_kv_str(b, S("spdxElementId"), S("SPDXRef-subject"));
	jw_kv_str(b, S("relationshipType"), S("CONTAINS"));
	jw_key(b, S("relatedSpdxElement"));
	sbom_ref(b, prefix, number);
	jw_obj_end(b);
}

static void relationships(struct buf *b, const struct sbom *s)
{
	jw_key(b, S("relationships"));
	jw_arr(b);
	jw_obj(b);
	jw_kv_str(b, S("spdxElementId"), S("SPDXRef-DOCUMENT"));
	jw_kv_str(b, S("relationshipType"), S("DESCRIBES"));
	jw_kv_str(b, S("relatedSpdxElement"), S("SPDXRef-subject"));
	jw_obj_end(b);
	for (size_t i = 0; i < s->n_packages; i++)
		contains(b, "SPDXRef-p", i + 1);
	for (size_t i = 0; i < s->n_files; i++)
		contains(b, "SPDXRef-f", i + 1);
	jw_arr_end(b);
}

void sbom_spdx(const struct sbom *s, struct buf *out)
{
	jw_obj(out);
	head(out, s);
	jw_key(out, S("packages"));
	jw_arr(out);
	subject(out, s);
	for (size_t i = 0; i < s->n_packages; i++)
		package(out, s, i);
	jw_arr_end(out);
	if (s->n_files > 0) {
		jw_key(out, S("files"));
		jw_arr(out);
		for (size_t i = 0; i < s->n_files; i++)
			file(out, &s->files[i], i + 1);
		jw_arr_end(out);
	}
	relationships(out, s);
	jw_obj_end(out);
	buf_addc(out, '\n');
}
