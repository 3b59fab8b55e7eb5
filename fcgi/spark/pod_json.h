/*
 * spark/pod_json.h - pods, and templates of pods, as JSON: their lists and containers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What has another type than Kubernetes wants there is replaced: the API server would refuse it anyway.
 */
#ifndef SPARK_POD_JSON_H
#define SPARK_POD_JSON_H

#include <json-c/json.h>

/* The member, made when it is absent; borrowed. */
struct json_object *spark_child_object(struct json_object *object, const char *key);
struct json_object *spark_child_array(struct json_object *object, const char *key);
/* Appends to the list of this name; takes `item`. */
void spark_append(struct json_object *object, const char *key, struct json_object *item);

/* Names, labels and annotations of an object stay; owners and all else of metadata go. */
void spark_keep_metadata(struct json_object *object);

/* The container of a pod, or of a pod template, that has this name, else the first; NULL when there is none. */
struct json_object *spark_container(struct json_object *pod, const char *name);

void spark_add_env(struct json_object *container, const char *name, const char *value);
/* A variable whose value is found at `source`; takes it. */
void spark_add_env_from(struct json_object *container, const char *name, const char *source_kind,
			struct json_object *source);
/* The new mount, borrowed. */
struct json_object *spark_add_mount(struct json_object *container, const char *volume, const char *path);
/* Adds {"name": name, source_kind: source} to the pod's volumes; takes `source`. */
void spark_add_volume(struct json_object *pod_spec, const char *name, const char *source_kind,
		      struct json_object *source);

#endif
