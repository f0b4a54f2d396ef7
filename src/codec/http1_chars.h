/*
 * codec/http1_chars.h - what the bytes of HTTP/1.1 are, for its readers in this directory. Ring 0.
 */
#ifndef CODEC_HTTP1_CHARS_H
#define CODEC_HTTP1_CHARS_H

#include <stdbool.h>
#include <stdint.h>

enum { IS_TOKEN = 1, IS_TARGET = 2, IS_HOST = 4 };

/* '"', '#', '<', '>' and '\' are no part of a target: readers differ in what they make of them. */
static const uint8_t class_of[256] = {
	['0' ... '9'] = IS_TOKEN | IS_TARGET | IS_HOST,
	['A' ... 'Z'] = IS_TOKEN | IS_TARGET | IS_HOST,
	['a' ... 'z'] = IS_TOKEN | IS_TARGET | IS_HOST,
	['-'] = IS_TOKEN | IS_TARGET | IS_HOST,
	['.'] = IS_TOKEN | IS_TARGET | IS_HOST,
	['_'] = IS_TOKEN | IS_TARGET | IS_HOST,
	[':'] = IS_TARGET | IS_HOST,
	['['] = IS_TARGET | IS_HOST,
	[']'] = IS_TARGET | IS_HOST,
	['!'] = IS_TOKEN | IS_TARGET,
	['$'] = IS_TOKEN | IS_TARGET,
	['%'] = IS_TOKEN | IS_TARGET,
	['&'] = IS_TOKEN | IS_TARGET,
	['\''] = IS_TOKEN | IS_TARGET,
	['*'] = IS_TOKEN | IS_TARGET,
	['+'] = IS_TOKEN | IS_TARGET,
	['^'] = IS_TOKEN | IS_TARGET,
	['`'] = IS_TOKEN | IS_TARGET,
	['|'] = IS_TOKEN | IS_TARGET,
	['~'] = IS_TOKEN | IS_TARGET,
	['#'] = IS_TOKEN,
	['('] = IS_TARGET,
	[')'] = IS_TARGET,
	[','] = IS_TARGET,
	['/'] = IS_TARGET,
	[';'] = IS_TARGET,
	['='] = IS_TARGET,
	['?'] = IS_TARGET,
	['@'] = IS_TARGET,
	['{'] = IS_TARGET,
	['}'] = IS_TARGET,
};

/* is: c is of one of these classes. */
static inline bool is(char c, unsigned classes)
{
	return (class_of[(unsigned char)c] & classes) != 0;
}

/* is_control: c may stand in no text; a tab may. */
static inline bool is_control(char c)
{
	unsigned char u = (unsigned char)c;

	return (u < 0x20 && u != '\t') || u == 0x7f;
}

#endif
