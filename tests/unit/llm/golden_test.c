/*
 * tests/unit/llm/golden_test.c - what a reviewer reads: tests/golden/<client>-<upstream>/<case>/ holds what
 * comes in (request.json, response.json, stream.sse, error.json) and what goes out (upstream.json,
 * client.json, client.sse). UPDATE=1 rewrites the latter. The file options, if any, has words one to a
 * line: drop_params, compatible, model NAME, status NUMBER.
 */
#include "llm_util.h"

#include "base/num.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

static struct str load(struct world *w, const char *dir, const char *name)
{
	char path[600];
	struct stat st;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (struct str){ NULL, 0 };
	if (fstat(fd, &st) != 0)
		abort();
	char *p = arena_alloc(&w->arena, (size_t)st.st_size + 1, 1);
	ssize_t n = read(fd, p, (size_t)st.st_size);
	(void)close(fd);
	return (struct str){ p, n < 0 ? 0 : (size_t)n };
}

static void store(const char *dir, const char *name, struct str text)
{
	char path[600];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text.p, text.n) != (ssize_t)text.n)
		abort();
	(void)close(fd);
}

static void compare(struct world *w, const char *dir, const char *name, struct str got)
{
	if (getenv("UPDATE")) {
		store(dir, name, got);
		return;
	}
	struct str want = load(w, dir, name);
	if (str_eq(got, want))
		return;
	fprintf(stderr, "%s/%s differs (UPDATE=1 rewrites it); now:\n%.*s\n", dir, name, FMT(got));
	check_failed++;
}

/* ---- JSON as people read it ------------------------------------------------------------------- */

static void indent(struct buf *b, size_t depth)
{
	buf_addc(b, '\n');
	for (size_t i = 0; i < depth; i++)
		buf_addc(b, '\t');
}

static struct str pretty(struct world *w, struct str text)
{
	const struct json *root = parsed(w, text);
	size_t depth = 0;
	bool in_string = false;

	if (root == NULL)
		return text;
	buf_reset(&w->out);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i], next = i + 1 < text.n ? text.p[i + 1] : 0;
		if (in_string || c == '"') {
			buf_addc(&w->out, c);
			if (in_string && c == '\\')
				buf_addc(&w->out, text.p[++i]);
			else if (c == '"')
				in_string = !in_string;
			continue;
		}
		if (c == '}' || c == ']')
			indent(&w->out, --depth);
		if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
			buf_addc(&w->out, c);
		if (c == ':')
			buf_addc(&w->out, ' ');
		if (c == ',')
			indent(&w->out, depth);
		if ((c == '{' || c == '[') && next == (c == '{' ? '}' : ']'))
			buf_addc(&w->out, text.p[++i]);
		else if (c == '{' || c == '[')
			indent(&w->out, ++depth);
	}
	buf_addc(&w->out, '\n');
	return kept(w);
}

/* ---- cases ------------------------------------------------------------------------------------ */

struct golden {
	enum llm_dialect client, upstream;
	uint64_t status;
};

static void read_options(struct world *w, const char *dir, struct golden *g)
{
	struct str text = load(w, dir, "options"), value;

	g->status = 400;
	w->model = S("up");
	while (text.n) {
		struct str word = str_cut(str_cut(text, '\n', &text), ' ', &value);
		if (str_eq(word, S("drop_params")))
			w->drop = true;
		else if (str_eq(word, S("compatible")))
			w->compatible = true;
		else if (str_eq(word, S("model")))
			w->model = value;
		else if (str_eq(word, S("status")))
			CHECK(num_u64(value, 599, &g->status) == OK);
		else
			CHECK(word.n == 0);
	}
}

static void request(struct world *w, const char *dir, const struct golden *g)
{
	struct str in = load(w, dir, "request.json");

	if (in.p == NULL)
		return;
	struct str out = recode_request(w, g->client, g->upstream, in);
	if (out.n && out.p[0] == '{') {
		compare(w, dir, "upstream.json", pretty(w, out));
		return;
	}
	buf_reset(&w->out); /* <name> was refused, !name was wrong */
	buf_addf(&w->out, "{\"%s\": \"%s\"}\n", out.p[0] == '<' ? "refused" : "wrong", w->diag.param);
	compare(w, dir, "upstream.json", kept(w));
}

static void answer(struct world *w, const char *dir, const struct golden *g)
{
	struct str body = load(w, dir, "response.json"), stream = load(w, dir, "stream.sse");
	struct str error = load(w, dir, "error.json");
	struct llm_error e = { 0 };

	if (body.p)
		compare(w, dir, "client.json",
			pretty(w, recode_response(w, g->upstream, g->client, body)));
	if (stream.p)
		compare(w, dir, "client.sse", recode_stream(w, g->upstream, g->client, stream, true));
	if (error.p == NULL)
		return;
	dialects[g->upstream]->decode_error((unsigned)g->status, parsed(w, error), &e, &w->arena);
	buf_reset(&w->out);
	dialects[g->client]->encode_error(&e, &w->out);
	compare(w, dir, "client.json", pretty(w, kept(w)));
}

static unsigned pair(enum llm_dialect client, enum llm_dialect upstream)
{
	char dir[200], path[512];
	struct dirent *e;
	unsigned n = 0;

	(void)snprintf(dir, sizeof dir, "tests/golden/%s-%s", llm_dialect_name(client),
		       llm_dialect_name(upstream));
	DIR *d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL) {
		struct golden g = { .client = client, .upstream = upstream };
		struct world *w = world_new();
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		read_options(w, path, &g);
		request(w, path, &g);
		answer(w, path, &g);
		n++;
	}
	if (d)
		(void)closedir(d);
	return n;
}

CASE(every_pair)
{
	unsigned n = 0;

	for (unsigned c = 0; c < DIALECT_COUNT; c++) {
		for (unsigned u = 0; u < DIALECT_COUNT; u++) {
			unsigned cases = pair((enum llm_dialect)c, (enum llm_dialect)u);
			CHECK(c == u || cases > 0);
			n += cases;
		}
	}
	printf("%u golden cases\n", n);
	(void)world_new();
}

TESTS(CASE_ROW(every_pair))
