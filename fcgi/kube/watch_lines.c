/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/watch_lines.h"

#include <string.h>

void
watch_lines_init(struct watch_lines *lines, size_t limit_bytes)
{
	*lines = (struct watch_lines){ 0 };
	buf_init(&lines->bytes, limit_bytes);
}

void
watch_lines_release(struct watch_lines *lines)
{
	buf_release(&lines->bytes);
}

void
watch_lines_reset(struct watch_lines *lines)
{
	buf_reset(&lines->bytes);
	lines->taken_bytes = 0;
	lines->searched_bytes = 0;
}

bool
watch_lines_add(struct watch_lines *lines, const char *bytes, size_t size_bytes)
{
	/* Here and not line by line: moving a full buffer once for each of its lines would be quadratic. */
	if (lines->taken_bytes > 0) {
		buf_consume(&lines->bytes, lines->taken_bytes);
		lines->searched_bytes -= lines->taken_bytes;
		lines->taken_bytes = 0;
	}
	return buf_append(&lines->bytes, bytes, size_bytes);
}

bool
watch_lines_next(struct watch_lines *lines, const char **ret_line, size_t *ret_size_bytes)
{
	while (lines->searched_bytes < lines->bytes.size_bytes) {
		const char *start = lines->bytes.bytes + lines->taken_bytes;
		const char *from = lines->bytes.bytes + lines->searched_bytes;
		const char *newline = memchr(from, '\n', lines->bytes.size_bytes - lines->searched_bytes);

		if (newline == NULL) {
			lines->searched_bytes = lines->bytes.size_bytes;
			return false;
		}
		lines->taken_bytes = (size_t)(newline + 1 - lines->bytes.bytes);
		lines->searched_bytes = lines->taken_bytes;
		if (newline == start)
			continue;
		*ret_line = start;
		*ret_size_bytes = (size_t)(newline - start);
		return true;
	}
	return false;
}
