/*
 * codec/json_names.h - names of one object compared by what they mean, not by how they are written.
 * Ring 0. A part of codec/json.c with a file of its own.
 */
#ifndef CODEC_JSON_NAMES_H
#define CODEC_JSON_NAMES_H

#include "codec/json.h"

/* json_names_cmp orders two strings by their resolved bytes: <0, 0 or >0. The flags say which
 * of them is escaped text that json_parse has accepted. */
int json_names_cmp(struct str a, bool a_esc, struct str b, bool b_esc);

/* json_names_twice gives the second of two equal names in obj, or NULL. n names take n log n
 * comparisons at worst, whatever they are, and no memory that depends on n. obj must be
 * writable: the skip fields of names serve as links meanwhile and are 1 again afterwards. */
const struct json *json_names_twice(struct json *obj);

#endif
