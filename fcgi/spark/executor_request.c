/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/executor_request.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

static struct json_object *
labels_of(struct json_object *object)
{
	return json_at(object, "metadata", "labels", NULL);
}

bool
spark_is_executor(struct json_object *pod)
{
	return text_is(json_string(labels_of(pod), SPARK_LABEL_ROLE), "executor");
}

static bool
has_executor(struct json_object *spec)
{
	struct json_object *containers = json_member(spec, "containers");

	for (size_t i = 0; i < json_count(containers); i++) {
		struct json_object *args = json_member(json_object_array_get_idx(containers, i), "args");

		if (json_count(args) > 0 &&
		    text_is(json_object_get_string(json_object_array_get_idx(args, 0)), "executor"))
			return true;
	}
	return false;
}

/* The driver's pod, or nobody: what belongs to something else would be removed with it. */
static bool
read_owner(struct json_object *object, struct spark_executor_request *request, struct err *err)
{
	struct json_object *owners = json_at(object, "metadata", "ownerReferences", NULL), *owner;

	if (owners == NULL || (json_object_is_type(owners, json_type_array) && json_count(owners) == 0))
		return true;
	owner = json_count(owners) == 1 ? json_object_array_get_idx(owners, 0) : NULL;
	request->owner_name = json_string(owner, "name");
	request->owner_uid = json_string(owner, "uid");
	return (text_is(json_string(owner, "kind"), "Pod") && text_is(json_string(owner, "apiVersion"), "v1") &&
		spark_is_object_name(request->owner_name) && request->owner_uid != NULL) ||
	       err_set(err, ERR_INVALID, "metadata.ownerReferences: one pod is wanted, the driver's, or none");
}

static bool
check_pod(struct json_object *pod, const struct spark_pod_rules *rules, struct err *err)
{
	struct json_object *spec = json_member(pod, "spec");

	if (!spark_is_executor(pod) || !has_executor(spec))
		return err_set(err, ERR_FORBIDDEN, "only the pods of Spark's executors are made here, as a driver sends them");
	return spark_pod_check(spec, rules, "executor", err);
}

bool
spark_executor_request_read(struct json_object *object, const char *kind, const struct spark_pod_rules *rules,
			    struct spark_executor_request *ret_request, struct err *err)
{
	struct json_object *labels = labels_of(object);
	struct spark_executor_request request = {
		.name = json_string_at(object, "metadata", "name", NULL),
		.app_id = json_string(labels, SPARK_LABEL_APP),
		.app_name = json_string(labels, "spark-app-name"),
	};

	if (!text_is(json_string(object, "kind"), kind) || !text_is(json_string(object, "apiVersion"), "v1"))
		return err_set(err, ERR_INVALID, "a %s of apiVersion v1 is wanted", kind);
	if (!spark_is_object_name(request.name))
		return err_set(err, ERR_INVALID, "metadata.name: a DNS name in lower case is wanted");
	if (!spark_is_app_id(request.app_id))
		return err_set(err, ERR_INVALID, "metadata.labels: " SPARK_LABEL_APP " is wanted, Spark's application id");
	if (!spark_metadata_check(object, err) || !read_owner(object, &request, err))
		return false;
	if (strcmp(kind, "Pod") == 0 && !check_pod(object, rules, err))
		return false;
	*ret_request = request;
	return true;
}

/* ---- changes ---- */

static bool
other_change(struct err *err)
{
	return err_set(err, ERR_FORBIDDEN, "of a pod only the label " SPARK_LABEL_INACTIVE " can be set to \"true\" here");
}

static bool
check_operations(struct json_object *operations, struct err *err)
{
	bool sets_label = false;

	for (size_t i = 0; i < json_count(operations); i++) {
		struct json_object *operation = json_object_array_get_idx(operations, i);
		const char *path = json_string(operation, "path");

		if (!text_is(json_string(operation, "op"), "add"))
			return other_change(err);
		if (text_is(path, "/metadata/labels/" SPARK_LABEL_INACTIVE) && text_is(json_string(operation, "value"), "true"))
			sets_label = true;
		else if (!text_is(path, "/metadata/resourceVersion"))
			return other_change(err);
	}
	return sets_label || other_change(err);
}

/* No members but these. */
static bool
has_only(struct json_object *object, const char *const *known, size_t count)
{
	json_object_object_foreach(object, key, value) {
		(void)value;
		if (!text_is_one_of(key, known, count))
			return false;
	}
	return true;
}

static bool
check_part(struct json_object *part, struct err *err)
{
	static const char *const pod[] = { "apiVersion", "kind", "metadata" };
	static const char *const metadata[] = { "labels" };
	static const char *const labels[] = { SPARK_LABEL_INACTIVE };

	if (!text_is(json_string(labels_of(part), SPARK_LABEL_INACTIVE), "true") || !has_only(part, pod, ARRAY_COUNT(pod)) ||
	    !has_only(json_member(part, "metadata"), metadata, ARRAY_COUNT(metadata)) ||
	    !has_only(labels_of(part), labels, ARRAY_COUNT(labels)))
		return other_change(err);
	return true;
}

bool
spark_executor_patch_check(struct json_object *patch, struct err *err)
{
	if (json_object_is_type(patch, json_type_array))
		return check_operations(patch, err);
	return json_object_is_type(patch, json_type_object) ? check_part(patch, err) : other_change(err);
}

/* ---- selectors ---- */

/* Up to the next comma that stands in no parentheses. */
static size_t
requirement_size(const char *text)
{
	int depth = 0;
	size_t size = 0;

	for (; text[size] != '\0' && (depth > 0 || text[size] != ','); size++)
		depth += text[size] == '(' ? 1 : text[size] == ')' ? -1 : 0;
	return size;
}

/* The value of "label=value" or "label==value", or NULL. */
static const char *
equal_value(struct arena *arena, const char *text, size_t size, const char *label)
{
	size_t label_size = strlen(label);

	for (; size > 0 && *text == ' '; size--)
		text++;
	if (size <= label_size || strncmp(text, label, label_size) != 0)
		return NULL;
	text += label_size;
	size -= label_size;
	for (; size > 0 && *text == ' '; size--)
		text++;
	if (size == 0 || *text != '=')
		return NULL;
	for (int equals = 0; size > 0 && (*text == ' ' || (*text == '=' && equals++ < 2)); size--)
		text++;
	for (; size > 0 && text[size - 1] == ' '; size--)
		;
	return arena_strndup(arena, text, size);
}

const char *
spark_selected(struct arena *arena, const char *selector, const char *label)
{
	while (selector != NULL) {
		size_t size = requirement_size(selector);
		const char *value = equal_value(arena, selector, size, label);

		if (value != NULL)
			return value;
		selector = selector[size] == ',' ? selector + size + 1 : NULL;
	}
	return NULL;
}
