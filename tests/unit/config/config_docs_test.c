/* SPDX-License-Identifier: Apache-2.0 */
#include "config_fixture.h"

#include "config/config_priv.h"

#define EXAMPLE "deploy/sparkgate.example.yaml"
#define MANUAL "fcgi/bin/sparkgate.conf.5"
#define MANUAL_KEY ".B "
#define MANUAL_CLUSTER_KEY ".BI clusters. NAME ."

/* The lines of the manual, or of a key's paragraph. */
struct lines {
	char *line[1024];
	size_t count;
};

static struct arena arena;

static const char *
in_source(const char *path)
{
	const char *top = getenv("top_srcdir");

	return arena_printf(&arena, "%s/%s", top == NULL || top[0] == '\0' ? "." : top, path);
}

static int
make_arena(void **state)
{
	(void)state;
	arena_init(&arena, 64 * 1024 * 1024);
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct yaml *
read_example(void)
{
	struct yaml *root = NULL;
	struct err err = ERR_INIT;

	if (!yaml_read_file(&arena, in_source(EXAMPLE), &root, &err))
		fail_msg("%s", err.msg);
	return root;
}

static struct lines *
read_manual(void)
{
	struct lines *lines = arena_alloc(&arena, sizeof(*lines));
	FILE *file = fopen(in_source(MANUAL), "re");
	char line[1024];

	if (file == NULL)
		fail_msg("%s cannot be opened", in_source(MANUAL));
	while (fgets(line, sizeof(line), file) != NULL) {
		assert_true(lines->count < ARRAY_COUNT(lines->line));
		line[strcspn(line, "\n")] = '\0';
		lines->line[lines->count++] = arena_strdup(&arena, line);
	}
	fclose(file);
	return lines;
}

/* Behind the heading of a key in the manual: a .TP line, then `prefix` and the name. 0: there is none. */
static size_t
find_in_manual(const struct lines *manual, const char *prefix, const char *name)
{
	const char *heading = arena_printf(&arena, "%s%s", prefix, name);

	for (size_t i = 1; i < manual->count; i++)
		if (strcmp(manual->line[i - 1], ".TP") == 0 && strcmp(manual->line[i], heading) == 0)
			return i + 1;
	return 0;
}

static bool
paragraph_says(const struct lines *manual, size_t at, const char *wanted)
{
	for (; at < manual->count && strcmp(manual->line[at], ".TP") != 0; at++)
		if (strstr(manual->line[at], wanted) != NULL)
			return true;
	return false;
}

static void
check_manual_entry(const struct lines *manual, const char *prefix, const struct config_key *key)
{
	size_t at = find_in_manual(manual, prefix, key->name);
	const char *wanted = NULL;

	if (at == 0)
		fail_msg(MANUAL " has no entry \"%s%s\"", prefix, key->name);
	if (key->kind == KEY_INT)
		wanted = arena_printf(&arena, "Default %s %s, %d to %d.", key->default_text, key->unit, key->min,
				      key->max);
	else if (key->default_text != NULL)
		wanted = arena_printf(&arena, "Default %s.", key->default_text);
	if (wanted != NULL && !paragraph_says(manual, at, wanted))
		fail_msg(MANUAL " does not say \"%s\" of %s", wanted, key->name);
	for (size_t i = 0; i < key->words_count; i++)
		if (!paragraph_says(manual, at, key->words[i]))
			fail_msg(MANUAL " does not mention the value %s of %s", key->words[i], key->name);
}

static void
the_manual_knows_every_key_with_its_default_and_range(void **state)
{
	const struct lines *manual = read_manual();

	(void)state;
	for (size_t i = 0; i < config_keys_count; i++)
		check_manual_entry(manual, MANUAL_KEY, &config_keys[i]);
	for (size_t i = 0; i < config_cluster_keys_count; i++)
		check_manual_entry(manual, MANUAL_CLUSTER_KEY, &config_cluster_keys[i]);
}

static void
the_manual_knows_no_other_keys(void **state)
{
	const struct lines *manual = read_manual();

	(void)state;
	for (size_t i = 1; i < manual->count; i++) {
		const char *line = manual->line[i];
		bool known = true;

		if (strcmp(manual->line[i - 1], ".TP") != 0)
			continue;
		if (strncmp(line, MANUAL_CLUSTER_KEY, strlen(MANUAL_CLUSTER_KEY)) == 0)
			known = config_key_find(config_cluster_keys, config_cluster_keys_count,
						line + strlen(MANUAL_CLUSTER_KEY)) != NULL;
		else
			known = strncmp(line, MANUAL_KEY, strlen(MANUAL_KEY)) == 0 &&
				config_key_find(config_keys, config_keys_count, line + strlen(MANUAL_KEY)) != NULL;
		if (!known)
			fail_msg(MANUAL ":%zu: \"%s\" is no key", i + 1, line);
	}
}

static const struct yaml *
find_in_example(const struct yaml *root, const char *name)
{
	const char *dot = strchr(name, '.');

	if (dot == NULL)
		return yaml_member(root, name);
	return yaml_member(yaml_member(root, arena_strndup(&arena, name, (size_t)(dot - name))), dot + 1);
}

static void
the_example_has_every_key_and_shows_the_defaults_of_numbers_and_words(void **state)
{
	const struct yaml *root = read_example();
	const struct yaml *cluster = yaml_member(yaml_member(root, CONFIG_CLUSTERS), "default");

	(void)state;
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct yaml *value = find_in_example(root, config_keys[i].name);

		if (value == NULL)
			fail_msg(EXAMPLE " does not have %s", config_keys[i].name);
		if (config_keys[i].default_text != NULL)
			assert_string_equal(value->text, config_keys[i].default_text);
	}
	for (size_t i = 0; i < config_cluster_keys_count; i++) {
		const struct yaml *value = yaml_member(cluster, config_cluster_keys[i].name);

		if (value == NULL)
			fail_msg(EXAMPLE " does not have %s of a cluster", config_cluster_keys[i].name);
		if (config_cluster_keys[i].default_text != NULL)
			assert_string_equal(value->text, config_cluster_keys[i].default_text);
	}
}

