/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

static void
free_tokener(struct json_tokener **tokener)
{
	if (*tokener != NULL)
		json_tokener_free(*tokener);
}

void
json_put_auto(struct json_object **root)
{
	json_object_put(*root);
}

static bool
parse_failed(struct json_tokener *tokener, enum json_tokener_error error, struct err *err)
{
	if (error == json_tokener_continue)
		return err_set(err, ERR_INVALID, "the body is not complete JSON: it ends in the middle of a value");
	if (error == json_tokener_error_depth)
		return err_set(err, ERR_INVALID, "the body's JSON is nested more than %d levels deep", LIMIT_JSON_DEPTH);
	return err_set(err, ERR_INVALID, "the body is not JSON: %s at byte %zu", json_tokener_error_desc(error),
		       json_tokener_get_parse_end(tokener));
}

/* "007": json-c reads 7. A zero inside a number, be it of an exponent, leads nothing. */
static bool
is_leading_zero(const char *bytes, size_t size_bytes, size_t at)
{
	size_t before = at > 0 && bytes[at - 1] == '-' ? at - 1 : at;

	return bytes[at] == '0' && at + 1 < size_bytes && isdigit((unsigned char)bytes[at + 1]) &&
	       (before == 0 || (!isdigit((unsigned char)bytes[before - 1]) && strchr(".eE+", bytes[before - 1]) == NULL));
}

/*
 * json-c's strict mode still takes what no JSON has: 'single quotes', NaN, Infinity, "1.", "01", bare control characters
 * in strings, and UTF-8 in more bytes than it needs. Returns the offset of the first of these in a value that json-c has
 * read, or size_bytes.
 */
static size_t
find_loose_byte(const char *bytes, size_t size_bytes)
{
	bool in_string = false;

	for (size_t i = 0; i < size_bytes; i++) {
		size_t size = (unsigned char)bytes[i] < 0x80 ? 1 : utf8_character_size(bytes + i, size_bytes - i);

		if (size == 0 || (in_string && (unsigned char)bytes[i] < 0x20))
			return i;
		if (size > 1)
			i += size - 1;
		else if (in_string && bytes[i] == '\\')
			i++;
		else if (bytes[i] == '"')
			in_string = !in_string;
		else if (!in_string && (bytes[i] == '\'' || bytes[i] == 'N' || bytes[i] == 'I'))
			return i;
		else if (!in_string && bytes[i] == '.' && (i + 1 == size_bytes || !isdigit((unsigned char)bytes[i + 1])))
			return i;
		else if (!in_string && is_leading_zero(bytes, size_bytes, i))
			return i;
	}
	return size_bytes;
}

bool
json_parse(const char *bytes, size_t size_bytes, struct json_object **ret_root, struct err *err)
{
	AUTO(free_tokener) struct json_tokener *tokener = json_tokener_new_ex(LIMIT_JSON_DEPTH);
	struct json_object *root;
	enum json_tokener_error error;
	size_t read_bytes, loose_at;

	if (tokener == NULL)
		return err_set(err, ERR_INTERNAL, "no memory to parse JSON");
	if (size_bytes >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		size_bytes -= 3;
	}
	if (size_bytes > INT_MAX)
		return err_set(err, ERR_TOO_LARGE, "the body is too large");
	/* Strict would also refuse what follows the value, which Livy ignores: that flag is separate. */
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS |
					JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, bytes, (int)size_bytes);
	error = json_tokener_get_error(tokener);
	read_bytes = error == json_tokener_success ? json_tokener_get_parse_end(tokener) : size_bytes;
	if (error == json_tokener_continue && size_bytes > 0) {
		/* A bare number ends only where something else begins: show the tokener an end. */
		root = json_tokener_parse_ex(tokener, "", 1);
		error = json_tokener_get_error(tokener);
		if (error != json_tokener_success)
			error = json_tokener_continue;
	}
	if (error != json_tokener_success) {
		json_object_put(root);
		return parse_failed(tokener, error, err);
	}
	loose_at = find_loose_byte(bytes, read_bytes);
	if (loose_at < read_bytes) {
		json_object_put(root);
		return err_set(err, ERR_INVALID, "the body is not JSON: unexpected character at byte %zu", loose_at);
	}
	*ret_root = root;
	return true;
}

bool
json_has_nul_escape(const char *json)
{
	for (const char *at = strchr(json, '\\'); at != NULL; at = strchr(at + 2, '\\')) {
		if (strncmp(at, "\\u0000", 6) == 0)
			return true;
	}
	return false;
}

struct json_object *
json_member(const struct json_object *object, const char *key)
{
	struct json_object *member = NULL;

	if (object == NULL || !json_object_is_type(object, json_type_object))
		return NULL;
	json_object_object_get_ex(object, key, &member);
	return member;
}

static const char *
as_string(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

const char *
json_string(const struct json_object *object, const char *key)
{
	return as_string(json_member(object, key));
}

int64_t
json_int(const struct json_object *object, const char *key, int64_t fallback)
{
	struct json_object *member = json_member(object, key);

	return json_object_is_type(member, json_type_int) ? json_object_get_int64(member) : fallback;
}

size_t
json_count(const struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static struct json_object *
walk(struct json_object *root, va_list keys)
{
	const char *key;

	while (root != NULL && (key = va_arg(keys, const char *)) != NULL)
		root = json_member(root, key);
	return root;
}

struct json_object *
json_at(struct json_object *root, ...)
{
	va_list keys;

	va_start(keys, root);
	root = walk(root, keys);
	va_end(keys);
	return root;
}

const char *
json_string_at(struct json_object *root, ...)
{
	va_list keys;

	va_start(keys, root);
	root = walk(root, keys);
	va_end(keys);
	return as_string(root);
}

void
json_add_string(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text == NULL ? NULL : json_object_new_string(text));
}

void
json_add_int(struct json_object *object, const char *key, int64_t number)
{
	json_object_object_add(object, key, json_object_new_int64(number));
}

void
json_put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add_ex(object, key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT);
}

void
json_put_string(struct json_object *object, const char *key, const char *text)
{
	json_put(object, key, text == NULL ? NULL : json_object_new_string(text));
}

const char *
json_text(struct json_object *root)
{
	return json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}
