/*
 * inspect/words.h - names that mean something to the walk: keywords, and last parts of what the
 * tables of effects know. Ring 0.
 */
#ifndef INSPECT_WORDS_H
#define INSPECT_WORDS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* X(code, "spelling"): keywords, by whose they are: behind those of the second, third and fourth
 * list a parenthesis calls nothing. Then methods that add to what they are called on. */
#define WORDS_PLAIN(X)                                                                             \
	X(W_DEF, "def")                                                                            \
	X(W_CLASS, "class") X(W_IMPORT, "import") X(W_FROM, "from") X(W_AS, "as")                  \
		X(W_LAMBDA, "lambda") X(W_OF, "of") X(W_ASYNC, "async") X(W_TRY, "try")            \
			X(W_FINALLY, "finally") X(W_VAR, "var") X(W_LET, "let")                    \
				X(W_CONST, "const") X(W_EXPORT, "export")
#define WORDS_BOTH(X)                                                                              \
	X(W_IF, "if")                                                                              \
	X(W_ELSE, "else") X(W_FOR, "for") X(W_WHILE, "while") X(W_WITH, "with") X(W_IN, "in")      \
		X(W_RETURN, "return") X(W_AWAIT, "await") X(W_YIELD, "yield")
#define WORDS_PYTHON(X)                                                                            \
	X(W_NOT, "not")                                                                            \
	X(W_AND, "and") X(W_OR, "or") X(W_IS, "is") X(W_ELIF, "elif") X(W_EXCEPT, "except")        \
		X(W_DEL, "del") X(W_ASSERT, "assert") X(W_RAISE, "raise")
#define WORDS_JAVASCRIPT(X)                                                                        \
	X(W_FUNCTION, "function")                                                                  \
	X(W_NEW, "new") X(W_TYPEOF, "typeof") X(W_CASE, "case") X(W_VOID, "void")                  \
		X(W_DELETE, "delete") X(W_DO, "do") X(W_THROW, "throw")                            \
			X(W_INSTANCEOF, "instanceof") X(W_CATCH, "catch") X(W_SWITCH, "switch")
#define WORDS_VALUES(X)                                                                            \
	X(W_NONE, "None") X(W_TRUE, "True") X(W_FALSE, "False") X(W_NAME, "__name__")
#define WORDS_METHODS(X)                                                                           \
	X(W_APPEND, "append")                                                                      \
	X(W_EXTEND, "extend") X(W_UPDATE, "update") X(W_PUSH, "push") X(W_ADD, "add")              \
		X(W_WRITE, "write") X(W_ASSIGN, "assign") X(W_TARGET, "target")                    \
			X(W_DECODE, "decode")
#define WORD_LIST(X)                                                                               \
	WORDS_PLAIN(X)                                                                             \
	WORDS_BOTH(X) WORDS_PYTHON(X) WORDS_JAVASCRIPT(X) WORDS_VALUES(X) WORDS_METHODS(X)

#define X(code, text) code,
enum word { W_OTHER, WORD_LIST(X) W_EFFECT };
#undef X

struct words {
	struct word_slot {
		const char *p;
		uint32_t hash;
		uint16_t word;
		uint8_t n;
	} * slots;
};

/* words_init builds the table in a: the list above, and effects (their last parts) as W_EFFECT. */
MUST_USE enum err words_init(struct words *w, struct arena *a);

/* words_add makes one more name known as word; a name that is known stays what it was. */
void words_add(struct words *w, struct str name, enum word word);

/* words_find gives a name's word; W_OTHER for most. hash is its name_hash. */
enum word words_find(const struct words *w, const char *p, size_t n, uint32_t hash);

#endif
