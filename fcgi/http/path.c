/* SPDX-License-Identifier: Apache-2.0 */
#include "http/path.h"

#include <string.h>

#include "base/percent.h"

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
			ret_params[params_count++] = percent_decode(arena, segment, size, false);
		} else if (wanted_size != size || memcmp(wanted, segment, size) != 0) {
			return false;
		}
	}
}
