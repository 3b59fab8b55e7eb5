/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/submission_priv.h"

#include <string.h>

#define CONF_DIR "/opt/spark/conf"

/* The template's copy without the driver's container, and that container; both new when there is no template. */
static struct json_object *
pod_from_template(struct spark_plan *plan, struct json_object **ret_container)
{
	struct json_object *pod = NULL, *container, *containers, *others = json_object_new_array();

	if (plan->submission->driver_template == NULL ||
	    json_object_deep_copy(plan->submission->driver_template, &pod, NULL) != 0)
		pod = json_object_new_object();
	arena_own_json(plan->arena, pod);
	container = spark_container(pod, SPARK_DRIVER_CONTAINER);
	containers = json_at(pod, "spec", "containers", NULL);
	for (size_t i = 0; container != NULL && i < json_object_array_length(containers); i++) {
		struct json_object *other = json_object_array_get_idx(containers, i);

		if (other != container)
			json_object_array_add(others, json_object_get(other));
	}
	*ret_container = arena_own_json(plan->arena,
					container != NULL ? json_object_get(container) : json_object_new_object());
	json_object_object_add(spark_child_object(pod, "spec"), "containers", others);
	return pod;
}

/* "{{APP_ID}}" in an annotation's value becomes the id; "{{EXECUTOR_ID}}" is nothing for a driver. */
static const char *
fill_in(struct spark_plan *plan, const char *text)
{
	static const char app[] = "{{APP_ID}}", executor[] = "{{EXECUTOR_ID}}";
	const char *app_id = plan->submission->app_id;
	size_t most = strlen(text), app_bytes = strlen(app), executor_bytes = strlen(executor);
	char *filled, *end;

	for (const char *at = text; (at = strstr(at, app)) != NULL; at += app_bytes)
		most += strlen(app_id);
	filled = end = arena_alloc(plan->arena, most + 1);
	while (*text != '\0') {
		if (strncmp(text, app, app_bytes) == 0) {
			end = stpcpy(end, app_id);
			text += app_bytes;
		} else if (strncmp(text, executor, executor_bytes) == 0) {
			text += executor_bytes;
		} else {
			*end++ = *text++;
		}
	}
	return filled;
}

static void
add_metadata(struct spark_plan *plan, struct json_object *pod)
{
	const char *prefix = "spark.kubernetes.driver.annotation.";
	struct json_object *metadata = spark_child_object(pod, "metadata");
	struct json_object *labels = spark_child_object(metadata, "labels");
	size_t first, end;

	json_add_string(pod, "apiVersion", "v1");
	json_add_string(pod, "kind", "Pod");
	json_add_string(metadata, "name", plan->submission->driver_pod);
	json_object_object_foreach(plan->labels, key, value)
		json_object_object_add(labels, key, json_object_get(value));
	spark_conf_range(plan->conf, prefix, &first, &end);
	for (size_t i = first; i < end; i++)
		json_add_string(spark_child_object(metadata, "annotations"), plan->conf->items[i].key + strlen(prefix),
				fill_in(plan, plan->conf->items[i].value));
}

static void
add_port(struct json_object *container, const char *name, int number)
{
	struct json_object *port = json_object_new_object();

	json_add_string(port, "name", name);
	json_add_int(port, "containerPort", number);
	json_add_string(port, "protocol", "TCP");
	spark_append(container, "ports", port);
}

static void
add_first_env(struct spark_plan *plan, struct json_object *container)
{
	const char *prefix = "spark.kubernetes.driverEnv.", *user = plan->submission->proxy_user;
	struct json_object *pod_ip = json_object_new_object();
	size_t first, end;

	spark_add_env(container, "SPARK_USER", user != NULL ? user : "spark");
	spark_add_env(container, "SPARK_APPLICATION_ID", plan->submission->app_id);
	spark_conf_range(plan->conf, prefix, &first, &end);
	for (size_t i = first; i < end; i++)
		spark_add_env(container, plan->conf->items[i].key + strlen(prefix), plan->conf->items[i].value);
	json_add_string(pod_ip, "apiVersion", "v1");
	json_add_string(pod_ip, "fieldPath", "status.podIP");
	spark_add_env_from(container, "SPARK_DRIVER_BIND_ADDRESS", "fieldRef", pod_ip);
}

