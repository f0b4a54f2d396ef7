/*
 * package/digits.h - numbers of any length as their digits. Ring 0.
 */
#ifndef PACKAGE_DIGITS_H
#define PACKAGE_DIGITS_H

#include "base/str.h"

/* digits_all: s is not empty and has nothing but digits. */
bool digits_all(struct str s);

/* digits_take takes the digits at the front of s. */
struct str digits_take(struct str *s);

/* digits_trim drops leading zeros; 0 becomes "". */
struct str digits_trim(struct str s);

/* digits_cmp orders two trimmed numbers: <0, 0 or >0. */
int digits_cmp(struct str a, struct str b);

#endif
