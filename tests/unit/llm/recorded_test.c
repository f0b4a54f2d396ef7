/*
 * tests/unit/llm/recorded_test.c - every recorded answer passes through every client dialect and comes
 * back the same. What may differ is in docs/dialects.md, which is read here: the finish reasons that one
 * dialect cannot tell apart, and the names that have no counterpart. An undocumented name fails.
 * Skipped where ../shared is absent.
 */
#include "answer_text.h"
#include "yaml_json.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

static char root_dir[512];
static struct str doc;                /* docs/dialects.md */
static enum llm_finish comes_back[DIALECT_COUNT][FINISH_COUNT];
static const char *current = "";
static unsigned tried;

static void complain(const char *what, enum llm_dialect via, struct str got, struct str want)
{
	fprintf(stderr, "%s: %s through %s\n--- got\n%.*s\n--- want\n%.*s\n", current, what,
		llm_dialect_name(via), FMT(got), FMT(want));
	check_failed++;
}

static struct str load(struct world *w, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return (struct str){ NULL, 0 };
	if (fstat(fd, &st) != 0)
		abort();
	char *p = arena_alloc(&w->arena, (size_t)st.st_size + 1, 1);
	ssize_t n = read(fd, p, (size_t)st.st_size);
	(void)close(fd);
	return (struct str){ p, n < 0 ? 0 : (size_t)n };
}

/* ---- the documented differences --------------------------------------------------------------- */

static int finish_of(struct str word)
{
	for (int i = 0; i < FINISH_COUNT; i++)
		if (str_eq(word, str_z(finish_words[i])))
			return i;
	return -1;
}

/* Rows "| finish | openai | anthropic | gemini |" of the section "What comes back". */
static void read_finishes(void)
{
	struct str rest = str_tail(doc, str_find(doc, S("\n## What comes back")));

	rest = str_head(rest, str_find(str_tail(rest, 4), S("\n## ")) + 4);
	while (rest.n) {
		struct str line = str_cut(rest, '\n', &rest), cells;
		(void)str_cut(line, '|', &cells);
		int from = finish_of(str_trim(str_cut(cells, '|', &cells)));
		for (unsigned d = 0; d < DIALECT_COUNT && from >= 0; d++) {
			int to = finish_of(str_trim(str_cut(cells, '|', &cells)));
			CHECK(to >= 0);
			comes_back[d][from] = (enum llm_finish)to;
		}
	}
}

static bool documented(enum llm_dialect d, struct str name)
{
	char head[64], quoted[160];

	(void)snprintf(head, sizeof head, "\n### %s", llm_dialect_name(d));
	(void)snprintf(quoted, sizeof quoted, "\n| `%.*s` |", FMT(name));
	size_t at = str_find(doc, str_z(head));
	struct str section = str_tail(doc, at == SIZE_MAX ? doc.n : at + 4);
	return str_find(str_head(section, str_find(section, S("\n### "))), str_z(quoted)) != SIZE_MAX;
}

static void check_name(enum llm_dialect d, struct str name)
{
	if (documented(d, name))
		return;
	fprintf(stderr, "%s: docs/dialects.md says nothing of %s's '%.*s'\n", current, llm_dialect_name(d),
		FMT(name));
	check_failed++;
}

static void check_names(struct world *w, enum llm_dialect d, const struct llm_response *r)
{
	for (const struct llm_extra *x = r->extras; x != NULL; x = x->next)
		check_name(d, x->name);
	for (const struct llm_answer_choice *c = r->choices; c != NULL; c = c->next) {
		for (const struct llm_part *p = c->parts; p != NULL; p = p->next) {
			if (p->kind != PART_OPAQUE)
				continue;
			const struct json *v = parsed(w, p->raw);
			const struct json *type = json_get(v, S("type"));
			if (json_is(v, JSON_OBJECT) && type == NULL && v->skip > 1)
				type = v + 1; /* Gemini's parts are named by their only member */
			check_name(d, json_esc(type));
		}
	}
}

/* ---- through each dialect and back ------------------------------------------------------------ */