static void
add_escalation(struct spark_plan *plan, struct json_object *container)
{
	const char *key = "spark.kubernetes.driver.securityContext.allowPrivilegeEscalation";

	if (spark_conf_get(plan->conf, key) == NULL)
		key = "spark.kubernetes.securityContext.allowPrivilegeEscalation";
	json_object_object_add(spark_child_object(container, "securityContext"), "allowPrivilegeEscalation",
			       json_object_new_boolean(spark_conf_is_true(plan->conf, key)));
}

static bool
add_basics(struct spark_plan *plan, struct json_object *container, struct err *err)
{
	const struct spark_conf *conf = plan->conf;
	const char *image = spark_conf_get_or(conf, "spark.kubernetes.driver.container.image",
					      spark_conf_get(conf, "spark.kubernetes.container.image"));

	if (image == NULL)
		return err_set(err, ERR_INVALID, "no Spark image: set spec.image (or spec.driver.image and "
			       "spec.executor.image)");
	if (json_string(container, "name") == NULL)
		json_add_string(container, "name", SPARK_DRIVER_CONTAINER);
	json_add_string(container, "image", image);
	json_add_string(container, "imagePullPolicy",
			spark_conf_get_or(conf, "spark.kubernetes.container.image.pullPolicy", "IfNotPresent"));
	add_port(container, "driver-rpc-port", plan->driver_port);
	add_port(container, "blockmanager", plan->block_manager_port);
	add_port(container, "spark-ui", plan->ui_port);
	if (plan->connect_port > 0)
		add_port(container, "spark-connect", plan->connect_port);
	if (plan->version >= SPARK_SINCE_NO_ESCALATION)
		add_escalation(plan, container);
	add_first_env(plan, container);
	return spark_driver_resources(plan, container, err);
}

static void
add_names(struct json_object *array, const char *names, struct arena *arena)
{
	char *rest, *copy = arena_strdup(arena, names);

	for (char *name = strtok_r(copy, ", ", &rest); name != NULL; name = strtok_r(NULL, ", ", &rest)) {
		struct json_object *reference = json_object_new_object();

		json_add_string(reference, "name", name);
		json_object_array_add(array, reference);
	}
}

static void
add_pod_settings(struct spark_plan *plan, struct json_object *spec)
{
	static const char *const selectors[] = { "spark.kubernetes.node.selector.",
						 "spark.kubernetes.driver.node.selector." };
	const struct spark_conf *conf = plan->conf;
	const char *account = spark_conf_get(conf, "spark.kubernetes.authenticate.driver.serviceAccountName");
	const char *scheduler = spark_conf_get_or(conf, "spark.kubernetes.driver.scheduler.name",
						  spark_conf_get(conf, "spark.kubernetes.scheduler.name"));
	const char *secrets = spark_conf_get(conf, "spark.kubernetes.container.image.pullSecrets");

	json_add_string(spec, "restartPolicy", "Never");
	for (size_t i = 0; i < ARRAY_COUNT(selectors); i++) {
		size_t first, end;

		spark_conf_range(conf, selectors[i], &first, &end);
		if (first < end)
			spark_add_prefixed(spark_child_object(spec, "nodeSelector"), conf, selectors[i]);
	}
	if (secrets != NULL)
		add_names(spark_child_array(spec, "imagePullSecrets"), secrets, plan->arena);
	if (scheduler != NULL)
		json_add_string(spec, "schedulerName", scheduler);
	if (account != NULL) {
		json_add_string(spec, "serviceAccount", account);
		json_add_string(spec, "serviceAccountName", account);
	}
}

