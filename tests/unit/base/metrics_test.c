/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/metrics.h"

static void
make_metrics(struct metrics *metrics, const char *path)
{
	struct err err = ERR_INIT;

	if (!metrics_init(metrics, path, &err))
		fail_msg("%s", err.msg);
}

static int
make_file(void **state)
{
	static char path[64];
	int fd;

	strcpy(path, "/tmp/metrics_test.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	*state = path;
	return 0;
}

static int
remove_file(void **state)
{
	return unlink(*state);
}

static void
without_a_file_counters_are_the_process_s_own(void **state)
{
	struct metrics one, other;

	(void)state;
	make_metrics(&one, NULL);
	make_metrics(&other, "");
	metrics_add(&one, METRIC_KILLS, 3);
	assert_int_equal(one.values[METRIC_KILLS], 3);
	assert_int_equal(other.values[METRIC_KILLS], 0);
	metrics_release(&one);
	metrics_release(&other);
	metrics_release(&other);
}

#define ROUNDS 200000

/* Counts once the gate is open, so that all children count at the same time. */
static pid_t
start_counting(struct metrics *one, struct metrics *other, const int gate[2])
{
	pid_t child = fork();
	char byte;

	assert_true(child >= 0);
	if (child > 0)
		return child;
	close(gate[1]);
	if (read(gate[0], &byte, 1) != 0)
		_exit(1);
	for (int i = 0; i < ROUNDS; i++)
		metrics_add(i % 2 == 0 ? one : other, METRIC_BATCHES_ACCEPTED, 1);
	_exit(0);
}

static void
processes_with_the_same_file_count_together(void **state)
{
	struct metrics one, other;
	pid_t children[4];
	int gate[2];

	make_metrics(&one, *state);
	make_metrics(&other, *state);
	assert_int_equal(pipe(gate), 0);
	for (size_t i = 0; i < ARRAY_COUNT(children); i++)
		children[i] = start_counting(&one, &other, gate);
	close(gate[0]);
	close(gate[1]);
	for (size_t i = 0; i < ARRAY_COUNT(children); i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(one.values[METRIC_BATCHES_ACCEPTED], ARRAY_COUNT(children) * ROUNDS);
	assert_int_equal(other.values[METRIC_BATCHES_ACCEPTED], ARRAY_COUNT(children) * ROUNDS);
	metrics_release(&one);
	metrics_release(&other);
}

static void
counts_outlive_the_process(void **state)
{
	struct metrics metrics;

	for (int run = 1; run <= 3; run++) {
		make_metrics(&metrics, *state);
		metrics_add(&metrics, METRIC_KUBE_FAILURES, 2);
		assert_int_equal(metrics.values[METRIC_KUBE_FAILURES], (uint64_t)run * 2);
		metrics_release(&metrics);
	}
}

static void
a_file_that_cannot_be_used_is_named(void **state)
{
	static const char *const paths[] = { "/nowhere/metrics", "/dev/null/x", "/" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
		struct metrics metrics;
		struct err err = ERR_INIT;

		assert_false(metrics_init(&metrics, paths[i], &err));
		assert_contains(paths[i], err.msg, "metrics.shared_file");
		assert_contains(paths[i], err.msg, paths[i]);
	}
}

/* Prometheus text format 0.0.4: a family has HELP and TYPE once, before its samples. */
static void
the_text_is_what_prometheus_reads(void **state)
{
	char name[128], family[128] = "", seen[8192] = "\n", *rest, *line;
	struct metrics metrics;
	AUTO_BUF struct buf text;
	size_t samples = 0;
	uint64_t value;

	(void)state;
	buf_init(&text, 65536);
	make_metrics(&metrics, NULL);
	for (int i = 0; i < METRIC_COUNT; i++)
		metrics_add(&metrics, (enum metric)i, (uint64_t)i + 1);
	metrics_render(&metrics, &text);
	metrics_release(&metrics);
	assert_int_equal(text.bytes[text.size_bytes - 1], '\n');
	for (line = strtok_r(text.bytes, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "# HELP %127s %*s", family) == 1) {
			/* never begun twice */
			snprintf(name, sizeof(name), "\n%s\n", family);
			assert_null(strstr(seen, name));
			strcat(seen, name + 1);
			line = strtok_r(NULL, "\n", &rest);
			snprintf(name, sizeof(name), "# TYPE %s counter", family);
			assert_string_equal(line, name);
			continue;
		}
		assert_int_equal(sscanf(line, "%127s %" SCNu64, name, &value), 2);
		assert_int_equal(value, samples + 1);
		samples++;
		assert_int_equal(strncmp(name, family, strlen(family)), 0);
		assert_true(strcmp(name + strlen(family), "") == 0 || name[strlen(family)] == '{');
		assert_int_equal(strncmp(name, "sparkgate_", 10), 0);
		assert_string_equal(family + strlen(family) - strlen("_total"), "_total");
	}
	assert_int_equal(samples, METRIC_COUNT);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_counters_are_the_process_s_own),
		cmocka_unit_test_setup_teardown(processes_with_the_same_file_count_together, make_file, remove_file),
		cmocka_unit_test_setup_teardown(counts_outlive_the_process, make_file, remove_file),
		cmocka_unit_test(a_file_that_cannot_be_used_is_named),
		cmocka_unit_test(the_text_is_what_prometheus_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
