/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/submission_priv.h"

#include <string.h>
#include <strings.h>

/* Properties that would need files, code or a cluster at hand; refused rather than left out. */
static const struct {
	const char *prefix;
	const char *remedy;
} refused[] = {
	{ "spark.driver.bindAddress", "Spark takes the pod's address; leave it out" },
	{ "spark.kerberos.keytab", "mount the keytab as a secret and log in in the application" },
	{ "spark.kerberos.principal", "mount the keytab as a secret and log in in the application" },
	{ "spark.kubernetes.driver.pod.featureSteps", "feature steps are classes that only spark-submit can run" },
	{ "spark.kubernetes.kerberos.krb5.path", "put the file into a config map: spark.kubernetes.kerberos.krb5.configMapName" },
};

/* A file that only the submitter's machine has: there is none here, so nobody could upload it. */
static bool
check_uri(const char *name, const char *uri, struct err *err)
{
	size_t scheme_bytes = strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

	if (strcmp(uri, "spark-internal") == 0)
		return true;
	if (scheme_bytes == 0 || uri[scheme_bytes] != ':' || strncasecmp(uri, "file:", 5) == 0)
		return err_set(err, ERR_INVALID, "%s: '%s' is a file of the machine that submits, which the built-in "
			       "operator cannot upload: write local:///PATH for a file in the image, or an URI that the "
			       "driver can read (s3a://, https://, hdfs://)", name, uri);
	return true;
}

static bool
check_uris(struct spark_plan *plan, const char *name, const char *uris, struct err *err)
{
	char *rest, *copy = arena_strdup(plan->arena, uris);

	for (char *uri = strtok_r(copy, ", ", &rest); uri != NULL; uri = strtok_r(NULL, ", ", &rest)) {
		if (!check_uri(name, uri, err))
			return false;
	}
	return true;
}

/* Steps of spark-submit that the user does not want. One of them can be left out here as well. */
static bool
read_excluded_steps(struct spark_plan *plan, struct err *err)
{
	const char *key = "spark.kubernetes.driver.pod.excludedFeatureSteps";
	const char *policy = "org.apache.spark.deploy.k8s.features.NetworkPolicyFeatureStep";
	char *rest, *copy = arena_strdup(plan->arena, spark_conf_get_or(plan->conf, key, ""));

	plan->has_network_policy = plan->version >= SPARK_SINCE_NETWORK_POLICY;
	for (char *step = strtok_r(copy, ", ", &rest); step != NULL; step = strtok_r(NULL, ", ", &rest)) {
		if (strcmp(step, policy) != 0)
			return err_set(err, ERR_INVALID, "%s: the built-in operator can leave out %s only, not %s", key,
				       policy, step);
		plan->has_network_policy = false;
	}
	return true;
}

static bool
check(struct spark_plan *plan, struct err *err)
{
	static const char *const lists[] = { "spark.jars", "spark.files", "spark.archives", "spark.submit.pyFiles" };

	for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
		size_t first, end;

		spark_conf_range(plan->conf, refused[i].prefix, &first, &end);
		if (first < end)
			return err_set(err, ERR_INVALID, "%s: not supported by the built-in operator; %s",
				       plan->conf->items[first].key, refused[i].remedy);
	}
	for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
		if (!check_uris(plan, lists[i], spark_conf_get_or(plan->conf, lists[i], ""), err))
			return false;
	}
	if (!read_excluded_steps(plan, err))
		return false;
	if (!check_uri("spec.mainApplicationFile", plan->submission->main_file, err))
		return false;
	if (plan->language == SPARK_JAVA && plan->submission->main_class == NULL)
		return err_set(err, ERR_INVALID, "spec.mainClass is missing: the jar cannot be asked for it before the "
			       "driver runs");
	/* the driver would start, and wait for executors for ever */
	if (spark_conf_get(plan->conf, "spark.kubernetes.executor.container.image") == NULL &&
	    spark_conf_get(plan->conf, "spark.kubernetes.container.image") == NULL)
		return err_set(err, ERR_INVALID, "no Spark image for executors: set spec.image or spec.executor.image");
	return true;
}


bool
spark_submission_objects(struct arena *arena, struct spark_submission *submission, struct spark_objects *ret_objects,
			 struct err *err)
{
	struct spark_plan plan;

	if (!spark_plan_make(arena, submission, &plan, err) || !check(&plan, err) ||
	    !spark_plan_complete_conf(&plan, err))
		return false;
	ret_objects->driver_pod = spark_driver_pod(&plan, err);
	if (ret_objects->driver_pod == NULL)
		return false;
	ret_objects->config_map = spark_config_map(&plan, err);
	if (ret_objects->config_map == NULL)
		return false;
	ret_objects->service = spark_service(&plan);
	if (submission->executor_template != NULL)
		json_object_array_add(plan.others, json_object_get(spark_template_map(&plan)));
	if (plan.has_network_policy)
		json_object_array_add(plan.others, json_object_get(spark_network_policy(&plan)));
	ret_objects->others = plan.others;
	return true;
}
