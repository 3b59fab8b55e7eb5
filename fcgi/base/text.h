/*
 * base/text.h - a text held against known words.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* `text` may be NULL, which is no word. */
bool text_is(const char *text, const char *word);

/* words[count] */
bool text_is_one_of(const char *text, const char *const *words, size_t count);

#endif
