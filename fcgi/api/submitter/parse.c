/* SPDX-License-Identifier: Apache-2.0 */
#include "api/submitter/submitter.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"

#define JSON_TYPE "application/json"

static bool
check_type(const struct request *request, struct err *err)
{
	const char *type = request->content_type == NULL ? "" : request->content_type;
	size_t size_bytes = strcspn(type, "; ");

	if (size_bytes == strlen(JSON_TYPE) && strncasecmp(type, JSON_TYPE, size_bytes) == 0)
		return true;
	return err_set(err, ERR_MEDIA_TYPE, "Content-Type: %s is wanted", JSON_TYPE);
}

static bool
check_fields(struct json_object *root, struct err *err)
{
	static const char *const known[] = { "submission_id", "spark_submit_args", "driver_pod_template",
					     "executor_pod_template" };

	json_object_object_foreach(root, name, value) {
		bool is_known = false;

		(void)value;
		for (size_t i = 0; i < ARRAY_COUNT(known); i++)
			is_known |= strcmp(known[i], name) == 0;
		if (!is_known)
			return err_set(err, ERR_INVALID, "%s: this field is not known; %s, %s, %s and %s are", name, known[0],
				       known[1], known[2], known[3]);
	}
	return true;
}

static bool
parse_id(struct json_object *root, struct submitter_work *work, struct err *err)
{
	struct json_object *value = json_member(root, "submission_id");

	if (value == NULL)
		return err_set(err, ERR_INVALID, "submission_id is missing");
	if (!json_object_is_type(value, json_type_string) || !driver_submit_is_id(json_object_get_string(value)))
		return err_set(err, ERR_INVALID, "submission_id: a text is wanted that can be a label's value, e.g. a UUID: 1 "
			       "to 63 letters, digits, '-', '_' and '.', a letter or digit at both ends");
	work->submission_id = json_object_get_string(value);
	return true;
}

static bool
parse_args(struct json_object *root, struct driver_order *order, struct err *err)
{
	order->args = json_member(root, "spark_submit_args");
	if (order->args == NULL)
		return err_set(err, ERR_INVALID, "spark_submit_args is missing");
	if (!json_object_is_type(order->args, json_type_array))
		return err_set(err, ERR_INVALID, "spark_submit_args: a list of texts is wanted");
	for (size_t i = 0; i < json_count(order->args); i++) {
		if (!json_object_is_type(json_object_array_get_idx(order->args, i), json_type_string))
			return err_set(err, ERR_INVALID, "spark_submit_args[%zu]: a text is wanted", i);
	}
	return true;
}

bool
submitter_parse(struct call *call, struct submitter_work *work, struct driver_order *ret_order, struct err *err)
{
	struct json_object *root = NULL;

	if (!check_type(call->request, err))
		return false;
	if (call->request->body_size_bytes == 0)
		return err_set(err, ERR_INVALID, "the body is empty");
	if (!json_parse(call->request->body, call->request->body_size_bytes, &root, err))
		return false;
	arena_own_json(call->arena, root);
	if (!json_object_is_type(root, json_type_object))
		return err_set(err, ERR_INVALID, "the body is to be a JSON object");
	if (json_has_nul_escape(call->request->body))
		return err_set(err, ERR_INVALID, "a key or text has a NUL character (\\u0000) in it");
	if (!parse_id(root, work, err) || !check_fields(root, err) || !parse_args(root, ret_order, err))
		return false;
	ret_order->submission_id = work->submission_id;
	ret_order->driver_template = json_member(root, "driver_pod_template");
	ret_order->executor_template = json_member(root, "executor_pod_template");
	return true;
}
