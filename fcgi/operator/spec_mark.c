/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/spec_mark.h"

#include <string.h>

/* FNV-1a, 64 bits. */
#define BASIS 0xcbf29ce484222325u
#define PRIME 0x100000001b3u

static uint64_t mark_of(struct json_object *value);

static uint64_t
mix(uint64_t mark, const void *bytes, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++)
		mark = (mark ^ ((const uint8_t *)bytes)[i]) * PRIME;
	return mark;
}

static uint64_t
mix_text(uint64_t mark, const char *text)
{
	/* with its end, so that "ab", "c" is not "a", "bc" */
	return mix(mark, text, strlen(text) + 1);
}

static bool
is_as_if_absent(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return true;
	case json_type_array:
		return json_object_array_length(value) == 0;
	case json_type_object:
		return json_object_object_length(value) == 0;
	default:
		return false;
	}
}

static bool
is_of_no_attempt(const char *field)
{
	return strcmp(field, "suspend") == 0 || strcmp(field, "timeToLiveSeconds") == 0;
}

/* A sum: their order means nothing. */
static uint64_t
mark_of_members(struct json_object *object, bool is_spec)
{
	uint64_t sum = mix_text(BASIS, "{}");

	json_object_object_foreach(object, key, value)
	{
		uint64_t mark = mark_of(value);

		if (!is_as_if_absent(value) && !(is_spec && is_of_no_attempt(key)))
			sum += mix(mix_text(BASIS, key), &mark, sizeof(mark));
	}
	return sum;
}

static uint64_t
mark_of_items(struct json_object *array)
{
	uint64_t mark = mix_text(BASIS, "[]");

	for (size_t i = 0; i < json_object_array_length(array); i++) {
		uint64_t item = mark_of(json_object_array_get_idx(array, i));

		mark = mix(mark, &item, sizeof(item));
	}
	return mark;
}

static uint64_t
mark_of(struct json_object *value)
{
	if (json_object_is_type(value, json_type_object))
		return mark_of_members(value, false);
	if (json_object_is_type(value, json_type_array))
		return mark_of_items(value);
	/* with the quotes: a text is no number */
	return mix_text(BASIS, value == NULL ? "null" : json_text(value));
}

uint32_t
spec_mark(struct json_object *application)
{
	struct json_object *spec = json_member(application, "spec");
	uint64_t mark = json_object_is_type(spec, json_type_object) ? mark_of_members(spec, true) : BASIS;

	return (uint32_t)(mark ^ mark >> 32);
}
