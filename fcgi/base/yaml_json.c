/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static struct json_object *
scalar_json(const struct yaml *value)
{
	static const char *const yes[] = { "true", "True", "TRUE" }, *const no[] = { "false", "False", "FALSE" };
	const char *text = value->text, *digits = text + (text[0] == '-' || text[0] == '+');
	char *end;
	long long whole;
	double number;

	if (value->quoted)
		return json_object_new_string(text);
	if (text_is_one_of(text, yes, ARRAY_COUNT(yes)) || text_is_one_of(text, no, ARRAY_COUNT(no)))
		return json_object_new_boolean(text_is_one_of(text, yes, ARRAY_COUNT(yes)));
	/* "1g" and "3.5.9" are texts, and so is all that strtod would take beyond decimal numbers */
	if (digits[0] == '\0' || digits[strspn(digits, "0123456789.eE+-")] != '\0' || strchr("eE+-", digits[0]) != NULL)
		return json_object_new_string(text);
	errno = 0;
	whole = strtoll(text, &end, 10);
	if (*end == '\0' && errno == 0)
		return json_object_new_int64(whole);
	number = strtod(text, &end);
	return *end == '\0' ? json_object_new_double_s(number, text) : json_object_new_string(text);
}

struct json_object *
yaml_to_json(const struct yaml *value)
{
	struct json_object *json;

	if (yaml_is_null(value))
		return NULL;
	if (value->kind == YAML_SCALAR)
		return scalar_json(value);
	json = value->kind == YAML_SEQUENCE ? json_object_new_array() : json_object_new_object();
	for (const struct yaml_entry *entry = value->first; entry != NULL; entry = entry->next) {
		if (value->kind == YAML_SEQUENCE)
			json_object_array_add(json, yaml_to_json(entry->value));
		else
			json_object_object_add(json, entry->key, yaml_to_json(entry->value));
	}
	return json;
}
