/* tests/unit/package/model_test.c - pickles, model files and notebooks: what is told of, and what
 * is left alone. */
#include "package/model.h"
#include "package/notebook.h"

#include "../check.h"

static struct arena arena;
static struct findings found;

static void inspect(enum model kind, struct str text)
{
	struct str guarded = check_guard(text);

	arena_done(&arena);
	arena_init(&arena, 32 << 20);
	findings_init(&found, &arena);
	model_inspect(kind, S("pkg:pypi/x"), S("m.pkl"), guarded, &arena, &found);
	check_unguard(guarded);
}

static size_t count(enum rule r)
{
	return found.seen[r].n;
}

/* An archive of many such members takes all the memory there is, and the rest is told of. */
CASE(no_memory_to_uncompress_in)
{
	static const char gzip[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";

	arena_init(&arena, 4 << 20);
	findings_init(&found, &arena);
	model_inspect(MODEL_PICKLE, S("pkg:pypi/x"), S("m.pkl"), (struct str){ gzip, sizeof gzip - 1 }, &arena, &found);
	CHECK(count(RULE_PICKLE_UNREAD) >= 1);
	arena_done(&arena);
}

CASE(pickles)
{
	inspect(MODEL_PICKLE, S("cos\nsystem\n(S'true'\ntR."));
	CHECK(count(RULE_PICKLE_EXEC) == 1 && count(RULE_MODEL_FILE) == 1);
	CHECK_STR(found.items[0].excerpt, S("os.system"));
	inspect(MODEL_PICKLE, S("\x80\x02"
				"ccollections\nOrderedDict\n)R."));
	CHECK(count(RULE_PICKLE_EXEC) == 0 && count(RULE_PICKLE_IMPORT) == 0);
	inspect(MODEL_PICKLE, S("\x80\x02"
				"cmy.own\nThing\n)R."));
	CHECK(count(RULE_PICKLE_EXEC) == 0 && count(RULE_PICKLE_IMPORT) == 1);
	/* What stands before the fault has been run by then; and behind the end there may be more.
	 */
	inspect(MODEL_PICKLE, S("cos\nsystem\n(S'x'\ntR\xff"));
	CHECK(count(RULE_PICKLE_EXEC) == 1 && count(RULE_PICKLE_UNREAD) == 1);
	inspect(MODEL_PICKLE, S("N.cos\nsystem\n."));
	CHECK(count(RULE_PICKLE_EXEC) == 1);
	inspect(MODEL_PICKLE, S("]\x8c\x01x\x93."));
	CHECK(count(RULE_PICKLE_EXEC) == 1);
	/* Spellings of a number that int() takes; a name at the end that no line end closes; an
	 * octal escape that is cut to a byte. */
	static const char *const loose[] = { "p+1", "p1_0", "p-0", "p 1 ", "p0001\r", "p0\0x" };
	for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++) {
		struct buf b;
		buf_init(&b, 1 << 10);
		buf_add(&b, S("S'x'\n"));
		buf_add(&b, (struct str){ loose[i], i == 5 ? 4 : strlen(loose[i]) });
		buf_add(&b, S("\n0cos\nsystem\n(S'id'\ntR."));
		inspect(MODEL_PICKLE, buf_str(&b));
		CHECK(count(RULE_PICKLE_EXEC) == 1);
		buf_free(&b);
	}
	inspect(MODEL_PICKLE, S("(S'id'\nios\nsystemX"));
	CHECK(count(RULE_PICKLE_EXEC) == 1);
	inspect(MODEL_PICKLE, S("S'\\557s'\nS'system'\n\x93S'id'\n\x85R."));
	CHECK(count(RULE_PICKLE_EXEC) == 1);
	inspect(MODEL_PICKLE, S("ctorch.storage\n_load_from_bytes\n(S'x'\ntR."));
	CHECK(count(RULE_PICKLE_UNREAD) == 1);
	inspect(MODEL_PICKLE, S("ccPickle\nloads\n(S'x'\ntR."));
	CHECK(count(RULE_PICKLE_EXEC) == 1);
	/* joblib uncompresses by itself: "cos\nsystem\n(S'x'\ntR." */
	inspect(MODEL_PICKLE, S("\x78\x9c\x4b\xce\x2f\xe6\x2a\xae\x2c\x2e\x49\xcd\xe5\xd2\x08\x56"
				"\xaf\x50\xe7\x2a\x09\xd2\x03\x00\x48\x0b\x06\x3e"));
	CHECK(count(RULE_PICKLE_EXEC) == 1);
	inspect(MODEL_PICKLE, S("BZh91AY&SY"));
	CHECK(count(RULE_PICKLE_UNREAD) == 1);
	/* A compressed file is no pickle that failed. */
	inspect(MODEL_PICKLE, S("\x1f\x8b\x08 something"));
	CHECK(count(RULE_PICKLE_UNREAD) == 0 && count(RULE_MODEL_FILE) == 1);
}

