/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "crd/python_env.h"

static const struct {
	const char *text;
	const char *lines;              /* NULL: refused */
	const char *refused;            /* the requirement that is named */
} requirements[] = {
	{ "numpy", "numpy", NULL },
	{ "numpy>=1.21.0,pandas", "numpy>=1.21.0\npandas", NULL },
	{ "pandas>=2,<3", "pandas>=2,<3", NULL },
	{ "pandas>=2, <3 , numpy", "pandas>=2, <3\nnumpy", NULL },
	{ " numpy , pandas ", "numpy\npandas", NULL },
	{ "pandas[performance,excel]>=2,numpy", "pandas[performance,excel]>=2\nnumpy", NULL },
	{ "a~=1.4.2,b!=1.5.*,c===1.0+local,d==1!2.0", "a~=1.4.2\nb!=1.5.*\nc===1.0+local\nd==1!2.0", NULL },
	{ "a ; python_version < '3.12'", "a ; python_version < '3.12'", NULL },
	{ "a>1;python_version<\"3.12\" and (os_name=='posix'),b", "a>1;python_version<\"3.12\" and (os_name=='posix')\nb", NULL },
	{ "Zope.Interface", "Zope.Interface", NULL },
	{ "numpy,", "numpy", NULL },
	{ "", NULL, "''" },
	{ " ", NULL, "''" },
	{ ",", NULL, "''" },
	{ "numpy,,pandas", NULL, "''" },
	{ "-r /etc/passwd", NULL, "'-r /etc/passwd'" },
	{ "numpy,--index-url=http", NULL, "'--index-url=http'" },
	{ "--pre", NULL, "'--pre'" },
	{ "a --hash=sha256", NULL, "'a --hash=sha256'" },
	{ "a@1", NULL, "'a@1'" },
	{ "a @ https://h/a.whl", NULL, "'a @ https://h/a.whl'" },
	{ "git+https://h/a", NULL, "'git+https://h/a'" },
	{ "https://h/a.whl", NULL, "'https://h/a.whl'" },
	{ "./a.whl", NULL, "'./a.whl'" },
	{ "dir/a", NULL, "'dir/a'" },
	{ "a\nb", NULL, "'a\nb'" },
	{ "a\tb", NULL, "'a\tb'" },
	{ "a\\b", NULL, "'a\\b'" },
	{ "a b", NULL, "'a b'" },
	{ "a>=", NULL, "'a>='" },
	{ "a>1,", "a>1", NULL },
	{ "a>1,>", NULL, "'a>1,>'" },
	{ "a[", NULL, "'a['" },
	{ "a[b,c", NULL, "'a[b,c'" },
	{ "a[b/c]", NULL, "'a[b/c]'" },
	{ "a[]", NULL, "'a[]'" },
	{ "_a", NULL, "'_a'" },
	{ "a-", NULL, "'a-'" },
	{ "$(id)", NULL, "'$(id)'" },
	{ "a;`id`", NULL, "'a;`id`'" },
	{ "a; x == 'http://h'", NULL, "'a; x == 'http://h''" },
	{ "\xc3\xa4", NULL, "'\xc3\xa4'" },
};

static void
requirements_name_packages_and_nothing_else(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(requirements); i++) {
		const char *text = requirements[i].text, *lines = NULL;
		struct err err = ERR_INIT;

		if (python_env_read(*state, text, &lines, &err) != (requirements[i].lines != NULL))
			fail_msg("%s: %s", text, lines == NULL ? err.msg : lines);
		assert_text(text, lines, requirements[i].lines);
		if (lines == NULL)
			assert_contains(text, err.msg, requirements[i].refused);
	}
}

static void
there_are_not_endlessly_many(void **state)
{
	char text[10000] = "";
	const char *lines;
	struct err err = ERR_INIT;

	for (int i = 0; i < 100; i++)
		strcat(text, i == 0 ? "a" : ",a");
	assert_true(python_env_read(*state, text, &lines, &err));
	strcat(text, ",a");
	assert_false(python_env_read(*state, text, &lines, &err));
	assert_contains("101", err.msg, "more than 100 packages");
	memset(text, 'a', 8193);
	text[8193] = '\0';
	assert_false(python_env_read(*state, text, &lines, &err));
	assert_contains("8193", err.msg, "longer than 8192 bytes");
}

static struct json_object *
first_of(struct json_object *template, const char *list)
{
	return json_object_array_get_idx(json_at(template, "spec", list, NULL), 0);
}

static void
each_role_gets_a_container_that_installs_and_one_that_uses_it(void **state)
{
	const struct python_env env = {
		.requirements = "numpy\npandas", .image = "i", .image_pull_policy = "Never", .pip_config_map = "pip",
	};
	struct json_object *template = arena_own_json(*state, python_env_template(&env, "spark-kubernetes-executor"));
	struct json_object *init = first_of(template, "initContainers"), *spark = first_of(template, "containers");
	struct json_object *variable = json_object_array_get_idx(json_member(init, "env"), 0);
	struct json_object *source = json_object_array_get_idx(json_member(init, "envFrom"), 0);

	assert_string_equal(json_string(init, "name"), PYTHON_ENV_CONTAINER);
	assert_string_equal(json_string(init, "image"), "i");
	assert_string_equal(json_string(init, "imagePullPolicy"), "Never");
	assert_string_equal(json_string(variable, "value"), "numpy\npandas");
	assert_string_equal(json_string_at(source, "configMapRef", "name", NULL), "pip");
	assert_string_equal(json_string(init, "terminationMessagePolicy"), "FallbackToLogsOnError");
	assert_string_equal(json_string(spark, "name"), "spark-kubernetes-executor");
	variable = json_object_array_get_idx(json_member(spark, "env"), 0);
	assert_string_equal(json_string(variable, "name"), "PYSPARK_PYTHON");
	assert_string_equal(json_string(variable, "value"), PYTHON_ENV_INTERPRETER);
	assert_string_equal(json_string(first_of(template, "volumes"), "name"),
			    json_string(json_object_array_get_idx(json_member(spark, "volumeMounts"), 0), "name"));
}

static void
without_settings_of_an_index_pip_has_its_own(void **state)
{
	const struct python_env env = { .requirements = "numpy", .image = "i", .image_pull_policy = "Always" };
	struct json_object *template = arena_own_json(*state, python_env_template(&env, "spark-kubernetes-driver"));

	assert_null(json_member(first_of(template, "initContainers"), "envFrom"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(requirements_name_packages_and_nothing_else),
		unit_test_with_arena(there_are_not_endlessly_many),
		unit_test_with_arena(each_role_gets_a_container_that_installs_and_one_that_uses_it),
		unit_test_with_arena(without_settings_of_an_index_pip_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
