/* SPDX-License-Identifier: Apache-2.0 */
#include "base/percent.h"

#include <ctype.h>
#include <string.h>

static int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return tolower((unsigned char)digit) - 'a' + 10;
}

char *
percent_decode(struct arena *arena, const char *text, size_t size_bytes, bool is_query)
{
	char *decoded = arena_alloc(arena, size_bytes + 1);
	size_t size = 0;

	for (size_t i = 0; i < size_bytes; i++) {
		bool escape = text[i] == '%' && i + 2 < size_bytes && isxdigit((unsigned char)text[i + 1]) &&
			      isxdigit((unsigned char)text[i + 2]);
		int byte = escape ? hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]) : 0;

		if (escape && byte != 0) {
			decoded[size++] = (char)byte;
			i += 2;
		} else {
			decoded[size++] = is_query && text[i] == '+' ? ' ' : text[i];
		}
	}
	return decoded;
}

void
percent_encode(struct buf *buf, const char *text, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (isalnum(byte) || (byte != '\0' && strchr("-._~", byte) != NULL))
			buf_append(buf, text + i, 1);
		else
			buf_printf(buf, "%%%02X", byte);
	}
}
