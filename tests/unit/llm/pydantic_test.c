/*
 * tests/unit/llm/pydantic_test.c - real interactions recorded by pydantic-ai, through every
 * dialect. A request is decoded, encoded for each target and accepted there again; an answer or a
 * stream is shown to each kind of client, and what the client would read is what the provider said.
 */
#include "base/num.h"
#include "llm/count.h"
#include "llm_util.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

static char folder[512]; /* of the case at hand */
static unsigned n_requests, n_answers, n_streams, n_errors, n_counts;

#define EXPECT(cond)                                                      \
	do {                                                              \
		if (!(cond)) {                                            \
			fprintf(stderr, "in %s:\n", folder);              \
			CHECK(cond);                                      \
		}                                                         \
	} while (0)

/* ---- the files ------------------------------------------------------------------------------- */

static const char *recorded(void)
{
	static const char *const places[] = { "../shared", "../../shared" };
	static char path[512];
	const char *env = getenv("YETT_SHARED");

	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "%s/recorded/pydantic-ai", env ? env : places[i]);
		if (access(path, R_OK) == 0)
			return path;
	}
	return NULL;
}

static bool load(struct world *w, const char *name, struct str *out)
{
	char path[640];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return false;
	char *p = arena_alloc(&w->arena, (size_t)st.st_size + 1, 1);
	ssize_t n = read(fd, p, (size_t)st.st_size);
	(void)close(fd);
	*out = (struct str){ p, n > 0 ? (size_t)n : 0 };
	return n == st.st_size;
}

static int convert(const char *from, const char *to)
{
	char script[] = "tests/recorded/pydantic.py", python[] = "python3";
	char a[512], b[64];
	char *argv[] = { python, script, a, b, NULL };
	pid_t pid;
	int status = 0;
	posix_spawn_file_actions_t quiet;

	(void)snprintf(a, sizeof a, "%s", from);
	(void)snprintf(b, sizeof b, "%s", to);
	(void)posix_spawn_file_actions_init(&quiet);
	(void)posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	int e = posix_spawnp(&pid, python, &quiet, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&quiet);
	if (e != 0 || waitpid(pid, &status, 0) != pid)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int unlink_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

/* ---- comparing what a client reads ----------------------------------------------------------- */

static struct str told(struct world *w, const struct llm_response *r, enum llm_part_kind a,
		       enum llm_part_kind b)
{
	struct buf all;

	buf_init(&all, (size_t)16 << 20);
	for (const struct llm_part *p = r->choices ? r->choices->parts : NULL; p != NULL; p =
	     p->next)
		if (p->kind == a || p->kind == b) {
			struct buf plain;
			buf_init(&plain, (size_t)16 << 20);
			json_unescape(&plain, p->text);
			buf_add(&all, buf_str(&plain));
			buf_free(&plain);
		}
	struct str s = arena_dup(&w->arena, buf_str(&all));
	buf_free(&all);
	return s;
}

static bool same_json(struct world *w, struct str x, struct str y)
{
	const struct json *a = parsed(w, x), *b = parsed(w, y);

	if (a == NULL || b == NULL || a->skip != b->skip)
		return false;
	for (uint32_t i = 0; i < a->skip; i++) {
		if (a[i].type != b[i].type)
			return false;
		if (a[i].type == JSON_STRING && !str_eq(json_str(&w->arena, a + i),
							json_str(&w->arena, b + i)))
			return false;
		if (a[i].type == JSON_NUMBER && !str_eq(json_raw(a + i), json_raw(b + i)))
			return false;
	}
	return true;
}

static const struct llm_part *call(const struct llm_part *p)
{
	while (p != NULL && p->kind != PART_TOOL_CALL)
		p = p->next;
	return p;
}

/* What the dialects have one word for: docs/dialects.md. */
static enum llm_finish seen(enum llm_finish f, enum llm_dialect via, bool calls)
{
	if (calls && f == FINISH_STOP)
		return FINISH_TOOLS;
	if (via == DIALECT_ANTHROPIC)
		return f;
	if (f == FINISH_STOP_SEQUENCE || f == FINISH_PAUSE || f == FINISH_OTHER)
		return FINISH_STOP;
	if (f == FINISH_CONTEXT)
		return FINISH_LENGTH;
	return f == FINISH_REFUSAL ? FINISH_FILTER : f;
}

static void same_usage(const struct llm_usage *x, const struct llm_usage *y)
{
	EXPECT(x->known == y->known);
	EXPECT(x->input == y->input);
	EXPECT(x->cache_read == y->cache_read);
	EXPECT(x->output == y->output);
	EXPECT(x->reasoning == y->reasoning);
}

static void same(struct world *w, const struct llm_response *x, const struct llm_response *y,
		 enum llm_dialect via)
{
	const struct llm_part *p = call(x->choices->parts), *q =
		call(y->choices ? y->choices->parts : NULL);
	bool calls = p != NULL;

	CHECK_STR(told(w, y, PART_TEXT, PART_REFUSAL), told(w, x, PART_TEXT, PART_REFUSAL));
	CHECK_STR(told(w, y, PART_THINKING, PART_THINKING),
		  told(w, x, PART_THINKING, PART_THINKING));
	for (; p != NULL && q != NULL; p = call(p->next), q = call(q->next)) {
		CHECK_STR(q->name, p->name);
		EXPECT(same_json(w, p->args, q->args));
	}
	EXPECT(p == NULL && q == NULL);
	EXPECT(y->choices != NULL && seen(y->choices->finish, via,
					  calls) == seen(x->choices->finish, via, calls));
	same_usage(&x->usage, &y->usage);
}

/* ---- one case -------------------------------------------------------------------------------- */

static void try_request(struct world *w, enum llm_dialect from, struct str body)
{
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		enum llm_dialect to = (enum llm_dialect)t;
		w->drop = false;
		struct str s = recode_request(w, from, to, body);
		EXPECT(s.n > 1 && s.p[0] != '!');
		EXPECT(!str_eq(s, S("<>"))); /* a refusal names its field */
		w->drop = true;
		s = recode_request(w, from, to, body);
		EXPECT(s.n > 1 && s.p[0] == '{');
		if (s.n < 1 || s.p[0] != '{') {
			fprintf(stderr, "%.*s: %s\n", FMT(s), diag_text(&w->diag));
			continue;
		}
		s = recode_request(w, to, to, s);
		EXPECT(s.n > 1 && s.p[0] == '{');
		if (s.p[0] != '{')
			fprintf(stderr, "%s of its own: %.*s %s\n", dialects[to]->name, FMT(s),
				diag_text(&w->diag));
	}
	n_requests++;
}

