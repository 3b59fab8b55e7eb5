/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/submission.h"

#include <string.h>

#include "crd/submission_priv.h"
#include "spark/amount.h"
#include "spark/pod_json.h"

/* Becomes the value of a label on every pod. */
#define NAME_BYTES 63

static bool
check_identity(const struct submission_work *work, struct err *err)
{
	const char *version = json_string(work->spec, "sparkVersion");
	const char *mode = json_string(work->spec, "mode");
	const char *file = json_string(work->spec, "mainApplicationFile");

	if (work->name == NULL || work->name[0] == '\0' || strlen(work->name) > NAME_BYTES)
		return err_set(err, ERR_INVALID, "metadata.name: 1 to %d characters are wanted", NAME_BYTES);
	if (!json_object_is_type(work->spec, json_type_object))
		return err_set(err, ERR_INVALID, "spec is missing");
	if (version == NULL || spark_version_number(version) < 3000)
		return err_set(err, ERR_INVALID, "spec.sparkVersion: '%s' is no Spark version from 3.0 on, e.g. 3.5.9; "
			       "the pods' ports depend on it", version == NULL ? "" : version);
	if (mode != NULL && mode[0] != '\0' && strcmp(mode, "cluster") != 0)
		return err_set(err, ERR_INVALID, "spec.mode: '%s' is not supported by the built-in operator; cluster "
			       "is", mode);
	if (file == NULL || file[0] == '\0')
		return err_set(err, ERR_INVALID, "spec.mainApplicationFile is missing");
	if (!crd_field_is_empty(json_member(work->spec, "nodeSelector")) &&
	    (!crd_field_is_empty(json_member(work->roles[SUBMISSION_DRIVER], "nodeSelector")) ||
	     !crd_field_is_empty(json_member(work->roles[SUBMISSION_EXECUTOR], "nodeSelector"))))
		return err_set(err, ERR_INVALID, "spec.nodeSelector: set it there or in driver and executor, not both");
	return true;
}

static bool
check_arguments(const struct submission_work *work, struct err *err)
{
	struct json_object *arguments = json_member(work->spec, "arguments");

	for (size_t i = 0; arguments != NULL && i < json_object_array_length(arguments); i++) {
		if (!json_object_is_type(json_object_array_get_idx(arguments, i), json_type_string))
			return err_set(err, ERR_INVALID, "spec.arguments[%zu]: a text, in quotes if it looks like a "
				       "number, is wanted", i);
	}
	return true;
}

/*
 * What of a template the driver replaces by its own, so that the field would be silently lost.
 * Source: the executor pods that drivers of Spark 3.5.9, 4.1.4 and 4.3.0 ask for; a template's ports they keep.
 */
static bool
check_executor(const struct submission_work *work, struct err *err)
{
	struct json_object *executor = work->roles[SUBMISSION_EXECUTOR];
	const char *decommission = "spark.decommission.enabled";

	if (!crd_field_is_empty(json_member(executor, "lifecycle")) && spark_conf_is_true(work->conf, decommission))
		return err_set(err, ERR_INVALID, "spec.executor.lifecycle: not supported by the built-in operator "
			       "together with %s, which sets one itself; leave one of them out", decommission);
	return true;
}

/* Its result is read from the container of that name, so a template must not call it otherwise (crds.md 3.3). */
static bool
check_template(const struct submission_work *work, enum submission_role role, struct err *err)
{
	const char *name = role == SUBMISSION_DRIVER ? SPARK_DRIVER_CONTAINER : SPARK_EXECUTOR_CONTAINER;
	struct json_object *container = spark_container(json_member(work->roles[role], "template"), name);
	const char *own = json_string(container, "name");

	if (container != NULL && (own == NULL || strcmp(own, name) != 0))
		return err_set(err, ERR_INVALID, "spec.%s.template: its container for Spark must be called %s",
			       crd_role_text(role), name);
	return true;
}

/* What executors get beyond their properties; NULL when that is nothing. */
static bool
make_executor_template(const struct submission_work *work, struct json_object **ret_template, struct err *err)
{
	struct json_object *given = json_member(work->roles[SUBMISSION_EXECUTOR], "template"), *template = NULL;
	AUTO_JSON struct json_object *before = NULL;

	*ret_template = NULL;
	if (given == NULL || json_object_deep_copy(given, &template, NULL) != 0)
		template = json_object_new_object();
	arena_own_json(work->arena, template);
	if (spark_container(template, SPARK_EXECUTOR_CONTAINER) == NULL) {
		struct json_object *container = json_object_new_object();

		json_add_string(container, "name", SPARK_EXECUTOR_CONTAINER);
		spark_append(spark_child_object(template, "spec"), "containers", container);
	}
	if (json_object_deep_copy(template, &before, NULL) != 0)
		return err_set(err, ERR_INTERNAL, "no memory for a copy of the executor template");
	if (!crd_submission_patch(work, SUBMISSION_EXECUTOR, template, err))
		return false;
	if (given != NULL || !json_object_equal(before, template))
		*ret_template = template;
	return true;
}

