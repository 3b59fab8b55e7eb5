/*
 * config_fixture.h - a directory of its own with a kubeconfig in it, and a configuration read there.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

/* What every configuration needs, so that a case is about one thing. Lines 1 and 2. */
#define DATABASE "database: {conninfo: dbname=x}\n"
#define CLUSTER "clusters: {default: {kubeconfig: kc}}\n"

struct fixture {
	char directory[64];
	char errors[16384];     /* all messages, a line each */
	struct config config;
};

static inline void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* What the caller's shell has set for a gateway of its own must not count here. */
static inline void
clear_environment(void)
{
	for (char **variable = environ; *variable != NULL;) {
		char name[128];

		if (strncmp(*variable, "SPARKGATE_", strlen("SPARKGATE_")) != 0) {
			variable++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*variable, "="), *variable);
		assert_int_equal(unsetenv(name), 0);
	}
}

static inline int
fixture_make(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	clear_environment();
	snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/config_test.XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	assert_int_equal(chdir(fixture->directory), 0);
	write_file("kc", "");
	*state = fixture;
	return 0;
}

static inline int
fixture_free(void **state)
{
	struct fixture *fixture = *state;

	config_release(&fixture->config);
	unlink("kc");
	unlink("c.yaml");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(fixture->directory), 0);
	free(fixture);
	return 0;
}

static inline void
fixture_note(void *context, const char *message)
{
	struct fixture *fixture = context;
	size_t length = strlen(fixture->errors);

	snprintf(fixture->errors + length, sizeof(fixture->errors) - length, "%s\n", message);
}

/* Reads c.yaml with this text; the number of errors. */
static inline size_t
fixture_read(struct fixture *fixture, const char *text)
{
	fixture->errors[0] = '\0';
	config_release(&fixture->config);
	write_file("c.yaml", text);
	return config_read(&fixture->config, "c.yaml", fixture_note, fixture);
}

static inline const struct config *
fixture_read_well(struct fixture *fixture, const char *text)
{
	if (fixture_read(fixture, text) != 0)
		fail_msg("%s", fixture->errors);
	return &fixture->config;
}

#endif
