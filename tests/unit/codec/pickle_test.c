/* tests/unit/codec/pickle_test.c - opcodes and imports of pickles. */
#include "codec/pickle.h"

#include "../check.h"

struct want {
	struct str text;
	const char *imports; /* "os.system,..."; "?" for one that is computed */
	enum err err;
};

#define P(bytes)                                                                                   \
	{                                                                                          \
		"" bytes, sizeof(bytes) - 1                                                        \
	}

static const struct want wants[] = {
	{ P("N."), "", OK },
	{ P("cos\nsystem\n(S'true'\ntR."), "os.system", OK },
	{ P("\x80\x04\x8c\x02os\x8c\x06system\x93."), "os.system", OK },
	{ P("\x80\x04\x8c\x02os\x94\x8c\x06system\x94"
	    "0h\x00h\x01\x93."),
	  "os.system", OK },
	/* PUT twice at one index: MEMOIZE takes the number of entries, not of puts */
	{ P("\x8c\x01"
	    "aq\x00q\x00\x8c\x02os\x94h\x01h\x01\x93."),
	  "os.os", OK },
	{ P("V\\u006fs\nVsys\\u0074em\n\x93."), "os.system", OK },
	{ P("S'o\\x73'\nU\x06system\x93."), "os.system", OK },
	{ P("X\x02\0\0\0osT\x06\0\0\0system\x93."), "os.system", OK },
	{ P("(S'id'\nios\nsystem\n."), "os.system", OK },
	{ P("\x8c\x02os\x8c\x06system2"
	    "0\x93."),
	  "os.system", OK },
	{ P("(\x8c\x02os\x8c\x01x1\x8c\x02os\x8c\x06system\x93."), "os.system", OK },
	{ P("]\x8c\x01x\x93."), "?", OK },
	{ P("cos\nsystem\n\xff"), "os.system", ERR_SYNTAX },
	/* loaders cut the last byte off, call, and only then fail */
	{ P("cos\nsys"), "os.sy", ERR_SYNTAX },
	{ P("(S'id'\nios\nsystemX"), "os.system", ERR_SYNTAX },
	{ P("iosX"), "os.", ERR_SYNTAX },
	{ P("V\\x6fs\nS'\\557s'\n\x93."), "\\x6fs.os", OK },
	{ P("Np+1\np1_0\np-0\np 1\r\np0\0x\ncos\nx\n."), "os.x", OK },
	{ P("Np1__0\ncos\nx\n."), "", ERR_SYNTAX },
	{ P("Np-1\ncos\nx\n."), "", ERR_SYNTAX },
	/* the loader in C reads "os" here, from a file */
	{ P("\x95\x03\0\0\0\0\0\0\0Vxxos\nVsystem\n\x93."), "", ERR_UNSUPPORTED },
	{ P("h\x00."), "", ERR_SYNTAX },
	{ P("0."), "", ERR_SYNTAX },
	{ P("t."), "", ERR_SYNTAX },
	{ P("\x80\x06N."), "", ERR_SYNTAX },
	{ P(""), "", ERR_SYNTAX },
	{ P("N"), "", ERR_SYNTAX },
	{ P("p9999999\n."), "", ERR_SYNTAX },
	{ P("Nr\xff\xff\xff\xff."), "", ERR_LIMIT },
};

CASE(imports)
{
	for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
		char room[256];
		struct pickle p;
		struct pickle_import import;
		struct arena a;
		struct buf b;
		bool more = true;
		enum err e = OK;

		buf_fixed(&b, room, sizeof room);
		arena_init(&a, 32 << 20);
		struct str text = check_guard(wants[i].text);
		pickle_init(&p, text, &a);
		while (more && e == OK) {
			e = pickle_import(&p, &import, &more);
			if (e != OK || !more)
				break;
			if (b.n > 0)
				buf_addc(&b, ',');
			buf_add(&b, import.module);
			buf_addc(&b, import.computed ? '?' : '.');
			buf_add(&b, import.name);
		}
		if (e != wants[i].err)
			fprintf(stderr, "case %zu: %s\n", i, err_text(e));
		CHECK(e == wants[i].err && p.stopped == (e == OK));
		CHECK_STR(buf_str(&b), str_z(wants[i].imports));
		check_unguard(text);
		arena_done(&a);
	}
}

CASE(counts)
{
	struct pickle p;
	struct pickle_import import;
	struct arena a;
	bool more;

	arena_init(&a, 1 << 20);
	pickle_init(&p,
		    S("\x80\x02"
		      "cm\nC\n)\x81}bN\x86"
		      "0Pid\nQ."),
		    &a);
	CHECK(pickle_import(&p, &import, &more) == OK && more);
	CHECK(pickle_import(&p, &import, &more) == OK && !more && p.stopped);
	CHECK(p.calls == 1 && p.builds == 1 && p.foreign == 2 && p.protocol == 2);
	arena_done(&a);
}

CASE(opcodes)
{
	struct pickle_op op;
	struct str text = S("\x95\x01\0\0\0\0\0\0\0\x8c\x02hiS\"q\"\n");

	CHECK(pickle_next(text, 0, &op) == OK && op.n == 9 && strcmp(op.name, "FRAME") == 0);
	CHECK(pickle_next(text, 9, &op) == OK && op.n == 4);
	CHECK_STR(op.arg, S("hi"));
	CHECK(pickle_next(text, 13, &op) == OK && op.n == 5);
	CHECK_STR(op.arg, S("q"));
	CHECK(pickle_next(text, 18, &op) == ERR_AGAIN);
	CHECK(pickle_next(str_head(text, 12), 9, &op) == ERR_AGAIN);
	CHECK(pickle_next(S("\xff"), 0, &op) == ERR_SYNTAX);
	CHECK(pickle_next(S("Sx\n"), 0, &op) == ERR_SYNTAX);
	CHECK(pickle_next(S("T\xff\xff\xff\xff"), 0, &op) == ERR_SYNTAX);
	CHECK(pickle_next(S("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), 0, &op) == ERR_AGAIN);
}

TESTS(CASE_ROW(imports), CASE_ROW(counts), CASE_ROW(opcodes))
