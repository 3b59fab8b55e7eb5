/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/ids.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "operator/spec_mark.h"

#define UUID_BYTES 16
/* What an id tells beside the uid, and where: away from a UUID's version and variant, in bytes 6 and 8. */
#define MARK_AT 0
#define MARK_BYTES 4
#define GENERATION_AT 9
#define GENERATION_BYTES 3
#define GENERATION_MASK 0xffffffu
#define ATTEMPT_AT 12
#define ATTEMPT_BYTES 4

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

/* The object's uid, marked as a UUID of one's own making (RFC 9562, version 8). */
static bool
read_base(struct json_object *application, uint8_t id[UUID_BYTES])
{
	if (!read_uuid(json_string_at(application, "metadata", "uid", NULL), id))
		return false;
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x80);
	return true;
}

/* Adds a number to those bytes of an id, or takes it out again. */
static void
blend(uint8_t *bytes, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		bytes[count - 1 - i] ^= (uint8_t)(number >> (8 * i));
}

static uint32_t
number_at(const uint8_t *bytes, size_t count)
{
	uint32_t number = 0;

	for (size_t i = 0; i < count; i++)
		number = number << 8 | bytes[i];
	return number;
}

static struct submission_origin
origin_now(struct json_object *application, int attempt)
{
	int64_t generation = json_int(json_member(application, "metadata"), "generation", 0);

	return (struct submission_origin){
		.attempt = attempt,
		.generation = (uint32_t)generation & GENERATION_MASK,
		.spec_mark = spec_mark(application),
	};
}

bool
operator_ids(struct arena *arena, struct json_object *application, int attempt, struct submission_ids *ret_ids,
	     struct err *err)
{
	const char *name = json_string_at(application, "metadata", "name", NULL);
	const struct submission_origin origin = origin_now(application, attempt);
	uint8_t id[UUID_BYTES];
	const char *digits;

	if (name == NULL || !read_base(application, id))
		return err_set(err, ERR_INVALID, "the application has no name, or its uid is no UUID");
	blend(id + MARK_AT, MARK_BYTES, origin.spec_mark);
	blend(id + GENERATION_AT, GENERATION_BYTES, origin.generation);
	blend(id + ATTEMPT_AT, ATTEMPT_BYTES, (uint32_t)attempt);
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

bool
operator_read_id(struct json_object *application, const char *submission_id, struct submission_origin *ret_origin)
{
	static const uint8_t nothing[UUID_BYTES];
	uint8_t id[UUID_BYTES], base[UUID_BYTES];

	if (!read_uuid(submission_id, id) || !read_base(application, base))
		return false;
	for (size_t i = 0; i < UUID_BYTES; i++)
		id[i] ^= base[i];
	*ret_origin = (struct submission_origin){
		.attempt = (int)number_at(id + ATTEMPT_AT, ATTEMPT_BYTES),
		.generation = number_at(id + GENERATION_AT, GENERATION_BYTES),
		.spec_mark = number_at(id + MARK_AT, MARK_BYTES),
	};
	/* the bytes between are the uid's alone */
	return memcmp(id + MARK_AT + MARK_BYTES, nothing, GENERATION_AT - MARK_BYTES) == 0;
}

bool
operator_spec_is_changed(struct json_object *application, const struct submission_origin *origin)
{
	const struct submission_origin now = origin_now(application, origin->attempt);

	return now.generation != origin->generation && now.spec_mark != origin->spec_mark;
}

bool
operator_is_later(struct json_object *application, const char *submission_id, int attempt)
{
	const struct submission_origin now = origin_now(application, attempt);
	struct submission_origin origin;

	if (!operator_read_id(application, submission_id, &origin))
		return false;
	/* attempts are counted anew only for a new spec, which has a higher generation */
	return origin.generation > now.generation || (origin.generation == now.generation && origin.attempt > attempt);
}
