/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

static size_t
size_by_lead(unsigned char lead)
{
	if (lead == 0)
		return 0;
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead >= 0xf5)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t
utf8_character_size(const char *text, size_t size_bytes)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t size = size_bytes == 0 ? 0 : size_by_lead(byte[0]);

	if (size == 0 || size > size_bytes)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	}
	/* longer than needed, surrogates, beyond U+10FFFF */
	if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f) ||
	    (byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
		return 0;
	return size;
}

bool
utf8_is_valid(const char *text)
{
	size_t left_bytes = strlen(text);

	while (left_bytes > 0) {
		size_t size = utf8_character_size(text, left_bytes);

		if (size == 0)
			return false;
		text += size;
		left_bytes -= size;
	}
	return true;
}

bool
utf8_is_name(const char *text, size_t most_bytes)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return size > 0 && size <= most_bytes && utf8_is_valid(text);
}

void
utf8_drop_partial(char *text)
{
	size_t end = strlen(text), after_lead = end;
	unsigned char lead;

	while (after_lead > 0 && ((unsigned char)text[after_lead - 1] & 0xc0) == 0x80)
		after_lead--;
	lead = after_lead > 0 ? (unsigned char)text[after_lead - 1] : 0;
	if (lead >= 0xc0 && after_lead - 1 + (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2) > end)
		text[after_lead - 1] = '\0';
}
