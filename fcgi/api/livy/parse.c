/* SPDX-License-Identifier: Apache-2.0 */
#include "api/livy/livy.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum field_kind { FIELD_TEXT, FIELD_CORES, FIELD_COUNT, FIELD_LIST, FIELD_MAP };

static const struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
} fields[] = {
	{ "file", FIELD_TEXT, offsetof(struct batch_order, file) },
	{ "proxyUser", FIELD_TEXT, offsetof(struct batch_order, proxy_user) },
	{ "className", FIELD_TEXT, offsetof(struct batch_order, class_name) },
	{ "args", FIELD_LIST, offsetof(struct batch_order, args) },
	{ "jars", FIELD_LIST, offsetof(struct batch_order, jars) },
	{ "pyFiles", FIELD_LIST, offsetof(struct batch_order, py_files) },
	{ "files", FIELD_LIST, offsetof(struct batch_order, files) },
	{ "driverMemory", FIELD_TEXT, offsetof(struct batch_order, driver_memory) },
	{ "driverCores", FIELD_CORES, offsetof(struct batch_order, driver_cores) },
	{ "executorMemory", FIELD_TEXT, offsetof(struct batch_order, executor_memory) },
	{ "executorCores", FIELD_CORES, offsetof(struct batch_order, executor_cores) },
	{ "numExecutors", FIELD_COUNT, offsetof(struct batch_order, executors_count) },
	{ "archives", FIELD_LIST, offsetof(struct batch_order, archives) },
	{ "queue", FIELD_TEXT, offsetof(struct batch_order, queue) },
	{ "name", FIELD_TEXT, offsetof(struct batch_order, name) },
	{ "conf", FIELD_MAP, offsetof(struct batch_order, conf) },
};

static const char *
type_name(struct json_object *value)
{
	return value == NULL ? "null" : json_type_to_name(json_object_get_type(value));
}

/*
 * Text; numbers and booleans exactly as they were written. PostgreSQL and Kubernetes hold no NUL, so that would be lost.
 */
static bool
parse_text(struct call *call, const char *name, struct json_object *value, const char **ret_text, struct err *err)
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
		*ret_text = arena_strdup(call->arena, json_object_to_json_string(value));
		return true;
	default:
		return err_set(err, ERR_INVALID, "%s: a string is wanted, not %s", name, type_name(value));
	}
}

/* Airflow sends templated counts as strings (contract livy.md 8.1). */
static bool
parse_count(const char *name, struct json_object *value, int min, int *ret_count, struct err *err)
{
	const char *text = json_object_get_string(value);
	char *end;
	long long count;

	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_string))
		return err_set(err, ERR_INVALID, "%s: a whole number is wanted, not %s", name, type_name(value));
	errno = 0;
	count = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || count < min || count > INT32_MAX)
		return err_set(err, ERR_INVALID, "%s: '%s' is not a whole number from %d to 2147483647", name, text, min);
	*ret_count = (int)count;
	return true;
}

static bool
parse_list(struct call *call, const char *name, struct json_object *value, struct batch_strings *ret_strings,
	   struct err *err)
{
	size_t count;

	if (!json_object_is_type(value, json_type_array))
		return err_set(err, ERR_INVALID, "%s: a list of strings is wanted, not %s", name, type_name(value));
	count = json_object_array_length(value);
	ret_strings->items = arena_alloc(call->arena, count * sizeof(ret_strings->items[0]) + 1);
	for (size_t i = 0; i < count; i++) {
		const char *item_name = arena_printf(call->arena, "%s[%zu]", name, i);
		struct json_object *item = json_object_array_get_idx(value, i);
		const char *text;

		if (!parse_text(call, item_name, item, &text, err))
			return false;
		/* Livy drops empty items of path lists; an empty argument is an argument */
		if (text[0] != '\0' || strcmp(name, "args") == 0)
			ret_strings->items[ret_strings->count++] = text;
	}
	return true;
}

