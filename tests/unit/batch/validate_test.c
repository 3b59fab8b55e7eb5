/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/validate.h"

#define LOCAL "cannot be added to user sessions"
#define RELATIVE "is not absolute"
#define ILLEGAL "java.net.URISyntaxException: Illegal character"

/* An order that is fine but for what a case changes. */
static bool
judge(struct batch_order *order, struct err *err)
{
	return batch_validate(order, err) && batch_validate_uris(order, err);
}

static struct batch_order
good_order(void)
{
	return (struct batch_order){ .file = "local:///app.py", .executors_count = -1 };
}

/* msg NULL: acceptable; else the refusal has this in it, and the name of the field. */
static void
assert_judged(const char *row, struct batch_order *order, const char *field, const char *msg)
{
	struct err err = ERR_INIT;
	bool accepted = judge(order, &err);

	if (accepted != (msg == NULL))
		fail_msg("%s %s: %s", field, row, accepted ? "accepted" : err.msg);
	if (accepted)
		return;
	assert_number(row, err.code, ERR_INVALID);
	assert_contains(row, err.msg, msg);
	assert_contains(row, err.msg, field);
}

static const struct {
	const char *uri;
	const char *msg;
} uris[] = {
	{ "local:///opt/spark/app.py", NULL },
	{ "local:/opt/spark/app.py", NULL },
	{ "LOCAL:///opt/spark/app.py", NULL },
	{ "s3a://bucket/key.jar", NULL },
	{ "s3://bucket/key.jar", NULL },
	{ "hdfs://name:8020/path/a.jar", NULL },
	{ "hdfs:///path/a.jar", NULL },
	{ "http://host/a.zip", NULL },
	{ "https://user@host:8443/a.zip?version=1&x=%20", NULL },
	{ "gs://bucket/a.py", NULL },
	{ "abfss://container@account.dfs.core.windows.net/a.py", NULL },
	{ "s3a://b/env.tar.gz#environment", NULL },
	{ "s3a://b/\xc3\xa4.py", NULL },
	{ "x+y-z.1:rest", NULL },
	{ "file:///etc/passwd", LOCAL },
	{ "file:/etc/passwd", LOCAL },
	{ "FILE:///etc/passwd", LOCAL },
	{ "/jobs/a.py", LOCAL },
	{ "//host/a.py", LOCAL },
	{ "/", LOCAL },
	{ "a.py", RELATIVE },
	{ "./a.py", RELATIVE },
	{ "../a.py", RELATIVE },
	{ "dir/a:b.py", RELATIVE },
	{ "C:/a.py", RELATIVE }, /* one letter is a drive */
	{ "1s3://a.py", RELATIVE },
	{ "://a.py", RELATIVE },
	{ ":", RELATIVE },
	{ "s3a://b/a b.py", ILLEGAL " in path at index 9" },
	{ " s3a://b/a.py", ILLEGAL " in path at index 0" },
	{ "s3a://b/a.py\n", ILLEGAL },
	{ "s3a://b/\ta.py", ILLEGAL },
	{ "s3a://b/a.py\x7f", ILLEGAL },
	{ "s3a://b/\"a.py", ILLEGAL },
	{ "s3a://b/a|b.py", ILLEGAL },
	{ "s3a://b/{a,b}.py", ILLEGAL },
	{ "C:\\a.py", ILLEGAL },
	{ "/jobs/a b.py", ILLEGAL " in path at index 7: /jobs/a b.py" },
};

static void
every_path_is_a_uri_that_the_driver_can_reach(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(uris); i++) {
		const char *list[] = { "s3a://b/fine", uris[i].uri };
		const struct batch_strings strings = { list, ARRAY_COUNT(list) };
		struct batch_order order = good_order();

		order.file = uris[i].uri;
		assert_judged(uris[i].uri, &order, "file", uris[i].msg);
		order = good_order();
		order.jars = strings;
		assert_judged(uris[i].uri, &order, "jars", uris[i].msg);
		order = good_order();
		order.py_files = strings;
		assert_judged(uris[i].uri, &order, "pyFiles", uris[i].msg);
		order = good_order();
		order.files = strings;
		assert_judged(uris[i].uri, &order, "files", uris[i].msg);
		order = good_order();
		order.archives = strings;
		assert_judged(uris[i].uri, &order, "archives", uris[i].msg);
	}
}

