/*
 * What spark-submit was recorded to send, and what this room makes of the same properties. The recordings lie beside the
 * repository ($SPARKGATE_FIXTURES or ../shared/fixtures); without them their test says so and does nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../../lib/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "spark/submission.h"

#define APP_ID "spark-0123456789abcdef0123456789abcdef"

/* One recorded run. */
struct recording {
	struct json_object *pod, *service, *config_map, *policy;
};

static struct json_object *
replaced(struct arena *arena, struct json_object *object, const char *old, const char *new)
{
	const char *text = json_text(object), *found;
	char *result = arena_alloc(arena, 4 * strlen(text) + 1), *end = result;

	while ((found = strstr(text, old)) != NULL) {
		end = mempcpy(end, text, (size_t)(found - text));
		end = stpcpy(end, new);
		text = found + strlen(old);
	}
	strcpy(end, text);
	return json_of(arena, result);
}

static struct recording
read_recording(struct arena *arena, const char *path)
{
	struct json_object *root = json_object_from_file(path), *exchanges;
	struct recording recording = { 0 };

	if (root == NULL)
		return recording;
	arena_own_json(arena, root);
	exchanges = json_member(root, "exchanges");
	for (size_t i = 0; i < json_object_array_length(exchanges); i++) {
		struct json_object *body = json_member(json_object_array_get_idx(exchanges, i), "body");
		const char *kind = json_string(body, "kind");
		struct json_object **place = kind == NULL                        ? NULL :
					     strcmp(kind, "Pod") == 0           ? &recording.pod :
					     strcmp(kind, "Service") == 0       ? &recording.service :
					     strcmp(kind, "ConfigMap") == 0     ? &recording.config_map :
					     strcmp(kind, "NetworkPolicy") == 0 ? &recording.policy :
										  NULL;

		if (place == NULL)
			continue;
		json_object_object_del(json_member(body, "metadata"), "ownerReferences");
		*place = body;
	}
	return recording;
}

/* Lines KEY=VALUE with backslashes before some bytes; the recordings have no other escapes. */
static void
read_properties(struct arena *arena, const char *text, struct spark_conf *conf)
{
	char *rest, *copy = arena_strdup(arena, text);

	for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char *to = line, *value = NULL;

		if (line[0] == '#')
			continue;
		for (char *from = line; *from != '\0'; from++) {
			if (*from == '=' && value == NULL) {
				*to++ = '\0';
				value = to;
				continue;
			}
			if (*from == '\\')
				from++;
			*to++ = *from;
		}
		*to = '\0';
		spark_conf_set(conf, line, value);
	}
}

static const char *
label(const struct recording *recording, const char *key)
{
	return json_string_at(recording->pod, "metadata", "labels", key, NULL);
}

/* The order of the recorded run: what its user gave, without what spark-submit added. */
static struct spark_submission
order_of(struct arena *arena, const struct recording *recording)
{
	struct json_object *container = json_object_array_get_idx(
		json_at(recording->pod, "spec", "containers", NULL), 0);
	struct json_object *args = json_member(container,
	  "args"), *rest = arena_own_json(arena, json_object_new_array());
	const char *service = json_string_at(recording->service, "metadata", "name", NULL);
	struct spark_submission submission = {
		.version = label(recording, "spark-version"),
		.app_id = label(recording, "spark-app-selector"),
		.resource_prefix = arena_strndup(arena, service, strlen(service) - strlen("-driver-svc")),
		.driver_pod = json_string_at(recording->pod, "metadata", "name", NULL),
		.main_class = json_object_get_string(json_object_array_get_idx(args, 4)),
		.main_file = json_object_get_string(json_object_array_get_idx(args, 5)),
		.args = rest,
	};

	for (size_t i = 6; i < json_object_array_length(args); i++)
		json_object_array_add(rest, json_object_get(json_object_array_get_idx(args, i)));
	spark_conf_init(&submission.conf, arena);
	read_properties(arena, json_string_at(recording->config_map, "data",
	  "spark.properties", NULL), &submission.conf);
	submission.app_name = spark_conf_get(&submission.conf, "spark.app.name");
	submission.namespace = spark_conf_get(&submission.conf, "spark.kubernetes.namespace");
	if (spark_conf_get(&submission.conf, "spark.jars") != NULL) /* the application's own jar, no other */
		spark_conf_set(&submission.conf, "spark.jars", "");
	submission.submitted_at_ms = atoll(spark_conf_get(&submission.conf, "spark.app.submitTime"));
	return submission;
}

