/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <ctype.h>
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

bool
text_is_label_value(const char *text)
{
	size_t size = strlen(text);

	if (size == 0 || size > 63 || !isalnum((unsigned char)text[0]) || !isalnum((unsigned char)text[size - 1]))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL)
			return false;
	}
	return true;
}

bool
text_is_dns_name(const char *text, size_t size)
{
	const char *end = text + size;

	if (size == 0 || size > 253)
		return false;
	for (const char *label = text; label <= end;) {
		const char *dot = memchr(label, '.', (size_t)(end - label));
		size_t length = (size_t)((dot == NULL ? end : dot) - label);

		if (!text_is_dns_label(label, length))
			return false;
		label += length + 1;
	}
	return true;
}

bool
text_is_label_key(const char *text)
{
	const char *slash = strchr(text, '/');

	if (slash == NULL)
		return text_is_label_value(text);
	return text_is_dns_name(text, (size_t)(slash - text)) && text_is_label_value(slash + 1);
}

size_t
text_int(char ret_digits[TEXT_INT_BYTES], int64_t number)
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char backwards[TEXT_INT_BYTES];
	size_t count = 0, size = 0;

	do {
		backwards[count++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0)
		backwards[count++] = '-';
	while (count > 0)
		ret_digits[size++] = backwards[--count];
	ret_digits[size] = '\0';
	return size;
}
