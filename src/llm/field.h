/*
 * llm/field.h - members of an object by a table: types checked, unknown names kept. Ring 0, pure.
 */
#ifndef LLM_FIELD_H
#define LLM_FIELD_H

#include "llm/llm.h"

/* What a member's value must be, and what is stored at its offset. A null is an absent member. */
enum field_kind {
	FIELD_ESC,   /* a string: struct str, esc */
	FIELD_RAW,   /* anything: struct str, raw */
	FIELD_NUM,   /* a number: struct str, raw */
	FIELD_INT,   /* an integral number, also written as a string: int64_t */
	FIELD_COUNT, /* an integral number that is not negative: int64_t */
	FIELD_BOOL,  /* bool */
	FIELD_TRI,   /* a boolean: enum llm_tri */
	FIELD_OBJ,   /* an object: const struct json * */
	FIELD_LIST,  /* an array: const struct json * */
	FIELD_ANY,   /* const struct json * */
	FIELD_SKIP,  /* anything; nothing is stored */
};

struct llm_field {
	struct str name;
	enum field_kind kind;
	size_t at;
};

#define LLM_FIELD(type, member, json_name, kind) \
	{ SC(json_name), (kind), offsetof(struct type, member) }

/* Where a reader stands. Members that no table knows are added to extras under prefix. */
struct llm_at {
	struct arena *a;
	struct diag *d;
	struct str prefix;	   /* plain, dotted, with its last dot; "" at the top */
	struct llm_extra **extras; /* NULL: unknown members are ignored */
	bool lenient;		   /* of answers: a member of the wrong type is taken as unknown */
	bool camel;		   /* names are camelCase; their snake_case is the same member */
	unsigned depth;		   /* of what can stand within its like */
};

/* llm_read reads the object v by the table of n rows into the struct at to. ERR_SYNTAX names the
 * member of a wrong type, or the one that came in both spellings; ERR_LIMIT: a request with more
 * unknown names than anybody has. */
MUST_USE enum err llm_read(const struct llm_at *at, const struct json *v,
			   const struct llm_field *rows, size_t n, void *to);
#define LLM_READ(at, v, rows, to)                                                                  \
	llm_read((at), (v), (rows), sizeof(rows) / sizeof((rows)[0]), (to))

/* llm_unknown adds prefix.name to the extras, once for each name. */
MUST_USE enum err llm_unknown(const struct llm_at *at, struct str name, struct str raw);

/* llm_bad sets the diag: the field prefix.name must be what. */
enum err llm_bad(const struct llm_at *at, struct str name, const char *what);

/* llm_under gives the place called prefix. */
struct llm_at llm_under(const struct llm_at *at, struct str prefix);

#endif