CASE(imports)
{
	CHECK(model_import_judge(S("__builtin__"), S("eval")) == ERR_DENIED);
	CHECK(model_import_judge(S("builtins"), S("getattr")) == ERR_DENIED);
	CHECK(model_import_judge(S("builtins"), S("set")) == OK);
	CHECK(model_import_judge(S("os.path"), S("join")) == ERR_DENIED);
	CHECK(model_import_judge(S("osmium"), S("x")) == ERR_NOT_FOUND);
	CHECK(model_import_judge(S("subprocess"), S("Popen")) == ERR_DENIED);
	CHECK(model_import_judge(S("numpy.core.multiarray"), S("_reconstruct")) == OK);
	CHECK(model_import_judge(S("numpy.core.multiarray"), S("_other")) == ERR_NOT_FOUND);
	CHECK(model_import_judge(S("torch._utils"), S("_rebuild_tensor_v2")) == OK);
	CHECK(model_import_judge(S("torch.hub"), S("load")) == ERR_DENIED);
	CHECK(model_import_judge(S("sklearn.linear_model._base"), S("LinearRegression")) == OK);
	CHECK(model_import_judge(S("sklearn.utils"), S("evil")) == ERR_NOT_FOUND);
	CHECK(model_import_judge(S("collections"), S("OrderedDict.__init__.__globals__")) ==
	      ERR_DENIED);
	CHECK(model_import_judge(S(""), S("")) == ERR_NOT_FOUND);
}

CASE(kinds)
{
	CHECK(model_kind(S("a.pkl"), S("x")) == MODEL_PICKLE);
	CHECK(model_kind(S("a.pt"), S("PK\x03\x04")) == MODEL_TORCH);
	CHECK(model_kind(S("a.pth"), S("import os\n")) == MODEL_PTH);
	CHECK(model_kind(S("a.pth"), S("PK\x03\x04")) == MODEL_TORCH);
	CHECK(model_kind(S("a.pth"), S("\x80\x02}")) == MODEL_PICKLE);
	CHECK(model_kind(S("a"), S("\x80\x04\x95")) == MODEL_PICKLE);
	CHECK(model_kind(S("a.safetensors"), S("")) == MODEL_SAFETENSORS);
	CHECK(model_kind(S("a.bin"), S("GGUF\x03")) == MODEL_GGUF);
	CHECK(model_kind(S("A.PKL"), S("cos\n")) == MODEL_PICKLE);
	CHECK(model_kind(S("a.pth"), S("cos\n")) == MODEL_PTH);
	inspect(MODEL_PTH, S("cos\nsystem\n(S'x'\ntRboom"));
	CHECK(count(RULE_PICKLE_EXEC) == 1);
	inspect(MODEL_PTH, S("coverage\nlib\nimport os\n./src\n"));
	CHECK(found.n == 0);
	inspect(MODEL_PTH, S("core/lib\ncos\nsystem\n"));
	CHECK(found.n == 0);
	CHECK(model_kind(S("a.npy"), S("\x93NUMPY\x01")) == MODEL_NUMPY);
	CHECK(model_kind(S("a.py"), S("import x")) == MODEL_NONE);
	CHECK(model_kind(S(""), S("")) == MODEL_NONE);
}

static void safetensors(const char *header, size_t data)
{
	char text[1024];
	size_t n = strlen(header);

	memset(text, 0, sizeof text);
	text[0] = (char)n;
	memcpy(text + 8, header, n);
	inspect(MODEL_SAFETENSORS, (struct str){ text, 8 + n + data });
}

