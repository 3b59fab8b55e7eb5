/* SPDX-License-Identifier: Apache-2.0 */
#include "config_fixture.h"

#include "config/config_priv.h"

#define TEXT_BYTES (256 * 1024)

/* The printed configuration; the caller's to free. */
static char *
print(const struct config *config)
{
	struct buf text;
	char *copy;

	buf_init(&text, TEXT_BYTES);
	config_print(config, &text);
	assert_false(text.overflowed);
	copy = strdup(buf_str(&text));
	assert_non_null(copy);
	buf_release(&text);
	return copy;
}

static void
assert_holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void
every_key_is_printed(void **state)
{
	char *text = print(fixture_read_well(*state, DATABASE CLUSTER));

	for (size_t i = 0; i < config_keys_count; i++) {
		const char *dot = strchr(config_keys[i].name, '.');
		char line[64];

		snprintf(line, sizeof(line), "\n%s%s: ", dot == NULL ? "" : "  ",
			 dot == NULL ? config_keys[i].name : dot + 1);
		assert_holds(text, line);
	}
	for (size_t i = 0; i < config_cluster_keys_count; i++) {
		char line[64];

		snprintf(line, sizeof(line), "\n    %s: ", config_cluster_keys[i].name);
		assert_holds(text, line);
	}
	free(text);
}

static void
what_is_printed_can_be_read_back_and_says_the_same(void **state)
{
	char *first = print(fixture_read_well(*state,
		"auth: none\ndatabase: {conninfo: \"host=/a b\\\\ c dbname='x \\\"y\\\"'\"}\n"
		"kube: {watch_timeout_s: 7}\nlog: {level: debug, format: json}\nmetrics: {shared_file: /m}\n"
		"clusters:\n  a:\n    kubeconfig: kc\n    namespace: \"0\"\n    spark_version: 4.1\n"
		"    default_conf: {\"spark.a: b\": \"x\\ty\\n#\\x01\", spark.b: ü, spark.c: null_, spark.d: \"\"}\n"
		"  b: {in_cluster: true, enforced_conf: {spark.x: \"no\"}, denied_uris: [\"*\", \"a: b\"],\n"
		"      images: {\"3.5\": one, \"4.0.1\": two}, max_running: 7, queue_max_running: {\"*\": 1, \"\": 0},\n"
		"      roles: {r: {allowed_conf: [x], default_conf: {spark.y: z}}, s: {}}}\nroles: {r: \"ann, b*\", s: c}\n"));
	char *second = print(fixture_read_well(*state, first));

	assert_string_equal(first, second);
	assert_holds(first, "\"spark.a: b\": \"x\\x09y\\x0a#\\x01\"\n");
	assert_holds(first, "denied_uris:\n      - \"*\"\n      - \"a: b\"\n");
	assert_holds(first, "roles:\n  \"r\": \"ann, b*\"\n  \"s\": \"c\"\n");
	assert_holds(first, "      \"r\":\n        default_conf:\n          \"spark.y\": \"z\"\n        enforced_conf: {}\n"
			    "        allowed_conf:\n          - \"x\"\n");
	assert_holds(first, "    max_running: 7\n");
	assert_holds(first, "    max_running: null\n");
	assert_holds(first, "queue_max_running:\n      \"*\": 1\n      \"\": 0\n");
	assert_holds(first, "queue_max_running: {}\n");
	free(first);
	free(second);
}

static const struct {
	const char *conninfo;   /* in YAML */
	const char *printed;
} conninfo_cases[] = {
	{ "host=/run dbname=x", "host=/run dbname=x" },
	{ "password=hunter2", "password=***" },
	{ "host=a password=hunter2 dbname=x", "host=a password=*** dbname=x" },
	{ "password = hunter2 dbname=x", "password = *** dbname=x" },
	{ "password='hunter2 hunter2' dbname=x", "password=*** dbname=x" },
	{ "password='a\\\\' hunter2' dbname=x", "password=*** dbname=x" },
	{ "password=a\\\\ hunter2 dbname=x", "password=*** dbname=x" },
	{ "password='hunter2", "password=***" },
	{ "password=hunter2\\\\", "password=***" },
	{ "sslpassword=hunter2 sslkey=k", "sslpassword=*** sslkey=k" },
	{ "passfile=/p dbname=x", "passfile=/p dbname=x" },
	{ "dbname='a password=b'", "dbname='a password=b'" },
	{ "dbname=x hunter2", "dbname=x***" },
	{ "hunter2", "***" },
	{ "postgresql://u:hunter2@h/d", "postgresql://u:***@h/d" },
	{ "postgres://u:hunter2@h:5432,i:5433/d?a=b", "postgres://u:***@h:5432,i:5433/d?a=b" },
	{ "postgresql://u:hunter2?hunter2@h/d", "postgresql://u:***@h/d" },
	{ "postgresql://u:hunter2@hunter2/@h/d", "postgresql://u:***@h/d" },
	{ "postgresql://u@h/d", "postgresql://u@h/d" },
	{ "postgresql://h:5432/d", "postgresql://h:5432/d" },
	{ "postgresql:///d?host=/run&password=hunter2&user=u", "postgresql:///d?host=/run&password=***&user=u" },
	{ "postgresql://?sslpassword=hunter2", "postgresql://?sslpassword=***" },
};

static void
passwords_of_the_database_are_hidden(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(conninfo_cases); i++) {
		char yaml[512], line[512];
		char *text;

		snprintf(yaml, sizeof(yaml), CLUSTER "database: {conninfo: \"%s\"}\n", conninfo_cases[i].conninfo);
		snprintf(line, sizeof(line), "  conninfo: \"%s\"\n", conninfo_cases[i].printed);
		text = print(fixture_read_well(*state, yaml));
		assert_holds(text, line);
		assert_null(strstr(text, "hunter2"));
		free(text);
	}
}

static void
spark_properties_that_speak_of_secrets_are_hidden(void **state)
{
	char *text = print(fixture_read_well(*state, DATABASE "clusters:\n  a:\n    kubeconfig: kc\n"
		"    default_conf:\n      spark.hadoop.fs.s3a.secret.key: hunter2\n      spark.x.PassWord: hunter2\n"
		"      spark.oauth.token: hunter2\n      spark.hadoop.fs.s3a.access.key: hunter2\n"
		"    enforced_conf: {spark.hadoop.accessKey: hunter2, spark.y: shown}\n"));

	assert_null(strstr(text, "hunter2"));
	assert_holds(text, "\"spark.oauth.token\": \"***\"\n");
	assert_holds(text, "\"spark.y\": \"shown\"\n");
	free(text);
}

static void
a_buffer_that_is_too_small_says_so(void **state)
{
	const struct config *config = fixture_read_well(*state, DATABASE CLUSTER);
	struct buf text;

	buf_init(&text, 100);
	config_print(config, &text);
	assert_true(text.overflowed);
	buf_release(&text);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_free)
	static const struct CMUnitTest tests[] = {
		CASE(every_key_is_printed),
		CASE(what_is_printed_can_be_read_back_and_says_the_same),
		CASE(passwords_of_the_database_are_hidden),
		CASE(spark_properties_that_speak_of_secrets_are_hidden),
		CASE(a_buffer_that_is_too_small_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
