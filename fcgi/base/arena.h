/*
 * base/arena.h - memory and foreign objects that end together, e.g. with a request.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing here returns NULL: a request is held far below the arena's limit by the other limits (limits.h), so running
 * out is a fault of ours or of the machine. The process then ends with a message; it is stateless and restarted.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

struct json_object;

struct arena {
	struct arena_block *newest;
	struct arena_owned *owned;
	size_t used_bytes;
	size_t limit_bytes;
};

void arena_init(struct arena *arena, size_t limit_bytes);
/* Releases what it owns, newest first, then the memory. The arena can be used again. */
void arena_release(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size_bytes);      /* zeroed, aligned for anything */
char *arena_strdup(struct arena *arena, const char *text);      /* NULL stays NULL */
char *arena_strndup(struct arena *arena, const char *text, size_t size_bytes);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* Calls release(object) at the arena's end. */
void arena_own(struct arena *arena, void *object, void (*release)(void *object));
/* Gives one reference on `root` to the arena; returns root. NULL is fine. */
struct json_object *arena_own_json(struct arena *arena, struct json_object *root);

#endif
