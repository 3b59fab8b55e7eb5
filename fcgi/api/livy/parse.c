/* SPDX-License-Identifier: Apache-2.0 */
#include "api/livy/livy.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/body.h"
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

/* Airflow sends templated counts as strings (contract livy.md 8.1). */
static bool
parse_count(const char *name, struct json_object *value, int min, int *ret_count, struct err *err)
{
	const char *text = json_object_get_string(value);
	char *end;
	long long count;

	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_string))
		return err_set(err, ERR_INVALID, "%s: a whole number is wanted, not %s", name, body_type_name(value));
	errno = 0;
	count = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || count < min || count > INT32_MAX)
		return err_set(err, ERR_INVALID, "%s: '%s' is not a whole number from %d to 2147483647", name, text, min);
	*ret_count = (int)count;
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
		return body_text(call->arena, field->name, value, target, err);
	case FIELD_CORES:
		return parse_count(field->name, value, 1, target, err);
	case FIELD_COUNT:
		/* 0 executors to begin with is what dynamic allocation may want */
		return parse_count(field->name, value, 0, target, err);
	case FIELD_LIST:
		/* Livy drops empty items of path lists */
		return body_strings(call->arena, field->name, value, strcmp(field->name, "args") == 0, target, err);
	case FIELD_MAP:
		return body_pairs(call->arena, field->name, value, target, err);
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
	struct json_object *root;

	*ret_order = (struct batch_order){ .executors_count = -1 };
	if (!body_object(call, &root, err))
		return false;
	json_object_object_foreach(root, name, value) {
		const struct field *field = find_field(name);

		if (field == NULL)
			return unknown_field(call, name, err);
		if (!parse_field(call, field, value, ret_order, err))
			return false;
	}
	*ret_request = root;
	return body_check_keys(call, err);
}
