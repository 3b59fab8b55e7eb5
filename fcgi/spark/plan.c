/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/submission_priv.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "spark/amount.h"

/* What Kubernetes allows for a label's value and a service's name. */
#define LABEL_BYTES 63

#define PORT_MOST 65535

void
spark_add_prefixed(struct json_object *object, const struct spark_conf *conf, const char *prefix)
{
	size_t first, end;

	spark_conf_range(conf, prefix, &first, &end);
	for (size_t i = first; i < end; i++)
		json_add_string(object, conf->items[i].key + strlen(prefix), conf->items[i].value);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t text_bytes = strlen(text), end_bytes = strlen(end);

	return text_bytes >= end_bytes && strcmp(text + text_bytes - end_bytes, end) == 0;
}

/* By the file's ending alone, as spark-submit does. */
static enum spark_language
language_of(const char *main_file)
{
	if (ends_with(main_file, ".py"))
		return SPARK_PYTHON;
	return ends_with(main_file, ".R") || ends_with(main_file, ".r") ? SPARK_R : SPARK_JAVA;
}

/* What is unique in an id or a prefix: its last 16 digits, or less when a dash comes before. */
static const char *
unique_end(const char *text)
{
	size_t size_bytes = strlen(text);
	const char *end = text + (size_bytes > 16 ? size_bytes - 16 : 0), *dash = strrchr(end, '-');

	return dash == NULL ? end : dash + 1;
}

/* Lower case; other bytes become dashes, never two together. */
static char *
dashed(struct arena *arena, const char *name, size_t *ret_bytes)
{
	char *label = arena_strdup(arena, name);
	size_t used = 0;

	for (const char *at = name; *at != '\0'; at++) {
		char byte = isalnum((unsigned char)*at) ? (char)tolower((unsigned char)*at) : '-';

		if (byte != '-' || used == 0 || label[used - 1] != '-')
			label[used++] = byte;
	}
	label[used] = '\0';
	*ret_bytes = used;
	return label;
}

/* A service's name begins with a letter: Spark puts an x in the place of anything else. */
const char *
spark_resource_prefix(struct arena *arena, const char *app_name, const char *unique)
{
	size_t used;
	char *name = dashed(arena, app_name, &used);

	if (used > 0 && !isalpha((unsigned char)name[0]))
		name[0] = 'x';
	return arena_printf(arena, "%s-%s", name, unique);
}

/* The application's name as a label's value, which begins and ends with a letter or digit. */
static const char *
name_label(struct arena *arena, const char *name)
{
	size_t used;
	char *label = dashed(arena, name, &used);

	if (used > 0 && label[0] == '-') {
		label++;
		used--;
	}
	if (used > LABEL_BYTES)
		used = LABEL_BYTES;
	while (used > 0 && label[used - 1] == '-')
		used--;
	label[used] = '\0';
	return label;
}

static bool
add_labels(struct spark_plan *plan, struct err *err)
{
	static const char *const reserved[] = { "spark-app-selector", "spark-role", "spark-exec-id" };
	static const char *const prefixes[] = { "spark.kubernetes.driver.label.", "spark.kubernetes.executor.label." };

	for (size_t i = 0; i < ARRAY_COUNT(reserved); i++) {
		for (size_t k = 0; k < ARRAY_COUNT(prefixes); k++) {
			const char *key = arena_printf(plan->arena, "%s%s", prefixes[k], reserved[i]);

			/* the driver's pod has no executor id, so Spark minds that one for executors only */
			if (spark_conf_get(plan->conf, key) != NULL && (i < 2 || k == 1))
				return err_set(err, ERR_INVALID, "%s: Spark keeps the label %s to itself; leave it out",
					       key, reserved[i]);
		}
	}
	plan->labels = arena_own_json(plan->arena, json_object_new_object());
	json_add_string(plan->labels, "spark-version", plan->submission->version);
	json_add_string(plan->labels, "spark-app-name", name_label(plan->arena, plan->submission->app_name));
	spark_add_prefixed(plan->labels, plan->conf, prefixes[0]);
	json_add_string(plan->labels, "spark-app-selector", plan->submission->app_id);
	json_add_string(plan->labels, "spark-role", "driver");
	return true;
}

static bool
read_ports(struct spark_plan *plan, struct err *err)
{
	const struct spark_conf *conf = plan->conf;
	int common;

	if (!spark_conf_int(conf, "spark.driver.port", 7078, 0, PORT_MOST, &plan->driver_port, err) ||
	    !spark_conf_int(conf, "spark.blockManager.port", 7079, 0, PORT_MOST, &common, err) ||
	    !spark_conf_int(conf, "spark.driver.blockManager.port", common, 0, PORT_MOST, &plan->block_manager_port,
			    err) ||
	    !spark_conf_int(conf, "spark.ui.port", 4040, 0, PORT_MOST, &plan->ui_port, err))
		return false;
	if (plan->version >= SPARK_SINCE_CONNECT_PORT &&
	    !spark_conf_int(conf, "spark.connect.grpc.binding.port", 15002, 0, PORT_MOST, &plan->connect_port, err))
		return false;
	return true;
}

