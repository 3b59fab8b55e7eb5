/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

bool
text_is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

bool
text_is_one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (text_is(text, words[i]))
			return true;
	}
	return false;
}

static bool
is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
text_is_dns_label(const char *text, size_t size)
{
	if (size == 0 || size > 63 || !is_lower_or_digit(text[0]) || !is_lower_or_digit(text[size - 1]))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!is_lower_or_digit(text[i]) && text[i] != '-')
			return false;
	}
	return true;
}
