/*
 * codec/json.h - one strict JSON parser for policy and for forwarding: what we judge is what we
 * send. Ring 0. RFC 8259, with everything two readers could understand differently refused:
 * duplicate names in one object (compared after escapes are resolved), bad UTF-8, lone surrogates,
 * a byte order mark, control characters in strings, trailing bytes, nesting past LIMIT_JSON_DEPTH.
 *
 * A parsed text is an array of values in document order. Each value knows where its source bytes
 * are and how many values its subtree has, so walking needs nothing but a pointer:
 *
 *	JSON_EACH_ITEM(arr, it)         ... it is each element
 *	JSON_EACH_MEMBER(obj, key)      ... key is the name, key + 1 its value
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING, /* also a member's name */
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json {
	const char *p;      /* source: what is between the quotes of a string, else all of it */
	uint32_t n;         /* bytes at p */
	uint32_t type : 3;  /* enum json_type */
	uint32_t esc : 1;   /* a string that contains a backslash */
	uint32_t skip : 28; /* values in this subtree, itself included: v + v->skip follows */
};

/* json_parse reads all of src into toks. On OK toks[0] is the root and *out_n the number of
 * values, all pointing into src. ERR_SYNTAX, or ERR_LIMIT for too deep or more than cap values;
 * *out_at (may be NULL) is then the offset of the first offending byte. */
MUST_USE enum err json_parse(struct str src, struct json *toks, size_t cap, size_t *out_n,
			     size_t *out_at);

/* json_read is json_parse into memory of the arena: *out is the root. */
MUST_USE enum err json_read(struct arena *a, struct str src, const struct json **out,
			    size_t *out_at);

/* json_skim is json_read of an object in which only some members matter: deep lists their names,
 * up to an empty one. Arrays and objects of the other members are passed over as one value each,
 * without looking at what they contain; everything else is as strict. For texts that are forwarded
 * as they are and of which nothing is believed but what is looked at. */
MUST_USE enum err json_skim(struct arena *a, struct str src, const struct str *deep,
			    const struct json **out);

#define JSON_EACH_ITEM(arr, it)                                                     \
	for (const struct json *it = (arr) + 1, *it##_end = (arr) + (arr)->skip;    \
	     it < it##_end; it += it->skip)
#define JSON_EACH_MEMBER(obj, key)                                                  \
	for (const struct json *key = (obj) + 1, *key##_end = (obj) + (obj)->skip;  \
	     key < key##_end; key += 1 + key[1].skip)

/* json_get gives the value of the member called name, or NULL when there is none or v is NULL or no
 * object. name is compared with the resolved name. */
const struct json *json_get(const struct json *v, struct str name);

/* json_is: v is not NULL and of type t. */
bool json_is(const struct json *v, enum json_type t);

/* json_count gives the number of items or members. */
size_t json_count(const struct json *v);

/* json_raw gives the source text of any value, quotes of a string included. */
struct str json_raw(const struct json *v);

/* json_esc gives what is between the quotes, escapes kept, of a string; else (NULL too) "".
 * Ready for jw_esc: between two JSON texts strings are moved without resolving their escapes. */
struct str json_esc(const struct json *v);

/* json_str_eq compares a string's resolved content with s; false for anything but a string. */
bool json_str_eq(const struct json *v, struct str s);

/* json_str resolves a string's escapes. Without escapes the result points into the source,
 * otherwise into the arena. p is NULL when v is no string or the arena is spent. */
struct str json_str(struct arena *a, const struct json *v);

/* json_unescape appends the resolved form of the escaped text esc (which json_parse accepted)
 * to out. */
void json_unescape(struct buf *out, struct str esc);

/* json_bool: true for JSON_TRUE only. */
bool json_bool(const struct json *v);

/* json_i64 reads an integral number; ERR_SYNTAX for anything else (1.0 and 1e2 are integral). */
MUST_USE enum err json_i64(const struct json *v, int64_t *out);

#endif
