/* SPDX-License-Identifier: Apache-2.0 */
#include "http/path.h"

#include <string.h>

#include "base/percent.h"

/* The next segment of a path: its start and size; size 0 at the end. */
static const char *
next_segment(const char **path, size_t *ret_size)
{
	const char *segment = *path, *end;

	while (*segment == '/')
		segment++;
	end = segment;
	while (*end != '\0' && *end != '/')
		end++;
	*ret_size = (size_t)(end - segment);
	*path = end;
	return segment;
}

struct segment {
	const char *text;
	size_t size;
};

/* Only of a path that matched: templates are tried one after the other. */
static bool
decode_params(struct arena *arena, const struct segment *params, size_t count, const char **ret_params)
{
	for (size_t i = 0; i < count; i++)
		ret_params[i] = percent_decode(arena, params[i].text, params[i].size, false);
	return true;
}

bool
path_match(struct arena *arena, const char *template, const char *path, const char **ret_params)
{
	struct segment params[PATH_PARAMS_MAX];
	size_t params_count = 0;

	for (;;) {
		size_t wanted_size, size;
		const char *wanted = next_segment(&template, &wanted_size);
		const char *segment = next_segment(&path, &size);

		if (wanted_size == 1 && wanted[0] == '*')
			return decode_params(arena, params, params_count, ret_params);
		if (wanted_size == 0 || size == 0)
			return wanted_size == size && decode_params(arena, params, params_count, ret_params);
		if (wanted[0] == '{') {
			if (params_count == PATH_PARAMS_MAX)
				return false;
			params[params_count++] = (struct segment){ segment, size };
		} else if (wanted_size != size || memcmp(wanted, segment, size) != 0) {
			return false;
		}
	}
}
