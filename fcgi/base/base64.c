/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static int
digit_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '+')
		return 62;
	return digit == '/' ? 63 : -1;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
base64_decode(struct arena *arena, const char *text, char **ret_bytes, size_t *ret_size_bytes)
{
	char *bytes = arena_alloc(arena, strlen(text) / 4 * 3 + 4);
	size_t size_bytes = 0, digits = 0, pads = 0;
	uint32_t bits = 0;

	for (; *text != '\0'; text++) {
		int value = digit_value(*text);

		if (is_space(*text))
			continue;
		if (*text == '=')
			pads++;
		else if (value < 0 || pads > 0)
			return false;
		bits = bits << 6 | (value < 0 ? 0 : (uint32_t)value);
		if (++digits % 4 != 0)
			continue;
		bytes[size_bytes++] = (char)(bits >> 16 & 0xff);
		bytes[size_bytes++] = (char)(bits >> 8 & 0xff);
		bytes[size_bytes++] = (char)(bits & 0xff);
	}
	if (digits % 4 != 0 || pads > 2)
		return false;
	bytes[size_bytes - pads] = '\0';
	*ret_bytes = bytes;
	*ret_size_bytes = size_bytes - pads;
	return true;
}
