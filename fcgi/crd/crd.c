/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/crd_priv.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define LABEL_BYTES 63

/* Of rows, labels and the configuration: the word of an operator with a definition of its own. */
#define APACHE "apache"

const struct crd *
crd_of_operator(const char *operator_kind)
{
	return text_is(operator_kind, APACHE) ? &crd_apache : &crd_kubeflow;
}

const struct crd *
crd_of(const struct batch *batch)
{
	return crd_of_operator(batch->operator_kind);
}

const char *
crd_api(const struct crd *crd)
{
	return crd->api;
}

bool
crd_spec(struct arena *arena, const struct crd *crd, const struct batch_order *order, const struct crd_target *target,
	 struct json_object **ret_spec, struct json_object **ret_asked, struct err *err)
{
	struct json_object *spec = json_object_new_object();
	struct crd_wanted wanted;

	if (!crd_want(arena, order, target, &wanted, err) || !crd->write_spec(arena, &wanted, spec, err)) {
		json_object_put(spec);
		return false;
	}
	*ret_spec = spec;
	if (ret_asked != NULL)
		*ret_asked = crd_asked_of(arena, &wanted);
	return true;
}

/* Label values: [A-Za-z0-9] at both ends, also -_. between, at most 63. */
static void
add_name_label(struct json_object *labels, const char *name)
{
	char label[LABEL_BYTES + 1];
	size_t size = 0;

	for (; name != NULL && *name != '\0' && size < LABEL_BYTES; name++) {
		bool letter = isalnum((unsigned char)*name);

		if (letter || (size > 0))
			label[size++] = letter || strchr("-_.", *name) != NULL ? *name : '-';
	}
	while (size > 0 && !isalnum((unsigned char)label[size - 1]))
		size--;
	label[size] = '\0';
	if (size > 0)
		json_add_string(labels, CRD_LABEL_NAME, label);
}

void
crd_add_labels(struct json_object *labels, const struct batch *batch, const char *gateway_key)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, batch->id);
	json_add_string(labels, "app.kubernetes.io/managed-by", "sparkgate");
	json_add_string(labels, CRD_LABEL_GATEWAY, gateway_key);
	json_add_string(labels, CRD_LABEL_BATCH_UID, batch->uid);
	json_add_string(labels, CRD_LABEL_BATCH_ID, id);
	if (batch_is_pod(batch))
		json_add_string(labels, CRD_LABEL_PROTOCOL, batch_protocol_text(batch->protocol));
	else if (text_is(batch->operator_kind, CRD_OPERATOR_OWN))
		json_add_string(labels, CRD_LABEL_OPERATOR, CRD_OPERATOR_OWN);
	add_name_label(labels, batch->name);
}

static void
move_labels(struct json_object *spec, struct json_object *labels)
{
	json_object_object_foreach(json_at(spec, "metadata", "labels", NULL), key, value)
		json_object_object_add(labels, key, json_object_get(value));
	json_object_object_del(spec, "metadata");
}

struct json_object *
crd_object(const struct batch *batch, const char *gateway_key, struct json_object *spec)
{
	struct json_object *object = json_object_new_object();
	struct json_object *metadata = json_object_new_object();
	struct json_object *labels = json_object_new_object(), *copy = NULL;
	const struct crd *crd = crd_of(batch);

	crd_add_labels(labels, batch, gateway_key);
	json_add_string(metadata, "name", batch->object_name);
	json_add_string(metadata, "namespace", batch->namespace);
	json_object_object_add(metadata, "labels", labels);
	if (batch->name != NULL) {
		struct json_object *annotations = json_object_new_object();

		json_object_object_add(metadata, "annotations", annotations);
		json_add_string(annotations, CRD_LABEL_NAME, batch->name);
	}
	json_add_string(object, "apiVersion", crd->api);
	json_add_string(object, "kind", "SparkApplication");
	json_object_object_add(object, "metadata", metadata);
	if (crd->finish_spec != NULL && json_object_deep_copy(spec, &copy, NULL) == 0)
		crd->finish_spec(copy, batch->object_name, labels);
	if (copy == NULL && json_member(spec, "metadata") != NULL && json_object_deep_copy(spec, &copy, NULL) == 0)
		move_labels(copy, labels);
	json_object_object_add(object, "spec", copy != NULL ? copy : json_object_get(spec));
	return object;
}

