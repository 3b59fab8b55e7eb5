/* SPDX-License-Identifier: Apache-2.0 */
#include "http/path.h"

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
path_decode(struct arena *arena, const char *text, size_t size_bytes, bool is_query)
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

/* The next segment of a path: its start and size; size 0 at the end. */
static const char *
next_segment(const char **path, size_t *ret_size)
{
	const char *segment = *path + strspn(*path, "/");

	*ret_size = strcspn(segment, "/");
	*path = segment + *ret_size;
	return segment;
}

bool
path_match(struct arena *arena, const char *template, const char *path, const char **ret_params)
{
	size_t params_count = 0;

	for (;;) {
		size_t wanted_size, size;
		const char *wanted = next_segment(&template, &wanted_size);
		const char *segment = next_segment(&path, &size);

		if (wanted_size == 1 && wanted[0] == '*')
			return true;
		if (wanted_size == 0 || size == 0)
			return wanted_size == size;
		if (wanted[0] == '{') {
			if (params_count == PATH_PARAMS_MAX)
				return false;
			ret_params[params_count++] = path_decode(arena, segment, size, false);
		} else if (wanted_size != size || memcmp(wanted, segment, size) != 0) {
			return false;
		}
	}
}