/* Names that spark-submit draws by chance are ours in the recording. */
static struct json_object *
with_our_names(struct arena *arena, struct json_object *recorded, const struct recording *recording,
	       const struct spark_objects *ours)
{
	struct json_object *env = json_member(
		json_object_array_get_idx(json_at(recording->pod, "spec", "containers", NULL), 0), "env");
	const char *app_id = label(recording, "spark-app-selector");
	char *ours_dir = arena_printf(arena, "/var/data/spark-%.8s-%.4s-%.4s-%.4s-%s", app_id + 6, app_id + 14,
				      app_id + 18, app_id + 22, app_id + 26);

	for (size_t i = 0; i < json_object_array_length(env); i++) {
		struct json_object *variable = json_object_array_get_idx(env, i);

		if (strcmp(json_string(variable, "name"), "SPARK_LOCAL_DIRS") == 0)
			recorded = replaced(arena, recorded, json_string(variable, "value"), ours_dir);
	}
	return replaced(arena, recorded, json_string_at(recording->config_map, "metadata", "name", NULL),
			json_string_at(ours->config_map, "metadata", "name", NULL));
}

static void
assert_same_properties(struct arena *arena, const char *row, struct json_object *got, struct json_object *wanted)
{
	struct spark_conf ours, theirs;

	spark_conf_init(&ours, arena);
	spark_conf_init(&theirs, arena);
	read_properties(arena, json_string_at(got, "data", "spark.properties", NULL), &ours);
	read_properties(arena, json_string_at(wanted, "data", "spark.properties", NULL), &theirs);
	assert_number(row, (int64_t)ours.count, (int64_t)theirs.count);
	for (size_t i = 0; i < ours.count; i++) {
		assert_text(row, ours.items[i].key, theirs.items[i].key);
		assert_text(ours.items[i].key, ours.items[i].value, theirs.items[i].value);
	}
}

static void
compare_with(struct arena *arena, const char *row, const struct recording *recording)
{
	struct spark_submission submission = order_of(arena, recording);
	struct spark_objects ours;
	struct err err = ERR_INIT;

	if (!spark_submission_objects(arena, &submission, &ours, &err))
		fail_msg("%s: %s", row, err.msg);
	assert_json(arena, row, ours.driver_pod,
		    json_text(with_our_names(arena, recording->pod, recording, &ours)));
	assert_json(arena, row, ours.service, json_text(recording->service));
	assert_number(row, (int64_t)json_object_array_length(ours.others), recording->policy != NULL);
	if (recording->policy != NULL)
		assert_json(arena, row, json_object_array_get_idx(ours.others, 0), json_text(recording->policy));
	assert_same_properties(arena, row, ours.config_map, recording->config_map);
	json_object_object_del(json_member(ours.config_map, "data"), "spark.properties");
	json_object_object_del(json_member(recording->config_map, "data"), "spark.properties");
	assert_json(arena, row, ours.config_map,
		    json_text(with_our_names(arena, recording->config_map, recording, &ours)));
}

static void
the_objects_are_those_that_spark_submit_was_recorded_to_send(void **state)
{
	static const char *const runs[] = { "3.5.9-cluster-jar", "3.5.9-cluster-py", "4.0.1-cluster-jar",
					    "4.2.1-cluster-jar", "4.3.0-cluster-jar", "4.3.0-cluster-py" };
	const char *top = getenv("top_srcdir"), *given = getenv("SPARKGATE_FIXTURES");
	const char *fixtures = given != NULL ? given : arena_printf(*state, "%s/../shared/fixtures", top == NULL ? "." : top);

	for (size_t i = 0; i < ARRAY_COUNT(runs); i++) {
		const char *path = arena_printf(*state, "%s/k8s-submit/client-%s.json", fixtures, runs[i]);
		struct recording recording = read_recording(*state, path);

		if (recording.pod == NULL) {
			/* no skip(): automake takes cmocka's word for it, "not ok", for a failure */
			print_message("# NOT RUN: %s is not there\n", path);
			return;
		}
		compare_with(*state, runs[i], &recording);
	}
}