/* What of an answer can come back through via. */
static struct telling telling_of(enum llm_dialect via, bool changed)
{
	return (struct telling){
		.finish = changed ? comes_back[via] : NULL,
		.cache_write = via != DIALECT_GEMINI,
		.reasoning = true,
		.redacted = true,
		.images = via != DIALECT_ANTHROPIC,
		.signatures = true,
		.text_signatures = via != DIALECT_ANTHROPIC,
	};
}

static void compare(struct world *w, const char *what, enum llm_dialect via, const struct llm_response *got,
		    const struct llm_response *want)
{
	struct telling as_is = telling_of(via, false), expected = telling_of(via, true);
	struct str g = answer_text(w, got, &as_is), x = answer_text(w, want, &expected);

	if (!str_eq(g, x))
		complain(what, via, g, x);
}

static void through_body(struct world *w, const struct llm_response *x, enum llm_dialect via)
{
	struct llm_response y;

	buf_reset(&w->out);
	enum err e = dialects[via]->encode_response(x, &w->arena, &w->out);
	struct str body = kept(w);
	const struct json *root = e == OK ? parsed(w, body) : NULL;
	if (root)
		e = dialects[via]->decode_response(root, &y, &w->arena, &w->diag);
	if (root == NULL || e != OK)
		complain("body refused", via, str_z(err_text(e)), body);
	else
		compare(w, "body", via, &y, x);
}

static void compare_stream(struct world *w, const char *what, enum llm_dialect via, struct str sse,
			   const struct llm_collect *want)
{
	struct llm_response y;
	struct llm_error error = { 0 };
	enum err e = collect_stream(w, via, sse, &y, &error);

	if (e != OK) {
		complain("stream refused", via, str_z(err_text(e)), sse);
	} else if (want->error.status || error.status) {
		if (!str_eq(error.message, want->error.message))
			complain("error", via, error.message, want->error.message);
	} else {
		compare(w, what, via, &y, want->out);
	}
}

static struct llm_request asking(enum llm_dialect d)
{
	struct llm_request r;

	llm_request_init(&r, d);
	r.model = S("m");
	r.stream = r.include_usage = true;
	return r;
}

static void through_replay(struct world *w, const struct llm_response *x, enum llm_dialect via)
{
	struct encoding enc;
	struct llm_request r = asking(via);
	const struct llm_collect want = { .out = (struct llm_response *)(uintptr_t)x };

	buf_reset(&w->out);
	encoding_init(w, &enc, dialects[via], &r);
	llm_replay(x, &enc.sink);
	struct str sse = kept(w);
	if (enc.err != OK)
		complain("replay refused", via, str_z(err_text(enc.err)), sse);
	else
		compare_stream(w, "replay", via, sse, &want);
}

static void one_error(struct world *w, enum llm_dialect from, unsigned status, const struct json *root)
{
	struct llm_error e = { 0 }, back = { 0 };

	dialects[from]->decode_error(status, root, &e, &w->arena);
	CHECK(e.status >= 400 && e.message.n > 0);
	for (unsigned d = 0; d < DIALECT_COUNT; d++) {
		buf_reset(&w->out);
		dialects[d]->encode_error(&e, &w->out);
		const struct json *v = parsed(w, kept(w));
		dialects[d]->decode_error(e.status, v, &back, &w->arena);
		CHECK_STR(back.message, e.message);
		CHECK(back.status == e.status);
	}
	tried++;
}

static void one_body(struct world *w, enum llm_dialect from, const struct json *root)
{
	struct llm_response x;

	if (!json_is(json_get(root, S("error")), JSON_NULL) && json_get(root, S("error"))) {
		one_error(w, from, 400, root);
		return;
	}
	w->diag = (struct diag){ 0 };
	if (dialects[from]->decode_response(root, &x, &w->arena, &w->diag) != OK) {
		complain("not decoded", from, str_z(diag_text(&w->diag)), S(""));
		return;
	}
	check_names(w, from, &x);
	for (unsigned d = 0; d < DIALECT_COUNT; d++) {
		through_body(w, &x, (enum llm_dialect)d);
		through_replay(w, &x, (enum llm_dialect)d);
	}
	tried++;
}

