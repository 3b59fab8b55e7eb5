/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <json-c/json.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8192
#define PRINTF_FIRST_BYTES 256

struct arena_block {
	struct arena_block *older;
	size_t used_bytes;
	size_t size_bytes;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena_owned {
	struct arena_owned *older;
	void *object;
	void (*release)(void *object);
};

void
arena_init(struct arena *arena, size_t limit_bytes)
{
	*arena = (struct arena){ .limit_bytes = limit_bytes };
}

void
arena_release(struct arena *arena)
{
	size_t limit_bytes = arena->limit_bytes;

	for (struct arena_owned *owned = arena->owned; owned != NULL; owned = owned->older)
		owned->release(owned->object);
	for (struct arena_block *block = arena->newest; block != NULL;) {
		struct arena_block *older = block->older;

		free(block);
		block = older;
	}
	arena_init(arena, limit_bytes);
}

static void
grow(struct arena *arena, size_t need_bytes)
{
	size_t size_bytes = need_bytes > BLOCK_BYTES ? need_bytes : BLOCK_BYTES;
	struct arena_block *block = NULL;

	if (size_bytes <= arena->limit_bytes - arena->used_bytes)
		block = malloc(sizeof(*block) + size_bytes);
	if (block == NULL) {
		fprintf(stderr, "level=error event=out_of_memory used_bytes=%zu wanted_bytes=%zu limit_bytes=%zu\n",
			arena->used_bytes, size_bytes, arena->limit_bytes);
		abort();
	}
	*block = (struct arena_block){ .older = arena->newest, .size_bytes = size_bytes };
	arena->newest = block;
	arena->used_bytes += size_bytes;
}

void *
arena_alloc(struct arena *arena, size_t size_bytes)
{
	size_t rounded = (size_bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *memory;

	if (rounded < size_bytes)
		rounded = SIZE_MAX;
	if (arena->newest == NULL || arena->newest->size_bytes - arena->newest->used_bytes < rounded)
		grow(arena, rounded);
	memory = arena->newest->bytes + arena->newest->used_bytes;
	arena->newest->used_bytes += rounded;
	return memset(memory, 0, rounded);
}

char *
arena_strndup(struct arena *arena, const char *text, size_t size_bytes)
{
	char *copy = arena_alloc(arena, size_bytes + 1);

	if (size_bytes > 0)
		memcpy(copy, text, size_bytes);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_strndup(arena, text, strlen(text));
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	char first[PRINTF_FIRST_BYTES], *text;
	va_list arguments, again;
	int size;

	va_start(arguments, format);
	va_copy(again, arguments);
	/* mostly it fits, and is printed once */
	size = vsnprintf(first, sizeof(first), format, arguments);
	va_end(arguments);
	text = arena_alloc(arena, (size_t)size + 1);
	if ((size_t)size < sizeof(first))
		memcpy(text, first, (size_t)size);
	else
		vsnprintf(text, (size_t)size + 1, format, again);
	va_end(again);
	return text;
}

void
arena_own(struct arena *arena, void *object, void (*release)(void *object))
{
	struct arena_owned *owned = arena_alloc(arena, sizeof(*owned));

	*owned = (struct arena_owned){ .older = arena->owned, .object = object, .release = release };
	arena->owned = owned;
}

static void
put_json(void *root)
{
	json_object_put(root);
}

struct json_object *
arena_own_json(struct arena *arena, struct json_object *root)
{
	if (root != NULL)
		arena_own(arena, root, put_json);
	return root;
}