static bool
parse_map(struct call *call, const char *name, struct json_object *value, struct batch_pairs *ret_pairs, struct err *err)
{
	size_t most;

	if (!json_object_is_type(value, json_type_object))
		return err_set(err, ERR_INVALID, "%s: an object of strings is wanted, not %s", name, type_name(value));
	most = (size_t)json_object_object_length(value);
	ret_pairs->items = arena_alloc(call->arena, most * sizeof(ret_pairs->items[0]) + 1);
	json_object_object_foreach(value, key, item) {
		struct batch_pair *pair = &ret_pairs->items[ret_pairs->count];

		pair->key = key;
		if (!parse_text(call, arena_printf(call->arena, "%s.%s", name, key), item, &pair->value, err))
			return false;
		ret_pairs->count++;
	}
	return true;
}

static bool
parse_field(struct call *call, const struct field *field, struct json_object *value, struct batch_order *order,
	    struct err *err)
{
	void *target = (char *)order + field->offset;

	if (value == NULL)
		return true; /* null equals absent */
	switch (field->kind) {
	case FIELD_TEXT:
		return parse_text(call, field->name, value, target, err);
	case FIELD_CORES:
		return parse_count(field->name, value, 1, target, err);
	case FIELD_COUNT:
		/* 0 executors to begin with is what dynamic allocation may want */
		return parse_count(field->name, value, 0, target, err);
	case FIELD_LIST:
		return parse_list(call, field->name, value, target, err);
	case FIELD_MAP:
		return parse_map(call, field->name, value, target, err);
	}
	return false;
}

static const struct field *
find_field(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	}
	return NULL;
}

static bool
unknown_field(struct call *call, const char *name, struct err *err)
{
	const char *known = fields[0].name;

	for (size_t i = 1; i < ARRAY_COUNT(fields); i++)
		known = arena_printf(call->arena, "%s, %s", known, fields[i].name);
	return err_set(err, ERR_INVALID, "Unrecognized field \"%s\": not one of %s", name, known);
}

/* json-c ends a key at a NUL: it would be taken for another one. Values are seen to in parse_text. */
static bool
has_nul_escape(const char *json)
{
	for (const char *at = strchr(json, '\\'); at != NULL; at = strchr(at + 2, '\\')) {
		if (strncmp(at, "\\u0000", 6) == 0)
			return true;
	}
	return false;
}

bool
livy_check_version(struct call *call, struct err *err)
{
	static const char vendor[] = "application/vnd.livy.v";
	const char *accept = call->request->accept, *version;
	size_t size;

	version = accept == NULL ? NULL : strcasestr(accept, vendor);
	if (version == NULL)
		return true;
	version += sizeof(vendor) - 1;
	size = strspn(version, "0123456789.");
	if (size == strlen("0.1") && strncmp(version, "0.1", size) == 0)
		return true;
	return err_set(err, ERR_NOT_ACCEPTABLE, "No value found for '%.*s' (the API's version is 0.1; accept "
		       "application/json)", (int)strcspn(version, "+,; "), version);
}

bool
livy_parse_create(struct call *call, struct batch_order *ret_order, struct json_object **ret_request, struct err *err)
{
	struct json_object *root = NULL;

	*ret_order = (struct batch_order){ .executors_count = -1 };
	if (call->request->body_size_bytes == 0)
		return err_set(err, ERR_INVALID, "No content to map due to end-of-input: the body is empty");
	if (!json_parse(call->request->body, call->request->body_size_bytes, &root, err))
		return false;
	arena_own_json(call->arena, root);
	if (!json_object_is_type(root, json_type_object))
		return err_set(err, ERR_INVALID, "the body is to be a JSON object, not %s", type_name(root));
	json_object_object_foreach(root, name, value) {
		const struct field *field = find_field(name);

		if (field == NULL)
			return unknown_field(call, name, err);
		if (!parse_field(call, field, value, ret_order, err))
			return false;
	}
	if (has_nul_escape(call->request->body))
		return err_set(err, ERR_INVALID, "a key has a NUL character (\\u0000) in it");
	*ret_request = root;
	return true;
}