/* Additions of servers that are compatible with OpenAI, and what the answer's text says too. */
static const char *const additions[] = {
	"x_groq", "usage.num_cached_tokens", "usage.total_time", "usage.queue_time",
		"usage.prompt_time",
	"usage.completion_time", "candidates.groundingMetadata", NULL,
};

static bool documented(enum llm_dialect d, struct str name)
{
	for (size_t i = 0; additions[i] != NULL && d != DIALECT_ANTHROPIC; i++)
		if (str_eq(str_z(additions[i]), name))
			return true;
	for (const char *const *h = dialects[d]->harmless; h != NULL && *h != NULL; h++)
		if (str_eq(str_z(*h), name))
			return true;
	fprintf(stderr, "%s: undocumented '%.*s'\n", folder, FMT(name));
	return false;
}

static void show(struct world *w, const struct llm_response *x)
{
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		struct llm_response y;
		struct llm_error error = { .status = 0 };
		struct encoding enc;
		struct llm_request r;

		buf_reset(&w->out);
		EXPECT(dialects[t]->encode_response(x, &w->arena, &w->out) == OK);
		const struct json *root = parsed(w, kept(w));
		EXPECT(root && dialects[t]->decode_response(root, &y, &w->arena, &w->diag) == OK);
		same(w, x, &y, (enum llm_dialect)t);

		llm_request_init(&r, (enum llm_dialect)t);
		r.stream = r.include_usage = true;
		r.model = S("m");
		encoding_init(w, &enc, dialects[t], &r);
		llm_replay(x, &enc.sink);
		EXPECT(enc.err == OK);
		EXPECT(collect_stream(w, (enum llm_dialect)t, kept(w), &y, &error) == OK &&
		       error.status == 0);
		same(w, x, &y, (enum llm_dialect)t);
	}
}

