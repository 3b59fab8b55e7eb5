/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/pod_json.h"

#include <string.h>

#include "base/json.h"

struct json_object *
spark_child_object(struct json_object *object, const char *key)
{
	struct json_object *child = json_member(object, key);

	if (!json_object_is_type(child, json_type_object)) {
		child = json_object_new_object();
		json_object_object_add(object, key, child);
	}
	return child;
}

struct json_object *
spark_child_array(struct json_object *object, const char *key)
{
	struct json_object *child = json_member(object, key);

	if (!json_object_is_type(child, json_type_array)) {
		child = json_object_new_array();
		json_object_object_add(object, key, child);
	}
	return child;
}

void
spark_append(struct json_object *object, const char *key, struct json_object *item)
{
	json_object_array_add(spark_child_array(object, key), item);
}

void
spark_add_env(struct json_object *container, const char *name, const char *value)
{
	struct json_object *variable = json_object_new_object();

	json_add_string(variable, "name", name);
	json_add_string(variable, "value", value);
	spark_append(container, "env", variable);
}

void
spark_add_env_from(struct json_object *container, const char *name, const char *source_kind, struct json_object *source)
{
	struct json_object *variable = json_object_new_object(), *from = json_object_new_object();

	json_add_string(variable, "name", name);
	json_object_object_add(from, source_kind, source);
	json_object_object_add(variable, "valueFrom", from);
	spark_append(container, "env", variable);
}

struct json_object *
spark_add_mount(struct json_object *container, const char *volume, const char *path)
{
	struct json_object *mount = json_object_new_object();

	json_add_string(mount, "name", volume);
	json_add_string(mount, "mountPath", path);
	spark_append(container, "volumeMounts", mount);
	return mount;
}

void
spark_add_volume(struct json_object *pod_spec, const char *name, const char *source_kind, struct json_object *source)
{
	struct json_object *volume = json_object_new_object();

	json_add_string(volume, "name", name);
	json_object_object_add(volume, source_kind, source);
	spark_append(pod_spec, "volumes", volume);
}

void
spark_keep_metadata(struct json_object *object)
{
	static const char *const kept[] = { "name", "labels", "annotations" };
	struct json_object *metadata = json_object_new_object();

	for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
		struct json_object *member = json_at(object, "metadata", kept[i], NULL);

		if (member != NULL)
			json_object_object_add(metadata, kept[i], json_object_get(member));
	}
	json_object_object_add(object, "metadata", metadata);
}

struct json_object *
spark_container(struct json_object *pod, const char *name)
{
	struct json_object *containers = json_at(pod, "spec", "containers", NULL);

	if (!json_object_is_type(containers, json_type_array) || json_object_array_length(containers) == 0)
		return NULL;
	for (size_t i = 0; i < json_object_array_length(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);
		const char *own = json_string(container, "name");

		if (own != NULL && strcmp(own, name) == 0)
			return container;
	}
	return json_object_array_get_idx(containers, 0);
}
