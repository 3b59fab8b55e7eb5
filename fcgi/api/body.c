/* SPDX-License-Identifier: Apache-2.0 */
#include "api/body.h"

#include <string.h>

#include "base/json.h"

const char *
body_type_name(struct json_object *value)
{
	return value == NULL ? "null" : json_type_to_name(json_object_get_type(value));
}

bool
body_text(struct arena *arena, const char *name, struct json_object *value, const char **ret_text, struct err *err)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		*ret_text = json_object_get_string(value);
		if (strlen(*ret_text) != (size_t)json_object_get_string_len(value))
			return err_set(err, ERR_INVALID, "%s: the text has a NUL character (\\u0000) in it", name);
		return true;
	case json_type_int:
		/* json-c makes its largest and smallest number of whatever is beyond them */
		if (json_object_get_uint64(value) == UINT64_MAX || json_object_get_int64(value) == INT64_MIN)
			return err_set(err, ERR_INVALID, "%s: the number has too many digits: write it as a string", name);
		/* fall through */
	case json_type_double:
	case json_type_boolean:
		*ret_text = arena_strdup(arena, json_object_to_json_string(value));
		return true;
	default:
		return err_set(err, ERR_INVALID, "%s: a string is wanted, not %s", name, body_type_name(value));
	}
}

bool
body_strings(struct arena *arena, const char *name, struct json_object *value, bool keep_empty,
	     struct batch_strings *ret_strings, struct err *err)
{
	size_t count;

	if (!json_object_is_type(value, json_type_array))
		return err_set(err, ERR_INVALID, "%s: a list of strings is wanted, not %s", name, body_type_name(value));
	count = json_object_array_length(value);
	ret_strings->items = arena_alloc(arena, count * sizeof(ret_strings->items[0]) + 1);
	for (size_t i = 0; i < count; i++) {
		const char *item_name = arena_printf(arena, "%s[%zu]", name, i);
		struct json_object *item = json_object_array_get_idx(value, i);
		const char *text;

		if (!body_text(arena, item_name, item, &text, err))
			return false;
		if (text[0] != '\0' || keep_empty)
			ret_strings->items[ret_strings->count++] = text;
	}
	return true;
}

bool
body_pairs(struct arena *arena, const char *name, struct json_object *value, struct batch_pairs *ret_pairs,
	   struct err *err)
{
	size_t most;

	if (!json_object_is_type(value, json_type_object))
		return err_set(err, ERR_INVALID, "%s: an object of strings is wanted, not %s", name, body_type_name(value));
	most = (size_t)json_object_object_length(value);
	ret_pairs->items = arena_alloc(arena, most * sizeof(ret_pairs->items[0]) + 1);
	json_object_object_foreach(value, key, item) {
		struct batch_pair *pair = &ret_pairs->items[ret_pairs->count];

		pair->key = key;
		if (!body_text(arena, arena_printf(arena, "%s.%s", name, key), item, &pair->value, err))
			return false;
		ret_pairs->count++;
	}
	return true;
}

bool
body_object(struct call *call, struct json_object **ret_root, struct err *err)
{
	const struct request *request = call->request;
	struct json_object *root = NULL;

	if (request->body_size_bytes == 0)
		return err_set(err, ERR_INVALID, "No content to map due to end-of-input: the body is empty");
	if (!json_parse(request->body, request->body_size_bytes, &root, err))
		return false;
	arena_own_json(call->arena, root);
	if (!json_object_is_type(root, json_type_object))
		return err_set(err, ERR_INVALID, "the body is to be a JSON object, not %s", body_type_name(root));
	*ret_root = root;
	return true;
}

bool
body_check_keys(const struct call *call, struct err *err)
{
	return !json_has_nul_escape(call->request->body) ||
	       err_set(err, ERR_INVALID, "a key has a NUL character (\\u0000) in it");
}
