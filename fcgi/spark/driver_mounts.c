/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/submission_priv.h"

#include <string.h>

static struct json_object *
named(const char *key, const char *name)
{
	struct json_object *source = json_object_new_object();

	json_add_string(source, key, name);
	return source;
}

/* spark.kubernetes.driver.secrets.NAME=PATH and .secretKeyRef.VARIABLE=NAME:KEY */
bool
spark_driver_secrets(struct spark_plan *plan, struct json_object *spec, struct json_object *container,
		     struct err *err)
{
	const char *files = "spark.kubernetes.driver.secrets.", *variables = "spark.kubernetes.driver.secretKeyRef.";
	const struct spark_conf *conf = plan->conf;
	size_t first, end;

	spark_conf_range(conf, files, &first, &end);
	for (size_t i = first; i < end; i++) {
		const char *name = conf->items[i].key + strlen(files);
		const char *volume = arena_printf(plan->arena, "%s-volume", name);

		spark_add_volume(spec, volume, "secret", named("secretName", name));
		spark_add_mount(container, volume, conf->items[i].value);
	}
	spark_conf_range(conf, variables, &first, &end);
	for (size_t i = first; i < end; i++) {
		const char *value = conf->items[i].value, *colon = strchr(value, ':');
		struct json_object *source;

		if (colon == NULL || colon == value || colon[1] == '\0')
			return err_set(err, ERR_INVALID, "%s: '%s' is not SECRET:KEY", conf->items[i].key, value);
		source = json_object_new_object();
		json_object_object_add(source, "name", json_object_new_string_len(value, (int)(colon - value)));
		json_add_string(source, "key", colon + 1);
		spark_add_env_from(container, conf->items[i].key + strlen(variables), "secretKeyRef", source);
	}
	return true;
}

/* Hadoop's files from a config map that is there already; the executors' driver is told its name by a property. */
static void
add_hadoop_files(struct spark_plan *plan, struct json_object *spec, struct json_object *container)
{
	const char *name = spark_conf_get(plan->conf, "spark.kubernetes.hadoop.configMapName");

	if (name == NULL)
		return;
	spark_add_volume(spec, "hadoop-properties", "configMap", named("name", name));
	spark_add_mount(container, "hadoop-properties", "/opt/hadoop/conf");
	spark_add_env(container, "HADOOP_CONF_DIR", "/opt/hadoop/conf");
}

/* Kerberos' configuration and Hadoop's tokens, from a config map and a secret that are there already. */
bool
spark_driver_hadoop(struct spark_plan *plan, struct json_object *spec, struct json_object *container, struct err *err)
{
	const char *prefix = "spark.kubernetes.kerberos.tokenSecret.";
	const char *krb5 = spark_conf_get(plan->conf, "spark.kubernetes.kerberos.krb5.configMapName");
	const char *secret = spark_conf_get(plan->conf, "spark.kubernetes.kerberos.tokenSecret.name");
	const char *item = spark_conf_get(plan->conf, "spark.kubernetes.kerberos.tokenSecret.itemKey");

	if ((secret == NULL) != (item == NULL))
		return err_set(err, ERR_INVALID, "%s%s is missing: name and itemKey belong together", prefix,
			       secret == NULL ? "name" : "itemKey");
	add_hadoop_files(plan, spec, container);
	if (krb5 != NULL) {
		spark_add_volume(spec, "krb5-file", "configMap", named("name", krb5));
		json_add_string(spark_add_mount(container, "krb5-file", "/etc/krb5.conf"), "subPath", "krb5.conf");
	}
	if (secret != NULL) {
		spark_add_volume(spec, "hadoop-secret", "secret", named("secretName", secret));
		spark_add_mount(container, "hadoop-secret", "/mnt/secrets/hadoop-credentials");
		spark_add_env(container, "HADOOP_TOKEN_FILE_LOCATION",
			      arena_printf(plan->arena, "/mnt/secrets/hadoop-credentials/%s", item));
	}
	return true;
}
