/*
 * base/ascii.h - classes of ASCII characters, without a locale. Ring 0. What is past ASCII is in
 * none of them.
 */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ascii_lower gives a capital's small letter, and all else as it is. */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool ascii_letter(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static inline bool ascii_alnum(char c)
{
	return ascii_letter(c) || ascii_digit(c);
}

#endif