static void try_answer(struct world *w, enum llm_dialect from, struct str body)
{
	struct llm_response x;
	const struct json *root = parsed(w, body);

	EXPECT(root && dialects[from]->decode_response(root, &x, &w->arena, &w->diag) == OK);
	for (const struct llm_extra *e = x.extras; e != NULL; e = e->next)
		EXPECT(documented(from, e->name));
	show(w, &x);
	n_answers++;
}

static void try_stream(struct world *w, enum llm_dialect from, struct str body)
{
	struct llm_response x;
	struct llm_error error = { .status = 0 };

	EXPECT(collect_stream(w, from, body, &x, &error) == OK && error.status == 0);
	show(w, &x);
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		struct llm_response y;
		struct str s = recode_stream(w, from, (enum llm_dialect)t, body, true);
		EXPECT(collect_stream(w, (enum llm_dialect)t, s, &y, &error) == OK &&
		       error.status == 0);
		same(w, &x, &y, (enum llm_dialect)t);
	}
	n_streams++;
}

static void try_error(struct world *w, enum llm_dialect from, unsigned status, struct str body)
{
	const struct json *root = NULL;
	struct llm_error e, again;

	if (json_read(&w->arena, body, &root, NULL) != OK)
		root = NULL;
	dialects[from]->decode_error(status, root, &e, &w->arena);
	EXPECT(e.status == status && e.message.n > 0);
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		buf_reset(&w->out);
		dialects[t]->encode_error(&e, &w->out);
		dialects[t]->decode_error(status, parsed(w, kept(w)), &again, &w->arena);
		EXPECT(again.kind == e.kind);
		CHECK_STR(again.message, e.message);
	}
	n_errors++;
}

static void try_case(enum llm_dialect from)
{
	struct world *w = world_new();
	struct str text, kind = S(""), code = S("");
	int64_t tokens = 0;

	EXPECT(load(w, "kind", &kind) && load(w, "status", &code));
	uint64_t number = 0;
	EXPECT(num_u64(code, 999, &number) == OK);
	unsigned status = (unsigned)number;
	/* Gemini's model is in the path, so its bodies are whole without. */
	if (load(w, "request.json", &text) && !(from == DIALECT_GEMINI && str_eq(kind, S("count"))))
		try_request(w, from, text);
	if (load(w, "stream.sse", &text)) {
		try_stream(w, from, text);
	} else if (load(w, "response.json", &text) && status >= 400) {
		try_error(w, from, status, text);
	} else if (str_eq(kind, S("count"))) {
		EXPECT(llm_count_decode(from, parsed(w, text), &tokens) == OK && tokens > 0);
		n_counts++;
	} else {
		try_answer(w, from, text);
	}
}

static void try_dialect(const char *root, enum llm_dialect from)
{
	char path[256];
	struct dirent *e;

	(void)snprintf(path, sizeof path, "%s/%s", root, dialects[from]->name);
	DIR *d = opendir(path);
	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(folder, sizeof folder, "%s/%s", path, e->d_name);
		try_case(from);
	}
	(void)closedir(d);
}

CASE(every_interaction)
{
	char to[] = "/tmp/yett-pydantic-XXXXXX";
	const char *from = recorded();

	if (from == NULL || access("tests/recorded/pydantic.py", R_OK) != 0) {
		printf("skipped: no recordings of pydantic-ai\n");
		return;
	}
	if (mkdtemp(to) == NULL)
		abort();
	int e = convert(from, to);
	if (e == 2)
		printf("skipped: python3 with yaml is not here\n");
	CHECK(e == 0 || e == 2);
	for (unsigned d = 0; d < DIALECT_COUNT; d++)
		try_dialect(to, (enum llm_dialect)d);
	(void)nftw(to, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
	printf("%u requests, %u answers, %u streams, %u errors, %u counts\n", n_requests, n_answers,
	       n_streams,
	       n_errors, n_counts);
}

TESTS(CASE_ROW(every_interaction))
