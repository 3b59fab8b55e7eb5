/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/ids.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"

#define UUID_BYTES 16

static bool
read_uuid(const char *text, uint8_t bytes[UUID_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	size_t count = 0;

	memset(bytes, 0, UUID_BYTES);
	for (; text != NULL && *text != '\0' && count < 2 * UUID_BYTES; text++) {
		const char *digit = strchr(digits, tolower((unsigned char)*text));

		if (*text == '-')
			continue;
		if (digit == NULL)
			return false;
		bytes[count / 2] = (uint8_t)(bytes[count / 2] << 4 | (digit - digits));
		count++;
	}
	return text != NULL && *text == '\0' && count == 2 * UUID_BYTES;
}

static const char *
hex(struct arena *arena, const uint8_t *bytes, size_t count)
{
	char *text = arena_alloc(arena, 2 * count + 1);

	for (size_t i = 0; i < count; i++) {
		text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 0xf];
	}
	return text;
}

bool
operator_ids(struct arena *arena, struct json_object *application, int attempt, struct submission_ids *ret_ids,
	     struct err *err)
{
	const char *name = json_string_at(application, "metadata", "name", NULL);
	uint8_t id[UUID_BYTES];
	const char *digits;

	if (name == NULL || !read_uuid(json_string_at(application, "metadata", "uid", NULL), id))
		return err_set(err, ERR_INVALID, "the application has no name, or its uid is no UUID");
	/* The object's uid with the attempt in its last digits, marked as a UUID of one's own making (RFC 9562, version 8). */
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x80);
	for (int i = 0; i < 4; i++)
		id[UUID_BYTES - 1 - i] ^= (uint8_t)((uint32_t)attempt >> (8 * i));
	digits = hex(arena, id, UUID_BYTES);
	*ret_ids = (struct submission_ids){
		.submission_id = arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%s", digits, digits + 8, digits + 12,
					      digits + 16, digits + 20),
		.app_id = arena_printf(arena, "spark-%s", digits),
		.resource_prefix = crd_submission_resource_prefix(arena, application, digits + UUID_BYTES),
		.driver_pod = crd_submission_driver_pod(arena, application),
	};
	return true;
}