/* The application owns its driver pod: the garbage collector follows. */
static void
add_owner(const struct submission_work *work, struct json_object *pod)
{
	const char *uid = json_string_at(work->application, "metadata", "uid", NULL);
	struct json_object *owner;

	if (uid == NULL)
		return;
	owner = json_object_new_object();
	json_add_string(owner, "apiVersion", "sparkoperator.k8s.io/v1beta2");
	json_add_string(owner, "kind", "SparkApplication");
	json_add_string(owner, "name", work->name);
	json_add_string(owner, "uid", uid);
	json_object_object_add(owner, "controller", json_object_new_boolean(true));
	json_object_object_add(owner, "blockOwnerDeletion", json_object_new_boolean(true));
	spark_append(json_member(pod, "metadata"), "ownerReferences", owner);
}

static const char *
nonempty(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool
make_objects(const struct submission_work *work, struct spark_submission *submission, struct spark_objects *ret_objects,
	     struct json_object **ret_ui_service, struct err *err)
{
	if (!check_identity(work, err) || !crd_submission_check_fields(work, err) || !check_arguments(work, err) ||
	    !check_template(work, SUBMISSION_DRIVER, err) || !check_template(work, SUBMISSION_EXECUTOR, err) ||
	    !crd_submission_conf(work, err) || !check_executor(work, err) ||
	    !crd_submission_ui_service(work, ret_ui_service, err) ||
	    !make_executor_template(work, &submission->executor_template, err))
		return false;
	submission->version = json_string(work->spec, "sparkVersion");
	submission->proxy_user = nonempty(json_string(work->spec, "proxyUser"));
	submission->main_class = nonempty(json_string(work->spec, "mainClass"));
	submission->main_file = json_string(work->spec, "mainApplicationFile");
	submission->args = json_member(work->spec, "arguments");
	submission->driver_template = json_member(work->roles[SUBMISSION_DRIVER], "template");
	if (!spark_submission_objects(work->arena, submission, ret_objects, err) ||
	    !crd_submission_patch(work, SUBMISSION_DRIVER, ret_objects->driver_pod, err))
		return false;
	add_owner(work, ret_objects->driver_pod);
	return true;
}

bool
crd_submission_objects(struct arena *arena, struct json_object *application, const struct submission_ids *ids,
		       struct submission_objects *ret_objects, struct err *err)
{
	struct json_object *spec = json_member(application, "spec");
	const char *namespace = json_string_at(application, "metadata", "namespace", NULL);
	struct spark_submission submission = { 0 };
	struct json_object *ui_service;
	struct spark_objects made;
	const struct submission_work work = {
		.arena = arena,
		.application = application,
		.spec = spec,
		.roles = { json_member(spec, "driver"), json_member(spec, "executor") },
		.ids = ids,
		.name = json_string_at(application, "metadata", "name", NULL),
		.namespace = namespace != NULL ? namespace : "default",
		.conf = &submission.conf,
	};

	spark_conf_init(&submission.conf, arena);
	submission.app_name = work.name;
	submission.app_id = ids->app_id;
	submission.resource_prefix = ids->resource_prefix;
	submission.driver_pod = ids->driver_pod;
	submission.namespace = work.namespace;
	submission.submitted_at_ms = ids->submitted_at_ms;
	if (!make_objects(&work, &submission, &made, &ui_service, err))
		return false;
	*ret_objects = (struct submission_objects){
		.driver_pod = json_object_get(made.driver_pod),
		.config_map = json_object_get(made.config_map),
		.service = json_object_get(made.service),
		.ui_service = json_object_get(ui_service),
		.others = json_object_get(made.others),
	};
	return true;
}

void
crd_submission_put(struct submission_objects *objects)
{
	json_object_put(objects->driver_pod);
	json_object_put(objects->config_map);
	json_object_put(objects->service);
	json_object_put(objects->ui_service);
	json_object_put(objects->others);
	*objects = (struct submission_objects){ 0 };
}

const char *
crd_submission_resource_prefix(struct arena *arena, struct json_object *application, const char *unique)
{
	const char *name = json_string_at(application, "metadata", "name", NULL);

	return spark_resource_prefix(arena, name == NULL ? "" : name, unique);
}

const char *
crd_submission_driver_pod(struct arena *arena, struct json_object *application)
{
	const char *given = nonempty(json_string_at(application, "spec", "driver", "podName", NULL));
	const char *conf = nonempty(json_string_at(application, "spec", "sparkConf", "spark.kubernetes.driver.pod.name",
						   NULL));
	const char *name = json_string_at(application, "metadata", "name", NULL);

	if (given != NULL)
		return arena_strdup(arena, given);
	if (conf != NULL)
		return arena_strdup(arena, conf);
	return arena_printf(arena, "%s-driver", name == NULL ? "" : name);
}
