/*
 * base/text.h - a text held against known words, and a number as text.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "-9223372036854775808" and a NUL */
#define TEXT_INT_BYTES 21

/* `text` may be NULL, which is no word. */
bool text_is(const char *text, const char *word);

/* words[count] */
bool text_is_one_of(const char *text, const char *const *words, size_t count);

/* text[size]: 1 to 63 of a-z, 0-9 and '-', with no '-' at either end (RFC 1123, and what Kubernetes makes of it). */
bool text_is_dns_label(const char *text, size_t size);

/* text[size]: such labels with dots between, 253 at most. */
bool text_is_dns_name(const char *text, size_t size);

/* Kubernetes' label values, not empty: 63 at most of letters, digits, '-', '_' and '.', a letter or digit at either end. */
bool text_is_label_value(const char *text);

/* Kubernetes' keys of labels and taints: such a text, and before it, with a '/', a DNS name may stand. */
bool text_is_label_key(const char *text);

/* The decimal digits of a number, with a NUL after them. Returns how many bytes they have. */
size_t text_int(char ret_digits[TEXT_INT_BYTES], int64_t number);

#endif