CASE(headers)
{
	safetensors("{\"a\":{\"data_offsets\":[0,4]},\"b\":{\"data_offsets\":[4,6]}}", 6);
	CHECK(count(RULE_MODEL_BROKEN) == 0);
	safetensors("{\"a\":{\"data_offsets\":[0,4]},\"b\":{\"data_offsets\":[3,6]}}", 6);
	CHECK(count(RULE_MODEL_BROKEN) == 1);
	safetensors("{\"a\":{\"data_offsets\":[0,4]},\"b\":{\"data_offsets\":[5,6]}}", 6);
	CHECK(count(RULE_MODEL_BROKEN) == 1);
	safetensors("{\"a\":{\"data_offsets\":[0,4]}}", 6);
	CHECK(count(RULE_MODEL_BROKEN) == 1);
	safetensors("{\"a\":{},\"a\":{}}", 0);
	CHECK(count(RULE_MODEL_BROKEN) == 1);
	inspect(MODEL_SAFETENSORS, S("\xff\xff\xff\xff\xff\xff\xff\xff{}"));
	CHECK(count(RULE_MODEL_BROKEN) == 1);
	inspect(MODEL_SAFETENSORS, S("x"));
	CHECK(count(RULE_MODEL_BROKEN) == 1);
	inspect(MODEL_NUMPY, S("\x93NUMPY\x01\0\x10\0{'descr': '|O'}\ncos\nsystem\n."));
	CHECK(count(RULE_PICKLE_EXEC) == 1);
	inspect(MODEL_NUMPY, S("\x93NUMPY\x01\0\x13\0{'descr': '|\\x4f'}\ncos\nsystem\n."));
	CHECK(count(RULE_PICKLE_EXEC) == 1);
	inspect(MODEL_NUMPY, S("\x93NUMPY\x01\0\x11\0{'descr': '<f8'}\ncos\nsystem\n."));
	CHECK(count(RULE_PICKLE_EXEC) == 0);
}

static enum err notebook(struct str text, struct notebook *out)
{
	struct diag d;

	arena_done(&arena);
	arena_init(&arena, 32 << 20);
	findings_init(&found, &arena);
	return notebook_read(S(""), S("n.ipynb"), text, &arena, out, &found, &d);
}

CASE(notebooks)
{
	struct notebook n;

	CHECK(notebook(
		      S("{\"nbformat\":4,\"cells\":[\n{\"cell_type\":\"code\",\"source\":[\"a\\n\","
			"\"b\"],\n\"outputs\":[{\"data\":{\"text/plain\":\"x\"}}]},\n"
			"{\"cell_type\":\"markdown\",\"source\":\"t\"}]}"),
		      &n) == OK);
	CHECK(n.n == 2 && n.cells[0].code && !n.cells[1].code && n.cells[1].line == 4);
	CHECK_STR(n.cells[0].source, S("a\nb"));
	CHECK_STR(n.language, S("python"));
	CHECK(found.n == 0);
	CHECK(notebook(S("{\"nbformat\":4,\"cells\":[{\"cell_type\":\"code\",\"source\":\"\","
			 "\"outputs\":["
			 "{\"data\":{\"text/html\":[\"<div>\",\"<ScRiPt src=x>\"]}}]}]}"),
		       &n) == OK);
	CHECK(count(RULE_NOTEBOOK_OUTPUT) == 1 && count(RULE_NOTEBOOK_HIDDEN) == 0);
	CHECK(notebook(S("{\"nbformat\":4,\"cells\":[{\"cell_type\":\"code\",\"metadata\":{"
			 "\"jupyter\":"
			 "{\"outputs_hidden\":true}},\"outputs\":[{\"data\":"
			 "{\"application/javascript\":\"x\"}}]}]}"),
		       &n) == OK);
	CHECK(count(RULE_NOTEBOOK_HIDDEN) == 1);
	CHECK(notebook(S("{\"nbformat\":3,\"worksheets\":[{\"cells\":[{\"cell_type\":\"code\","
			 "\"input\":\"1\"}]}]}"),
		       &n) == OK);
	CHECK(n.n == 1);
	CHECK(notebook(S("{}"), &n) == ERR_SYNTAX && notebook(S("["), &n) == ERR_SYNTAX);
}

CASE(secrets)
{
	struct notebook n;

	CHECK(notebook(S("{\"nbformat\":4,\"cells\":[],\n\"x\":\"k=\\nAKIA"
			 "Q7ZP3XW5M2N8B4VC\"}"),
		       &n) == OK);
	CHECK(count(RULE_NOTEBOOK_SECRET) == 1);
	CHECK(found.n == 1 && found.items[0].line == 2 && found.items[0].excerpt.n == 8);
	/* placeholders, and letters within other words */
	CHECK(notebook(S("{\"nbformat\":4,\"x\":\"AKIAXXXXXXXXXXXXXXXX "
			 "zAKIAQ7ZP3XW5M2N8B4VC /AKIAQ7ZP3XW5M2N8B4VC\"}"),
		       &n) == OK);
	CHECK(count(RULE_NOTEBOOK_SECRET) == 0);
	arena_done(&arena);
}

TESTS(CASE_ROW(no_memory_to_uncompress_in), CASE_ROW(pickles), CASE_ROW(imports), CASE_ROW(kinds), CASE_ROW(headers), CASE_ROW(notebooks),
      CASE_ROW(secrets))
