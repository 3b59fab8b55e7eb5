/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/submission_priv.h"

#include <string.h>

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
spark_add_prefixed(struct json_object *object, const struct spark_conf *conf, const char *prefix)
{
	size_t first, end;

	spark_conf_range(conf, prefix, &first, &end);
	for (size_t i = first; i < end; i++)
		json_add_string(object, conf->items[i].key + strlen(prefix), conf->items[i].value);
}

void
spark_add_env(struct json_object *container, const char *name, const char *value)
{
	struct json_object *variable = json_object_new_object();

	json_add_string(variable, "name", name);
	json_add_string(variable, "value", value);
	json_object_array_add(spark_child_array(container, "env"), variable);
}

void
spark_add_mount(struct json_object *container, const char *volume, const char *path)
{
	struct json_object *mount = json_object_new_object();

	json_add_string(mount, "name", volume);
	json_add_string(mount, "mountPath", path);
	json_object_array_add(spark_child_array(container, "volumeMounts"), mount);
}

void
spark_add_volume(struct json_object *pod_spec, const char *name, const char *source_kind, struct json_object *source)
{
	struct json_object *volume = json_object_new_object();

	json_add_string(volume, "name", name);
	json_object_object_add(volume, source_kind, source);
	json_object_array_add(spark_child_array(pod_spec, "volumes"), volume);
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