static void
add_arg(struct json_object *container, const char *arg)
{
	spark_append(container, "args", json_object_new_string(arg));
}

/* The words that the image's entry point gives to spark-submit, in client mode, inside the pod. */
static void
add_command(struct spark_plan *plan, struct json_object *container)
{
	static const char *const runners[] = { [SPARK_JAVA] = NULL,
					       [SPARK_PYTHON] = "org.apache.spark.deploy.PythonRunner",
					       [SPARK_R] = "org.apache.spark.deploy.RRunner" };
	const struct spark_submission *submission = plan->submission;
	const char *runner = runners[plan->language];
	const char *python = spark_conf_get(plan->conf, "spark.pyspark.python");
	const char *driver_python = spark_conf_get(plan->conf, "spark.pyspark.driver.python");

	add_arg(container, "driver");
	if (submission->proxy_user != NULL) {
		add_arg(container, "--proxy-user");
		add_arg(container, submission->proxy_user);
	}
	add_arg(container, "--properties-file");
	add_arg(container, CONF_DIR "/spark.properties");
	add_arg(container, "--class");
	add_arg(container, runner != NULL ? runner : submission->main_class);
	add_arg(container, submission->main_file);
	for (size_t i = 0; submission->args != NULL && i < json_object_array_length(submission->args); i++)
		spark_append(container, "args", json_object_get(json_object_array_get_idx(submission->args, i)));
	if (plan->language == SPARK_PYTHON && python != NULL)
		spark_add_env(container, "PYSPARK_PYTHON", python);
	if (plan->language == SPARK_PYTHON && driver_python != NULL)
		spark_add_env(container, "PYSPARK_DRIVER_PYTHON", driver_python);
}

static struct json_object *
config_map_source(const char *name, const char *key, const char *path)
{
	struct json_object *source = json_object_new_object(), *items = json_object_new_array();
	struct json_object *item = json_object_new_object();

	json_add_string(source, "name", name);
	json_object_object_add(source, "items", items);
	json_object_array_add(items, item);
	json_add_string(item, "key", key);
	json_add_string(item, "path", path);
	return source;
}

static void
add_executor_template(struct spark_plan *plan, struct json_object *spec, struct json_object *container)
{
	if (plan->submission->executor_template == NULL)
		return;
	spark_add_volume(spec, "pod-template-volume", "configMap",
			 config_map_source(plan->template_map_name, "podspec-configmap-key", "pod-spec-template.yml"));
	spark_add_mount(container, "pod-template-volume", "/opt/spark/pod-template");
}

static void
add_properties(struct spark_plan *plan, struct json_object *spec, struct json_object *container)
{
	struct json_object *source = config_map_source(plan->config_map_name, "spark.properties", "spark.properties");
	struct json_object *item = json_object_array_get_idx(json_member(source, "items"), 0);

	json_add_int(item, "mode", 0644);
	spark_add_volume(spec, "spark-conf-volume-driver", "configMap", source);
	spark_add_mount(container, "spark-conf-volume-driver", CONF_DIR);
	spark_add_env(container, "SPARK_CONF_DIR", CONF_DIR);
}

/* In the order of spark-submit's steps, which is the order of the pod's lists. */
struct json_object *
spark_driver_pod(struct spark_plan *plan, struct err *err)
{
	struct json_object *container, *pod = pod_from_template(plan, &container);
	struct json_object *spec = json_member(pod, "spec");

	add_metadata(plan, pod);
	add_pod_settings(plan, spec);
	if (!add_basics(plan, container, err) || !spark_driver_secrets(plan, spec, container, err) ||
	    !spark_driver_volumes(plan, spec, container, err))
		return NULL;
	add_command(plan, container);
	if (!spark_driver_hadoop(plan, spec, container, err))
		return NULL;
	add_executor_template(plan, spec, container);
	spark_local_dirs(plan, spec, container);
	add_properties(plan, spec, container);
	json_object_array_add(json_member(spec, "containers"), json_object_get(container));
	return pod;
}
