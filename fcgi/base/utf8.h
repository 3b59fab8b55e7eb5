/*
 * base/utf8.h - is it UTF-8? PostgreSQL and JSON hold nothing else.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The size of the character at text, or 0 when there is none: not UTF-8, cut short, or NUL (Unicode 15, table 3-7). */
size_t utf8_character_size(const char *text, size_t size_bytes);

bool utf8_is_valid(const char *text);

/* 1 to most_bytes of it, and no control character: it can stand in a row, a log line and an environment variable. */
bool utf8_is_name(const char *text, size_t most_bytes);

/* After a text was cut to fit: drops the character at its end that is not whole any more. */
void utf8_drop_partial(char *text);

#endif