/* Else "spark.files": "file:/etc/passwd" would fetch it from the host of whoever runs spark-submit. */
static void
paths_in_the_conf_obey_the_same_rules(void **state)
{
	static const char *const keys[] = { "spark.jars", "spark.files", "spark.archives", "spark.submit.pyFiles" };
	static const struct {
		const char *value;
		const char *msg;
	} rows[] = {
		{ "", NULL },
		{ ",", NULL },
		{ "s3a://b/a.jar", NULL },
		{ "s3a://b/a.jar,local:///b.jar", NULL },
		{ "s3a://b/a.jar, local:///b.jar ,", NULL },
		{ "file:///etc/passwd", "Local path file:///etc/passwd " LOCAL },
		{ "s3a://b/a.jar,/etc/passwd", "Local path /etc/passwd " LOCAL },
		{ "s3a://b/a.jar,/etc/passwd,s3a://c", "Local path /etc/passwd " LOCAL },
		{ "a.jar,s3a://b/a.jar", "Path 'a.jar' " RELATIVE },
		{ "s3a://b/a.jar,x", "Path 'x' " RELATIVE },
		{ "s3a://b/a\tb.jar", ILLEGAL },
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_COUNT(keys); k++) {
		for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
			struct batch_pair items[] = { { keys[k], rows[i].value } };
			struct batch_order order = good_order();

			order.conf = (struct batch_pairs){ items, 1 };
			assert_judged(rows[i].value, &order, keys[k], rows[i].msg);
		}
	}
}

static void
a_file_is_required(void **state)
{
	struct batch_order order = good_order();

	(void)state;
	order.file = NULL;
	assert_judged("NULL", &order, "File", "Rejected, Reason: requirement failed: File is required.");
	order.file = "";
	assert_judged("empty", &order, "file is empty", "Rejected, Reason: requirement failed: File is required");
}

static void
a_name_is_neither_empty_nor_a_number_nor_long(void **state)
{
	static char longest[LIMIT_NAME_BYTES + 1], too_long[LIMIT_NAME_BYTES + 2];
	const struct {
		const char *name;
		const char *msg;
	} rows[] = {
		{ NULL, NULL },
		{ "pi", NULL },
		{ "1a", NULL },
		{ "-1", NULL },
		{ "1.5", NULL },
		{ " ", NULL },
		{ "h\xc3\xa4user & more", NULL },
		{ longest, NULL },
		{ "", "Rejected, Reason: Invalid session name: " },
		{ "1", "Rejected, Reason: Invalid session name: 1" },
		{ "00123", "Rejected, Reason: Invalid session name: 00123" },
		{ too_long, "longer than 255 bytes" },
	};

	(void)state;
	memset(longest, 'n', LIMIT_NAME_BYTES);
	memset(too_long, 'n', LIMIT_NAME_BYTES + 1);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_order order = good_order();

		order.name = rows[i].name;
		assert_judged(rows[i].name, &order, "name", rows[i].msg);
	}
}

static void
memory_is_digits_with_a_unit(void **state)
{
	static const struct {
		const char *memory;
		bool good;
	} rows[] = {
		{ "512m", true }, { "2g", true }, { "2G", true }, { "1024", true }, { "1Gb", true }, { "1tb", true },
		{ "100k", true }, { "1p", true }, { "", false }, { "m", false }, { "lots", false }, { "1.5g", false },
		{ "2 g", false }, { "-1g", false }, { "+1g", false }, { "2gg", false }, { "1Gi", false }, { "2e", false },
		{ "2g ", false }, { " 2g", false },
	};
	static const char *const conf_keys[] = { "spark.driver.memory", "spark.executor.memory" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch_order order = good_order();

		order.driver_memory = rows[i].memory;
		assert_judged(rows[i].memory, &order, "driverMemory", rows[i].good ? NULL : "no amount of memory");
		order = good_order();
		order.executor_memory = rows[i].memory;
		assert_judged(rows[i].memory, &order, "executorMemory", rows[i].good ? NULL : "no amount of memory");
		for (size_t k = 0; k < ARRAY_COUNT(conf_keys); k++) {
			struct batch_pair pair = { conf_keys[k], rows[i].memory };

			order = good_order();
			order.conf = (struct batch_pairs){ &pair, 1 };
			assert_judged(rows[i].memory, &order, conf_keys[k], rows[i].good ? NULL : "no amount of memory");
		}
	}
}

static void
cores_are_not_negative(void **state)
{
	struct batch_order order = good_order();

	(void)state;
	order.driver_cores = -1;
	assert_judged("-1", &order, "driverCores", "at least 1");
	order = good_order();
	order.executor_cores = -1;
	assert_judged("-1", &order, "executorCores", "at least 1");
}

enum fate { KEPT, DROPPED, DENIED };

