/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/submission_priv.h"

#include <string.h>

#include "spark/pod_json.h"

#define NAME_BYTES 63
#define PORT 4040
#define PORT_MOST 65535
#define SUFFIX "-ui-svc"

/* As the Kubeflow operator calls it, where a service can be called so: DNS label, letter first (RFC 1035). */
static const char *
name_of(const struct submission_work *work)
{
	static const char most[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *unique = strrchr(work->ids->resource_prefix, '-');

	if (strspn(work->name, most) == strlen(work->name) && strchr("0123456789-", work->name[0]) == NULL &&
	    strlen(work->name) + strlen(SUFFIX) <= NAME_BYTES)
		return arena_printf(work->arena, "%s" SUFFIX, work->name);
	return arena_printf(work->arena, "spark%s" SUFFIX, unique);
}

static void
add_map(struct json_object *metadata, const char *key, struct json_object *map)
{
	if (crd_field_is_empty(map))
		return;
	json_object_object_foreach(map, name, value)
		json_object_object_add(spark_child_object(metadata, key), name, json_object_get(value));
}

static void
add_metadata(const struct submission_work *work, struct json_object *service, struct json_object *options)
{
	struct json_object *metadata = spark_child_object(service, "metadata");
	struct json_object *labels = spark_child_object(metadata, "labels");

	json_add_string(metadata, "name", name_of(work));
	json_add_string(labels, CRD_LABEL_PREFIX "app-name", work->name);
	json_add_string(labels, CRD_LABEL_PREFIX "created-by-spark-operator", "true");
	json_add_string(labels, CRD_LABEL_PREFIX "submission-id", work->ids->submission_id);
	add_map(metadata, "labels", json_member(options, "serviceLabels"));
	add_map(metadata, "annotations", json_member(options, "serviceAnnotations"));
}

static void
add_spec(const struct submission_work *work, struct json_object *service, struct json_object *options, int ui_port)
{
	const char *type = json_string(options, "serviceType"), *port_name = json_string(options, "servicePortName");
	struct json_object *spec = spark_child_object(service, "spec"), *port = json_object_new_object();
	struct json_object *selector = spark_child_object(spec, "selector");

	if (type != NULL && type[0] != '\0')
		json_add_string(spec, "type", type);
	else
		/* no address of the cluster's few is spent on it: its name leads to the driver pod */
		json_add_string(spec, "clusterIP", "None");
	json_add_string(port, "name", port_name != NULL && port_name[0] != '\0' ? port_name : "spark-driver-ui-port");
	json_add_string(port, "protocol", "TCP");
	json_add_int(port, "port", json_int(options, "servicePort", ui_port));
	json_add_int(port, "targetPort", ui_port);
	spark_append(spec, "ports", port);
	json_add_string(selector, "spark-role", "driver");
	json_add_string(selector, CRD_LABEL_PREFIX "app-name", work->name);
}

bool
crd_submission_ui_service(const struct submission_work *work, struct json_object **ret_service, struct err *err)
{
	struct json_object *options = json_member(work->spec, "sparkUIOptions"), *service;
	const char *enabled = spark_conf_get_or(work->conf, "spark.ui.enabled", "true");
	int ui_port;

	*ret_service = NULL;
	if (!spark_conf_int(work->conf, "spark.ui.port", PORT, 0, PORT_MOST, &ui_port, err))
		return false;
	/* 0: whichever is free, which nobody knows beforehand */
	if (strcmp(enabled, "false") == 0 || ui_port == 0)
		return true;
	service = arena_own_json(work->arena, json_object_new_object());
	json_add_string(service, "apiVersion", "v1");
	json_add_string(service, "kind", "Service");
	add_metadata(work, service, options);
	add_spec(work, service, options, ui_port);
	*ret_service = service;
	return true;
}