static void one_stream(struct world *w, enum llm_dialect from, struct str sse)
{
	struct llm_response x;
	struct llm_collect c;

	llm_collect_init(&c, &w->arena, &x);
	enum err e = feed_sse(w, dialects[from], sse, &c.sink);
	if (e != OK || c.err != OK || !c.done) {
		complain("stream not decoded", from, str_z(err_text(e)), str_z(err_text(c.err)));
		return;
	}
	check_names(w, from, &x);
	for (unsigned d = 0; d < DIALECT_COUNT; d++)
		compare_stream(w, "stream", (enum llm_dialect)d,
			       recode_stream(w, from, (enum llm_dialect)d, sse, true), &c);
	tried++;
}

static void one_request(struct world *w, enum llm_dialect from, const struct json *root)
{
	struct str body = json_raw(root);

	w->drop = true;
	for (unsigned d = 0; d < DIALECT_COUNT; d++) {
		struct str to = recode_request(w, from, (enum llm_dialect)d, body);
		if (to.n == 0 || to.p[0] != '{') {
			complain("request", (enum llm_dialect)d, to, body);
			continue;
		}
		struct str again = recode_request(w, (enum llm_dialect)d, (enum llm_dialect)d, to);
		if (again.n == 0 || again.p[0] != '{')
			complain("request not read again", (enum llm_dialect)d, again, to);
	}
	tried++;
}

/* ---- files ------------------------------------------------------------------------------------ */

/* Lines of JSON as a stream of events, named as Anthropic names its own. */
static struct str lines_as_sse(struct world *w, enum llm_dialect from, struct str text)
{
	buf_reset(&w->out);
	while (text.n) {
		struct str line = str_trim(str_cut(text, '\n', &text)), name = S("");
		if (line.n == 0)
			continue;
		if (from == DIALECT_ANTHROPIC)
			name = json_esc(json_get(parsed(w, line), S("type")));
		sse_write(&w->out, name, line);
	}
	return kept(w);
}

static void one_file(enum llm_dialect from, const char *path)
{
	struct world *w = world_new();
	struct str text = load(w, path), name = str_z(path);

	if (str_has_suffix(name, S(".json"))) {
		const struct json *root = parsed(w, text);
		if (root)
			one_body(w, from, root);
	} else if (str_has_suffix(name, S(".sse"))) {
		one_stream(w, from, text);
	} else {
		one_stream(w, from, lines_as_sse(w, from, text));
	}
}

static const struct {
	const char *suffix;
	enum llm_dialect dialect;
} interfaces[] = {
	{ "https://api.anthropic.com/v1/messages?beta=true", DIALECT_ANTHROPIC },
	{ "/v1/chat/completions", DIALECT_OPENAI },
	{ "/v1/chat/completions#stream", DIALECT_OPENAI },
	{ ":generateContent", DIALECT_GEMINI },
};

static bool dialect_of(struct str uri, enum llm_dialect *out)
{
	for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++) {
		if (!str_has_suffix(uri, str_z(interfaces[i].suffix)))
			continue;
		*out = interfaces[i].dialect;
		return true;
	}
	return false;
}

/* Gemini's model stands in the path: the caller sets it, so the request's own reader does not miss it. */
static void one_interaction(const struct json *it)
{
	struct world *w = world_new();
	const struct json *request = json_get(it, S("request")), *answer = json_get(it, S("response"));
	const struct json *body = json_get(request, S("parsed_body"));
	const struct json *text = json_get(json_get(answer, S("body")), S("string"));
	enum llm_dialect from;
	int64_t status = 200;

	if (!dialect_of(json_esc(json_get(request, S("uri"))), &from))
		return;
	const struct json *code = json_get(json_get(answer, S("status")), S("code"));
	if (code == NULL || json_i64(code, &status) != OK)
		status = 200;
	if (json_is(body, JSON_OBJECT))
		one_request(w, from, body);
	body = json_get(answer, S("parsed_body"));
	struct str sse = json_str(&w->arena, text);
	if (status >= 400)
		one_error(w, from, (unsigned)status, body);
	else if (json_is(body, JSON_OBJECT))
		one_body(w, from, body);
	else if (sse.p && (str_has_prefix(sse, S("event:")) || str_has_prefix(sse, S("data:"))))
		one_stream(w, from, sse);
}

