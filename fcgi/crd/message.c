/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd_priv.h"

#include <string.h>

#include "base/limits.h"

/* "\tat org.apache.spark...", "\t... 12 more": nine tenths of spark-submit's stderr, between the lines that say what failed. */
static bool
is_stack_frame(const char *line)
{
	return strncmp(line, "\tat ", 4) == 0 || strncmp(line, "\t... ", 5) == 0;
}

static const char *
without_stack_frames(struct arena *arena, const char *message)
{
	char *text = arena_alloc(arena, strlen(message) + 1), *end = text;
	size_t size;

	for (; *message != '\0'; message += size) {
		size = strcspn(message, "\n");
		size += message[size] == '\n' ? 1 : 0;
		if (!is_stack_frame(message)) {
			memcpy(end, message, size);
			end += size;
		}
	}
	return text;
}

/* spark-submit's stderr can be tens of KB; what went wrong stands at its end, what it was about at its beginning. */
const char *
crd_shorten(struct arena *arena, const char *whole)
{
	const char *message = without_stack_frames(arena, whole);
	size_t size = strlen(message);
	size_t head = LIMIT_MESSAGE_BYTES / 4, tail = LIMIT_MESSAGE_BYTES / 2;

	if (size <= LIMIT_MESSAGE_BYTES)
		return message;
	/* a cut inside a UTF-8 character would make the text unfit for the database */
	while (head > 0 && ((unsigned char)message[head] & 0xc0) == 0x80)
		head--;
	while (tail > 0 && ((unsigned char)message[size - tail] & 0xc0) == 0x80)
		tail--;
	return arena_printf(arena, "%.*s\n... (%zu bytes left out) ...\n%s", (int)head, message, size - head - tail,
			    message + size - tail);
}