bool
spark_plan_make(struct arena *arena, struct spark_submission *submission, struct spark_plan *ret_plan, struct err *err)
{
	struct spark_plan *plan = ret_plan;

	*plan = (struct spark_plan){
		.arena = arena,
		.submission = submission,
		.conf = &submission->conf,
		.version = spark_version_number(submission->version),
		.language = language_of(submission->main_file),
		.others = arena_own_json(arena, json_object_new_array()),
	};
	plan->service_name = arena_printf(arena, "%s-driver-svc", submission->resource_prefix);
	if (strlen(plan->service_name) > LABEL_BYTES)
		plan->service_name = arena_printf(arena, "spark-%s-driver-svc", unique_end(submission->resource_prefix));
	plan->config_map_name = arena_printf(arena, "spark-drv-%s-conf-map", unique_end(submission->app_id));
	plan->template_map_name = arena_printf(arena, "%s-driver-podspec-conf-map", submission->resource_prefix);
	return read_ports(plan, err) && add_labels(plan, err);
}

/* The factor that executors take too, unless they have their own. */
static bool
complete_overhead_factor(struct spark_plan *plan, struct err *err)
{
	const char *key = "spark.kubernetes.memoryOverheadFactor", *text = spark_conf_get(plan->conf, key);
	double factor = plan->language == SPARK_JAVA ? 0.1 : 0.4;
	char canonical[SPARK_FACTOR_BYTES];

	if (text != NULL && !spark_factor(key, text, &factor, err))
		return false;
	spark_factor_text(factor, canonical);
	spark_conf_set(plan->conf, key, canonical);
	return true;
}

/* Jars find the driver through spark.jars; spark-internal stands for "a class of Spark itself". */
static void
complete_jars(struct spark_plan *plan)
{
	const char *main_file = plan->submission->main_file, *jars = spark_conf_get_or(plan->conf, "spark.jars", "");

	if (plan->language != SPARK_JAVA || strcmp(main_file, "spark-internal") == 0)
		return;
	spark_conf_set(plan->conf, "spark.jars",
		       jars[0] == '\0' ? main_file : arena_printf(plan->arena, "%s,%s", jars, main_file));
}

bool
spark_plan_complete_conf(struct spark_plan *plan, struct err *err)
{
	static const char *const languages[] = { [SPARK_JAVA] = "java", [SPARK_PYTHON] = "python", [SPARK_R] = "r" };
	const struct spark_submission *submission = plan->submission;
	struct spark_conf *conf = plan->conf;

	if (!complete_overhead_factor(plan, err))
		return false;
	complete_jars(plan);
	spark_conf_default(conf, "spark.master", "k8s://https://kubernetes.default.svc");
	spark_conf_default(conf, "spark.submit.pyFiles", "");
	spark_conf_set(conf, "spark.submit.deployMode", "cluster");
	spark_conf_set(conf, "spark.app.name", submission->app_name);
	spark_conf_set(conf, "spark.app.id", submission->app_id);
	if (submission->submitted_at_ms > 0)
		spark_conf_set(conf, "spark.app.submitTime",
			       arena_printf(plan->arena, "%lld", (long long)submission->submitted_at_ms));
	spark_conf_set(conf, "spark.driver.host",
		       arena_printf(plan->arena, "%s.%s.svc", plan->service_name, submission->namespace));
	spark_conf_set(conf, "spark.driver.port", arena_printf(plan->arena, "%d", plan->driver_port));
	spark_conf_set(conf, "spark.driver.blockManager.port",
		       arena_printf(plan->arena, "%d", plan->block_manager_port));
	spark_conf_set(conf, "spark.kubernetes.namespace", submission->namespace);
	spark_conf_set(conf, "spark.kubernetes.driver.pod.name", submission->driver_pod);
	spark_conf_set(conf, "spark.kubernetes.resource.type", languages[plan->language]);
	spark_conf_set(conf, "spark.kubernetes.executor.hadoopConfigMapName",
		       spark_conf_get(conf, "spark.kubernetes.hadoop.configMapName"));
	/* tells the driver that it runs in a pod, and so talks to its own cluster */
	spark_conf_set(conf, "spark.kubernetes.submitInDriver", "true");
	if (submission->executor_template != NULL) {
		spark_conf_set(conf, "spark.kubernetes.executor.podTemplateFile",
			       "/opt/spark/pod-template/pod-spec-template.yml");
		spark_conf_set(conf, "spark.kubernetes.executor.podTemplateContainerName", SPARK_EXECUTOR_CONTAINER);
	}
	return true;
}