char *
crd_path(struct arena *arena, const struct crd *crd, const char *namespace, const char *name)
{
	return arena_printf(arena, "/apis/%s/namespaces/%s/sparkapplications%s%s", crd->api, namespace,
			    name == NULL ? "" : "/", name == NULL ? "" : name);
}

void
crd_add_executor_labels(struct json_object *labels, const struct batch *batch, const char *gateway_key)
{
	crd_add_labels(labels, batch, gateway_key);
	json_add_string(labels, CRD_LABEL_PROTOCOL, CRD_PROTOCOL_EXECUTORS);
}

const char *
crd_executors_selector(struct arena *arena, const struct batch *batch, const char *gateway_key)
{
	return arena_printf(arena, CRD_LABEL_GATEWAY "=%s," CRD_LABEL_PROTOCOL "=" CRD_PROTOCOL_EXECUTORS ","
			    CRD_LABEL_BATCH_UID "=%s", gateway_key, batch->uid);
}

bool
crd_is_executors(struct json_object *object, const char *gateway_key)
{
	struct json_object *labels = json_at(object, "metadata", "labels", NULL);

	return text_is(json_string(labels, CRD_LABEL_GATEWAY), gateway_key) &&
	       text_is(json_string(labels, CRD_LABEL_PROTOCOL), CRD_PROTOCOL_EXECUTORS);
}

const char *
crd_pods_selector(struct arena *arena, const char *gateway_key)
{
	return arena_printf(arena, CRD_LABEL_GATEWAY "=%s," CRD_LABEL_PROTOCOL "=%s", gateway_key,
			    batch_protocol_text(BATCH_K8S));
}

char *
crd_object_path(struct arena *arena, const struct batch *batch)
{
	if (batch_is_pod(batch))
		return arena_printf(arena, "/api/v1/namespaces/%s/pods/%s", batch->namespace, batch->driver_pod);
	return crd_path(arena, crd_of(batch), batch->namespace, batch->object_name);
}

const char *
crd_name_of(struct json_object *object)
{
	return json_string_at(object, "metadata", "name", NULL);
}

const char *
crd_uid_of(struct json_object *object)
{
	return json_string_at(object, "metadata", "uid", NULL);
}

const char *
crd_batch_uid(struct json_object *object)
{
	return json_string_at(object, "metadata", "labels", CRD_LABEL_BATCH_UID, NULL);
}

bool
crd_is_another(struct json_object *object, const struct batch *batch)
{
	const char *uid = json_string_at(object, "metadata", "uid", NULL);

	return batch->object_uid != NULL && uid != NULL && strcmp(batch->object_uid, uid) != 0;
}

bool
crd_is_of(const struct crd *crd, struct json_object *object)
{
	return text_is(json_string(object, "apiVersion"), crd->api);
}

const char *
crd_deleted_at(struct json_object *object)
{
	return json_string_at(object, "metadata", "deletionTimestamp", NULL);
}

void
crd_sight(struct arena *arena, const struct crd *crd, struct json_object *object, struct batch_sight *ret_sight)
{
	crd->sight(arena, object, ret_sight);
}

bool
crd_pod_knows_more(const struct crd *crd, struct json_object *object)
{
	return crd->pod_knows_more(object);
}

bool
crd_ends_with_driver(const struct crd *crd, struct json_object *object)
{
	return crd->ends_with_driver(object);
}

bool
crd_is_taken_up(const struct crd *crd, struct json_object *object)
{
	const char *state = crd->state(object);

	return state != NULL && state[0] != '\0';
}

const char *
crd_driver_pod(struct arena *arena, const struct batch *batch)
{
	return batch->driver_pod != NULL ? batch->driver_pod : crd_of(batch)->driver_pod(arena, batch);
}

const char *
crd_driver_pods_selector(struct arena *arena, const struct batch *batch)
{
	const char *label = batch_is_pod(batch) ? NULL : crd_of(batch)->name_label;

	return label == NULL ? NULL : arena_printf(arena, "spark-role=driver,%s=%s", label, batch->object_name);
}