static void
collect_error(void *context, const char *message)
{
	const char **errors = context;

	*errors = arena_printf(&arena, "%s%s\n", *errors, message);
}

static void
the_example_is_right_but_for_its_kubeconfig_that_only_you_have(void **state)
{
	const char *errors = "";
	struct config config;

	(void)state;
	clear_environment();
	/* The only value that depends on the machine. */
	setenv("SPARKGATE_CLUSTERS_DEFAULT_KUBECONFIG", "/dev/null", 1);
	if (config_read(&config, in_source(EXAMPLE), collect_error, &errors) != 0)
		fail_msg("%s", errors);
	unsetenv("SPARKGATE_CLUSTERS_DEFAULT_KUBECONFIG");
	config_release(&config);
}

static void
every_key_has_a_help_and_a_variable_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_keys_count; i++) {
		const char *variable = config_variable_name(&arena, config_keys[i].name);

		assert_non_null(config_keys[i].help);
		assert_string_not_equal(variable, "SPARKGATE_CONFIG");
		assert_string_not_equal(variable, "SPARKGATE_SLOT");
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(variable, config_variable_name(&arena, config_keys[j].name));
	}
	for (size_t i = 0; i < config_cluster_keys_count; i++)
		assert_non_null(config_cluster_keys[i].help);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)
	static const struct CMUnitTest tests[] = {
		CASE(the_manual_knows_every_key_with_its_default_and_range),
		CASE(the_manual_knows_no_other_keys),
		CASE(the_example_has_every_key_and_shows_the_defaults_of_numbers_and_words),
		CASE(the_example_is_right_but_for_its_kubeconfig_that_only_you_have),
		CASE(every_key_has_a_help_and_a_variable_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