/* A small submission with "key=value" properties, ending with NULL. */
static struct spark_submission
small(struct arena *arena, const char *version, const char *const *properties)
{
	struct spark_submission submission = {
		.version = version, .app_name = "n", .app_id = APP_ID, .resource_prefix = "n-1", .driver_pod = "n-driver",
		.namespace = "ns", .main_class = "C", .main_file = "local:///a.jar",
	};

	spark_conf_init(&submission.conf, arena);
	spark_conf_set(&submission.conf, "spark.kubernetes.container.image", "i");
	for (; *properties != NULL; properties++) {
		const char *equals = strchr(*properties, '=');

		spark_conf_set(&submission.conf, arena_strndup(arena, *properties, (size_t)(equals - *properties)),
			       equals + 1);
	}
	return submission;
}

#define PROPERTIES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
resources_follow_from_the_properties(void **state)
{
	static const struct {
		const char *row;
		const char *main_file;
		const char *properties[6];
		const char *resources;
	} rows[] = {
		{ "plain", "local:///a.jar", { "spark.a=b" },
		  "{\"requests\":{\"cpu\":\"1\",\"memory\":\"1408Mi\"},\"limits\":{\"memory\":\"1408Mi\"}}" },
		{ "Python", "local:///a.py", { "spark.driver.memory=2g" },
		  "{\"requests\":{\"cpu\":\"1\",\"memory\":\"2867Mi\"},\"limits\":{\"memory\":\"2867Mi\"}}" },
		{ "R", "local:///a.R", { "spark.driver.memory=2g" },
		  "{\"requests\":{\"cpu\":\"1\",\"memory\":\"2867Mi\"},\"limits\":{\"memory\":\"2867Mi\"}}" },
		{ "cores", "local:///a.jar", { "spark.driver.cores=3", "spark.kubernetes.driver.limit.cores=4" },
		  "{\"requests\":{\"cpu\":\"3\",\"memory\":\"1408Mi\"},\"limits\":{\"cpu\":\"4\",\"memory\":\"1408Mi\"}}" },
		{ "request", "local:///a.jar", { "spark.driver.cores=3", "spark.kubernetes.driver.request.cores=500m" },
		  "{\"requests\":{\"cpu\":\"500m\",\"memory\":\"1408Mi\"},\"limits\":{\"memory\":\"1408Mi\"}}" },
		{ "overhead", "local:///a.py", { "spark.driver.memoryOverhead=100",
		  "spark.driver.memoryOverheadFactor=0.9" },
		  "{\"requests\":{\"cpu\":\"1\",\"memory\":\"1124Mi\"},\"limits\":{\"memory\":\"1124Mi\"}}" },
		{ "own factor first", "local:///a.jar",
		  { "spark.driver.memoryOverheadFactor=0.5", "spark.kubernetes.memoryOverheadFactor=0.9" },
		  "{\"requests\":{\"cpu\":\"1\",\"memory\":\"1536Mi\"},\"limits\":{\"memory\":\"1536Mi\"}}" },
		{ "common factor", "local:///a.jar", { "spark.kubernetes.memoryOverheadFactor=0.5" },
		  "{\"requests\":{\"cpu\":\"1\",\"memory\":\"1536Mi\"},\"limits\":{\"memory\":\"1536Mi\"}}" },
		{ "at least", "local:///a.jar", { "spark.driver.minMemoryOverhead=500m" },
		  "{\"requests\":{\"cpu\":\"1\",\"memory\":\"1524Mi\"},\"limits\":{\"memory\":\"1524Mi\"}}" },
		{ "device", "local:///a.jar",
		  { "spark.driver.resource.gpu.amount=2", "spark.driver.resource.gpu.vendor=nvidia.com" },
		  "{\"requests\":{\"cpu\":\"1\",\"memory\":\"1408Mi\"},"
		  "\"limits\":{\"memory\":\"1408Mi\",\"nvidia.com/gpu\":\"2\"}}" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_submission submission = small(*state, "4.3.0", rows[i].properties);
		struct spark_objects objects;
		struct err err = ERR_INIT;

		submission.main_file = rows[i].main_file;
		if (!spark_submission_objects(*state, &submission, &objects, &err))
			fail_msg("%s: %s", rows[i].row, err.msg);
		assert_json(*state, rows[i].row,
			    json_member(json_object_array_get_idx(json_at(objects.driver_pod, "spec",
			  "containers", NULL), 0),
					"resources"),
			    rows[i].resources);
	}
}

static void
the_minimum_of_the_overhead_is_fixed_before_spark_4(void **state)
{
	struct spark_submission submission = small(*state, "3.5.9", PROPERTIES("spark.driver.minMemoryOverhead=500m"));
	struct spark_objects objects;
	struct err err = ERR_INIT;

	assert_true(spark_submission_objects(*state, &submission, &objects, &err));
	assert_contains("3.5.9", json_text(objects.driver_pod), "\"1408Mi\"");
}

static void
what_cannot_be_done_is_refused_with_a_remedy(void **state)
{
	static const char *const rows[][3] = {
		{ "local:///a.jar", "spark.driver.bindAddress=0.0.0.0", "leave it out" },
		{ "local:///a.jar", "spark.kerberos.keytab=/k", "secret" },
		{ "local:///a.jar", "spark.kubernetes.driver.pod.featureSteps=x", "feature steps" },
		{ "local:///a.jar", "spark.jars=https://h/a.jar,/opt/b.jar", "'/opt/b.jar' is a file of the machine" },
		{ "local:///a.jar", "spark.files=file:///f", "spark.files" },
		{ "/opt/a.jar", "spark.a=b", "spec.mainApplicationFile" },
		{ "file:/opt/a.jar", "spark.a=b", "local:///PATH" },
		{ "local:///a.jar", "spark.driver.memory=much", "spark.driver.memory" },
		{ "local:///a.jar", "spark.driver.cores=0", "spark.driver.cores" },
		{ "local:///a.jar", "spark.driver.port=70000", "spark.driver.port" },
		{ "local:///a.jar", "spark.kubernetes.driver.label.spark-role=x", "spark-role" },
		{ "local:///a.jar", "spark.kubernetes.executor.label.spark-exec-id=x", "spark-exec-id" },
		{ "local:///a.jar", "spark.kubernetes.driver.volumes.hostPath.v.mount.path=/p",
		  "options.path is missing" },
		{ "local:///a.jar", "spark.kubernetes.driver.volumes.csi.v.mount.path=/p", "spec.volumes" },
		{ "local:///a.jar", "spark.kubernetes.driver.secretKeyRef.X=nocolon", "SECRET:KEY" },
		{ "local:///a.jar", "spark.kubernetes.driver.pod.excludedFeatureSteps=org.example.Step",
		  "not org.example.Step" },
		{ "local:///a.jar", "spark.driver.resource.gpu.amount=1", "vendor" },
		{ "local:///a.jar", "spark.kubernetes.kerberos.krb5.path=/etc/krb5.conf", "krb5.configMapName" },
		{ "local:///a.jar", "spark.kubernetes.kerberos.tokenSecret.name=s", "tokenSecret.itemKey is missing" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_submission submission = small(*state, "4.3.0", PROPERTIES(rows[i][1]));
		struct spark_objects objects;
		struct err err = ERR_INIT;

		submission.main_file = rows[i][0];
		if (spark_submission_objects(*state, &submission, &objects, &err))
			fail_msg("%s: not refused", rows[i][1]);
		assert_number(rows[i][1], err.code, ERR_INVALID);
		assert_contains(rows[i][1], err.msg, rows[i][2]);
	}
}

static void
executors_are_shielded_from_spark_4_2_on_unless_it_is_unwanted(void **state)
{
	static const struct {
		const char *version;
		const char *property;
		int others;
	} rows[] = {
		{ "4.1.0", "spark.a=b", 0 },
		{ "4.2.0", "spark.a=b", 1 },
		{ "4.2.0",
		  "spark.kubernetes.driver.pod.excludedFeatureSteps="
		  "org.apache.spark.deploy.k8s.features.NetworkPolicyFeatureStep",
		  0 },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_submission submission = small(*state, rows[i].version, PROPERTIES(rows[i].property));
		struct spark_objects objects;
		struct err err = ERR_INIT;

		assert_true(spark_submission_objects(*state, &submission, &objects, &err));
		assert_number(rows[i].property, (int64_t)json_object_array_length(objects.others), rows[i].others);
	}
}

static void
scratch_space_is_new_or_what_the_properties_say(void **state)
{
	static const struct {
		const char *properties[4];
		const char *dirs;
		const char *volume;     /* the first */
	} rows[] = {
		{ { "spark.a=b" }, "/var/data/spark-01234567-89ab-cdef-0123-456789abcdef",
		  "{\"name\":\"spark-local-dir-1\",\"emptyDir\":{}}" },
		{ { "spark.local.dir=/a,/b", "spark.kubernetes.local.dirs.tmpfs=true" }, "/a,/b",
		  "{\"name\":\"spark-local-dir-1\",\"emptyDir\":{\"medium\":\"Memory\"}}" },
		{ { "spark.kubernetes.driver.volumes.nfs.spark-local-dir-2.mount.path=/s",
		    "spark.kubernetes.driver.volumes.nfs.spark-local-dir-2.options.path=/p",
		    "spark.kubernetes.driver.volumes.nfs.spark-local-dir-2.options.server=h" }, "/s",
		  "{\"name\":\"spark-local-dir-2\",\"nfs\":{\"path\":\"/p\",\"server\":\"h\"}}" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_submission submission = small(*state, "4.3.0", rows[i].properties);
		struct json_object *spec, *env;
		struct spark_objects objects;
		struct err err = ERR_INIT;

		assert_true(spark_submission_objects(*state, &submission, &objects, &err));
		spec = json_member(objects.driver_pod, "spec");
		env = json_member(json_object_array_get_idx(json_member(spec, "containers"), 0), "env");
		assert_text(rows[i].dirs, json_string(json_object_array_get_idx(env, 3), "value"), rows[i].dirs);
		assert_json(*state, rows[i].dirs, json_object_array_get_idx(json_member(spec, "volumes"), 0),
			    rows[i].volume);
	}
}

static void
hadoop_and_kerberos_come_from_config_maps_and_secrets(void **state)
{
	struct spark_submission submission = small(*state, "4.3.0", PROPERTIES(
		"spark.kubernetes.hadoop.configMapName=h", "spark.kubernetes.kerberos.krb5.configMapName=k",
		"spark.kubernetes.kerberos.tokenSecret.name=s", "spark.kubernetes.kerberos.tokenSecret.itemKey=t"));
	struct spark_objects objects;
	struct err err = ERR_INIT;
	const char *pod;

	assert_true(spark_submission_objects(*state, &submission, &objects, &err));
	pod = json_text(objects.driver_pod);
	assert_contains("Hadoop", pod, "{\"name\":\"HADOOP_CONF_DIR\",\"value\":\"/opt/hadoop/conf\"}");
	assert_contains("Hadoop", pod, "{\"name\":\"hadoop-properties\",\"configMap\":{\"name\":\"h\"}}");
	assert_contains("Kerberos", pod,
			"{\"name\":\"krb5-file\",\"mountPath\":\"/etc/krb5.conf\",\"subPath\":\"krb5.conf\"}");
	assert_contains("Kerberos", pod, "{\"name\":\"krb5-file\",\"configMap\":{\"name\":\"k\"}}");
	assert_contains("tokens", pod, "{\"name\":\"hadoop-secret\",\"secret\":{\"secretName\":\"s\"}}");
	assert_contains("tokens", pod, "{\"name\":\"HADOOP_TOKEN_FILE_LOCATION\","
			"\"value\":\"/mnt/secrets/hadoop-credentials/t\"}");
	assert_contains("executors", json_string_at(objects.config_map, "data", "spark.properties", NULL),
			"\nspark.kubernetes.executor.hadoopConfigMapName=h\n");
}

static void
a_claim_on_demand_is_made_with_the_driver(void **state)
{
	const char *volume = "spark.kubernetes.driver.volumes.persistentVolumeClaim.data";
	struct spark_submission submission = small(*state, "3.5.9", PROPERTIES("spark.a=b"));
	struct spark_objects objects;
	struct err err = ERR_INIT;

	spark_conf_setf(&submission.conf, "/data", "%s.mount.path", volume);
	spark_conf_setf(&submission.conf, "OnDemand", "%s.options.claimName", volume);
	spark_conf_setf(&submission.conf, "gp", "%s.options.storageClass", volume);
	spark_conf_setf(&submission.conf, "1Gi", "%s.options.sizeLimit", volume);
	spark_conf_setf(&submission.conf, "b", "%s.label.a", volume);
	assert_true(spark_submission_objects(*state, &submission, &objects, &err));
	assert_json(*state, "claim", json_object_array_get_idx(objects.others, 0),
		    "{\"apiVersion\":\"v1\",\"kind\":\"PersistentVolumeClaim\",\"metadata\":{\"name\":\"n-1-driver-pvc-0\","
		    "\"labels\":{\"a\":\"b\",\"spark-app-selector\":\"" APP_ID "\"}},\"spec\":{\"storageClassName\":\"gp\","
		    "\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}");
	assert_json(*state, "volume", json_object_array_get_idx(json_at(objects.driver_pod, "spec",
	  "volumes", NULL), 0),
		    "{\"name\":\"data\",\"persistentVolumeClaim\":{\"claimName\":\"n-1-driver-pvc-0\",\"readOnly\":false}}");
}

static void
names_become_labels_and_prefixes(void **state)
{
	static const char *const rows[][3] = {
		{ "pi", "pi", "pi-u" },
		{ "Airflow Job_1.x", "airflow-job-1-x", "airflow-job-1-x-u" },
		{ "7-to-9", "7-to-9", "x-to-9-u" },
		{ "Full job \xc3\xbc", "full-job", "full-job--u" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_submission submission = small(*state, "4.3.0", PROPERTIES("spark.a=b"));
		struct spark_objects objects;
		struct err err = ERR_INIT;

		submission.app_name = rows[i][0];
		assert_true(spark_submission_objects(*state, &submission, &objects, &err));
		assert_text(rows[i][0], json_string_at(objects.driver_pod, "metadata", "labels",
		  "spark-app-name", NULL),
			    rows[i][1]);
		assert_text(rows[i][0], spark_resource_prefix(*state, rows[i][0], "u"), rows[i][2]);
	}
}

static void
a_service_name_that_would_be_too_long_is_another(void **state)
{
	struct spark_submission submission = small(*state, "4.3.0", PROPERTIES("spark.a=b"));
	struct spark_objects objects;
	struct err err = ERR_INIT;

	submission.resource_prefix = "a123456789b123456789c123456789d12345-0123456789abcdef";
	assert_true(spark_submission_objects(*state, &submission, &objects, &err));
	assert_text("service", json_string_at(objects.service, "metadata", "name", NULL),
		    "spark-0123456789abcdef-driver-svc");
	assert_contains("properties", json_string_at(objects.config_map, "data", "spark.properties", NULL),
			"spark.driver.host=spark-0123456789abcdef-driver-svc.ns.svc\n");
}

/* A client could make it grow: each brace would once have copied the whole text. */
static void
a_long_annotation_is_filled_in_within_its_own_size(void **state)
{
	char *value = arena_alloc(*state, 500001);
	struct spark_submission submission = small(*state, "4.3.0", PROPERTIES("spark.a=b"));
	struct spark_objects objects;
	struct err err = ERR_INIT;

	memset(value, '{', 500000);
	spark_conf_set(&submission.conf, "spark.kubernetes.driver.annotation.long", value);
	spark_conf_set(&submission.conf, "spark.kubernetes.driver.annotation.id", "a {{APP_ID}}{{EXECUTOR_ID}} b");
	assert_true(spark_submission_objects(*state, &submission, &objects, &err));
	assert_text("filled", json_string_at(objects.driver_pod, "metadata", "annotations", "id", NULL),
	  "a " APP_ID " b");
	assert_text("long", json_string_at(objects.driver_pod, "metadata", "annotations", "long", NULL), value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(the_objects_are_those_that_spark_submit_was_recorded_to_send),
		unit_test_with_arena(resources_follow_from_the_properties),
		unit_test_with_arena(the_minimum_of_the_overhead_is_fixed_before_spark_4),
		unit_test_with_arena(what_cannot_be_done_is_refused_with_a_remedy),
		unit_test_with_arena(executors_are_shielded_from_spark_4_2_on_unless_it_is_unwanted),
		unit_test_with_arena(scratch_space_is_new_or_what_the_properties_say),
		unit_test_with_arena(hadoop_and_kerberos_come_from_config_maps_and_secrets),
		unit_test_with_arena(a_claim_on_demand_is_made_with_the_driver),
		unit_test_with_arena(names_become_labels_and_prefixes),
		unit_test_with_arena(a_service_name_that_would_be_too_long_is_another),
		unit_test_with_arena(a_long_annotation_is_filled_in_within_its_own_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