static const struct {
	const char *key;
	enum fate fate;
} conf_keys[] = {
	{ "spark.executor.cores", KEPT },
	{ "spark.hadoop.fs.s3a.access.key", KEPT },
	{ "spark.kubernetes.driver.label.team", KEPT },
	{ "spark.master.rest.enabled", KEPT },
	{ "spark.kubernetes.namespaces", KEPT },
	{ "spark.kubernetes.authenticateX", KEPT },
	{ "spark.submit.pyFiles", KEPT },
	{ "spark.master", DROPPED },
	{ "spark.app.id", DROPPED },
	{ "spark.app.name", DROPPED },
	{ "spark.driver.host", DROPPED },
	{ "spark.driver.bindAddress", DROPPED },
	{ "spark.kubernetes.namespace", DROPPED },
	{ "spark.kubernetes.driver.master", DROPPED },
	{ "spark.kubernetes.driver.pod.name", DROPPED },
	{ "spark.kubernetes.executor.podNamePrefix", DROPPED },
	{ "spark.kubernetes.submission.waitAppCompletion", DROPPED },
	{ "hive.exec.dynamic.partition", DROPPED },
	{ "Spark.executor.cores", DROPPED },
	{ "spark", DROPPED },
	{ "", DROPPED },
	{ "spark.submit.deployMode", DENIED },
	{ "spark.submit.proxyUser.allowCustomClasspathInClusterMode", DENIED },
	{ "spark.kubernetes.driver.podTemplateFile", DENIED },
	{ "spark.kubernetes.executor.podTemplateFile", DENIED },
	{ "spark.kubernetes.driver.podTemplateContainerName", DENIED },
	{ "spark.kubernetes.executor.podTemplateContainerName", DENIED },
	{ "spark.kubernetes.authenticate.driver.serviceAccountName", DENIED },
	{ "spark.kubernetes.authenticate.submission.oauthToken", DENIED },
	{ "spark.kubernetes.authenticate.driver.clientKeyFile", DENIED },
	{ "spark.kubernetes.authenticate.caCertFile", DENIED },
	{ "pyRequirements", KEPT },
};

static void
conf_keys_are_kept_dropped_or_denied(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(conf_keys); i++) {
		struct batch_pair items[] = { { "spark.first", "1" }, { conf_keys[i].key, "" }, { "spark.last", "2" } };
		struct batch_order order = good_order();

		order.conf = (struct batch_pairs){ items, ARRAY_COUNT(items) };
		assert_judged(conf_keys[i].key, &order, conf_keys[i].key,
			      conf_keys[i].fate == DENIED
				      ? "Rejected, Reason: Blacklisted configuration values in session config: " : NULL);
		if (conf_keys[i].fate == DENIED)
			continue;
		assert_number(conf_keys[i].key, (int64_t)order.conf.count, conf_keys[i].fate == KEPT ? 3 : 2);
		assert_text(conf_keys[i].key, batch_pairs_get(&order.conf, "spark.first"), "1");
		assert_text(conf_keys[i].key, batch_pairs_get(&order.conf, "spark.last"), "2");
		assert_text(conf_keys[i].key, batch_pairs_get(&order.conf, conf_keys[i].key),
			    conf_keys[i].fate == KEPT ? "" : NULL);
	}
}

static void
a_value_is_taken_out_of_the_conf_once(void **state)
{
	struct batch_pair items[] = { { "a", "1" }, { "b", "2" }, { "c", "3" } };
	struct batch_pairs pairs = { items, ARRAY_COUNT(items) };

	(void)state;
	assert_null(batch_pairs_take(&pairs, "x"));
	assert_int_equal(pairs.count, 3);
	assert_string_equal(batch_pairs_take(&pairs, "b"), "2");
	assert_null(batch_pairs_take(&pairs, "b"));
	assert_int_equal(pairs.count, 2);
	assert_string_equal(batch_pairs_take(&pairs, "c"), "3");
	assert_string_equal(batch_pairs_take(&pairs, "a"), "1");
	assert_int_equal(pairs.count, 0);
	assert_null(batch_pairs_take(&pairs, "a"));
}

static void
secrets_are_known_by_their_keys(void **state)
{
	static const struct {
		const char *key;
		bool secret;
	} rows[] = {
		{ "spark.hadoop.fs.s3a.secret.key", true },
		{ "spark.hadoop.fs.s3a.access.key", true },
		{ "spark.hadoop.fs.s3a.session.token", true },
		{ "spark.ssl.keyPassword", true },
		{ "spark.ssl.keyStorePassword", true },
		{ "spark.my.passwd", true },
		{ "spark.kubernetes.driverEnv.AWS_SECRET_ACCESS_KEY", true },
		{ "spark.executorEnv.API_KEY", true },
		{ "spark.openlineage.transport.auth.apiKey", true },
		{ "spark.openlineage.transport.headers.Authorization", true },
		{ "spark.hadoop.fs.azure.account.key.acct.dfs.core.windows.net", true },
		{ "spark.hadoop.fs.gs.auth.service.account.private.key", true },
		{ "spark.kafka.sasl.jaas.config", true },
		{ "spark.credential", true },
		{ "spark.executor.cores", false },
		{ "spark.hadoop.fs.s3a.endpoint", false },
		{ "spark.sql.shuffle.partitions", false },
		{ "spark.sql.keyspace", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_number(rows[i].key, batch_key_is_secret(rows[i].key), rows[i].secret);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_path_is_a_uri_that_the_driver_can_reach),
		cmocka_unit_test(paths_in_the_conf_obey_the_same_rules),
		cmocka_unit_test(a_file_is_required),
		cmocka_unit_test(a_name_is_neither_empty_nor_a_number_nor_long),
		cmocka_unit_test(memory_is_digits_with_a_unit),
		cmocka_unit_test(cores_are_not_negative),
		cmocka_unit_test(conf_keys_are_kept_dropped_or_denied),
		cmocka_unit_test(a_value_is_taken_out_of_the_conf_once),
		cmocka_unit_test(secrets_are_known_by_their_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