static void one_yaml(const char *path)
{
	struct world *w = world_new();
	struct arena own;
	const struct json *root = NULL;
	struct buf out;

	/* world_new empties the world for each interaction, so what it reads from is kept apart. */
	arena_init(&own, (size_t)256 << 20);
	buf_init(&out, (size_t)64 << 20);
	CHECK(yaml_json(load(w, path), &out) && json_read(&own, buf_str(&out), &root, NULL) == OK);
	const struct json *list = json_get(root, S("interactions"));
	if (json_is(list, JSON_ARRAY)) {
		JSON_EACH_ITEM(list, it)
			one_interaction(it);
	}
	buf_free(&out);
	arena_done(&own);
}

static void every_file(const char *dir, int dialect, const char *without)
{
	char path[1024];
	struct dirent *e;

	(void)snprintf(path, sizeof path, "%s/%s", root_dir, dir);
	DIR *d = opendir(path);
	CHECK(d != NULL);
	while (d != NULL && (e = readdir(d)) != NULL) {
		struct str name = str_z(e->d_name);
		(void)snprintf(path, sizeof path, "%s/%s/%s", root_dir, dir, e->d_name);
		current = path + strlen(root_dir) + 1;
		if (without && str_find(name, str_z(without)) != SIZE_MAX)
			continue;
		if (dialect < 0 && str_has_suffix(name, S(".yaml")))
			one_yaml(path);
		else if (str_has_suffix(name, S(".json")) || str_has_suffix(name, S(".sse")) ||
			 str_has_suffix(name, S(".chunks.txt")))
			one_file((enum llm_dialect)dialect, path);
	}
	if (d)
		(void)closedir(d);
}

static bool find_shared(void)
{
	const char *env = getenv("YETT_SHARED");
	const char *const tries[] = { env ? env : "../shared", "../shared", "../../shared" };
	struct stat st;

	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		(void)snprintf(root_dir, sizeof root_dir, "%s/recorded", tries[i]);
		if (stat(root_dir, &st) == 0)
			return true;
	}
	printf("skipped: there are no recordings at ../shared/recorded\n");
	return false;
}


CASE(harmless_names_are_documented)
{
	for (unsigned d = 0; d < DIALECT_COUNT; d++)
		for (const char *const *n = dialects[d]->harmless; *n != NULL; n++)
			check_name((enum llm_dialect)d, str_z(*n));
}

CASE(every_recording)
{
	if (!find_shared())
		return;
	every_file("ai-sdk/anthropic", DIALECT_ANTHROPIC, NULL);
	every_file("ai-sdk/openai/chat", DIALECT_OPENAI, NULL);
	every_file("ai-sdk/openai-compatible/chat", DIALECT_OPENAI, NULL);
	every_file("ai-sdk/deepseek/chat", DIALECT_OPENAI, NULL);
	every_file("ai-sdk/groq", DIALECT_OPENAI, "transcription");
	every_file("ai-sdk/mistral", DIALECT_OPENAI, "transcription");
	every_file("ai-sdk/google", DIALECT_GEMINI, NULL);
	every_file("pydantic-ai/test_anthropic", -1, NULL);
	every_file("pydantic-ai/test_tool_choice_matrix", -1, NULL);
	every_file("pydantic-ai/test_mistral", -1, NULL);
	CHECK(tried > 300);
	printf("%u recorded requests, answers, streams and errors\n", tried);
}

int main(void)
{
	static const struct check_case cases[] = { CASE_ROW(harmless_names_are_documented),
						   CASE_ROW(every_recording) };
	struct world *w = world_new();
	struct str text = load(w, "docs/dialects.md");

	char *copy = malloc(text.n + 1);
	if (text.p == NULL || copy == NULL) {
		fprintf(stderr, "docs/dialects.md cannot be read: run this from the root of the tree\n");
		return 1;
	}
	memcpy(copy, text.p, text.n);
	doc = (struct str){ copy, text.n };
	read_finishes();
	int failed = check_main(cases, sizeof cases / sizeof cases[0]);
	(void)world_new();
	free(copy);
	return failed;
}
