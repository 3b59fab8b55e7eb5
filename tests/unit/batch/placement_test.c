/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/placement.h"

#define CLUSTERS_MOST 4

struct row {
	const char *row;
	/* Each: weight, then "d" drains, "-" is down, and its queues: "3 d- etl,gpu"; NULL ends them. */
	const char *clusters[CLUSTERS_MOST];
	const char *queue;
	/* How often each is drawn when every number from 0 to 11 comes once, e.g. "9 3"; or the error's words. */
	const char *drawn;
	const char *refusal;
};

static const struct row rows[] = {
	{ "one cluster gets all", { "0" }, NULL, "12", NULL },
	{ "one cluster that is down gets all: they wait", { "0 -" }, NULL, "12", NULL },
	{ "one cluster that drains", { "0 d" }, NULL, NULL, "drain" },
	{ "without weights the first gets all", { "0", "0" }, NULL, "12 0", NULL },
	{ "without weights the first gets all, also when it is down", { "0 -", "0" }, NULL, "12 0", NULL },
	{ "without weights nobody stands in for the first that drains", { "0 d", "0" }, NULL, NULL, "drain" },
	{ "equal weights", { "1", "1" }, NULL, "6 6", NULL },
	{ "weights", { "3", "1" }, NULL, "9 3", NULL },
	{ "weights of three", { "1", "2", "3" }, NULL, "2 4 6", NULL },
	{ "weight 0 gets nothing where others have one", { "0", "5" }, NULL, "0 12", NULL },
	{ "what drains gets nothing", { "3 d", "1", "1" }, NULL, "0 6 6", NULL },
	{ "what is down gets nothing", { "3", "1 -", "1" }, NULL, "9 0 3", NULL },
	{ "what drains and is down gets nothing", { "3 d-", "1" }, NULL, "0 12", NULL },
	{ "all down: as if all were up", { "3 -", "1 -" }, NULL, "9 3", NULL },
	{ "one drains and the other is down: it waits there", { "3 d", "1 -" }, NULL, "0 12", NULL },
	{ "all drain", { "3 d", "1 d" }, NULL, NULL, "drain" },
	{ "weight 0 does not stand in for what drains", { "3 d", "0" }, NULL, NULL, "drain" },
	{ "weight 0 does not stand in for what is down", { "3 -", "0" }, NULL, "12 0", NULL },
	{ "a batch without a queue goes to any", { "1 - etl", "1  etl" }, NULL, "0 12", NULL },

	{ "a queue's cluster", { "1", "0  etl" }, "etl", "0 12", NULL },
	{ "a queue's only cluster that is down: it waits there", { "1", "0 - etl" }, "etl", "0 12", NULL },
	{ "a queue's only cluster that drains", { "1", "0 d etl" }, "etl", NULL, "drain" },
	{ "a queue's clusters by weight", { "1", "3  etl", "1  gpu,etl" }, "etl", "0 9 3", NULL },
	{ "a queue's clusters without weights are equals", { "1", "0  etl", "0  gpu,etl" }, "etl", "0 6 6", NULL },
	{ "a queue's cluster of weight 0 beside one that has some", { "1  etl", "0  etl" }, "etl", "12 0", NULL },
	{ "a queue's cluster of weight 0 beside one that drains", { "1 d etl", "0  etl" }, "etl", "0 12", NULL },
	{ "a queue's cluster of weight 0 beside one that is down", { "1 - etl", "0  etl" }, "etl", "12 0", NULL },
	{ "an unlisted queue goes to those without lists", { "9  etl", "1", "1" }, "gpu", "0 6 6", NULL },
	{ "an unlisted queue, none without a list having a weight", { "9  etl", "0", "0" }, "gpu", "0 12 0", NULL },
	{ "an unlisted queue where those without lists drain", { "9  etl", "1 d" }, "gpu", NULL, "drain" },
	{ "an unlisted queue where all have lists", { "9  etl,x", "1  gpu" }, "y", NULL, "'y'; there are: etl, x, gpu" },
	{ "a queue is its whole name", { "9  etl", "1" }, "et", "0 12", NULL },
};

static struct placement_cluster
cluster_of(struct arena *arena, const char *text)
{
	struct placement_cluster cluster = { .name = "c", .is_up = true };
	const char **queues = arena_alloc(arena, CLUSTERS_MOST * sizeof(*queues));
	char *words = arena_strdup(arena, text), *flags = strchr(words, ' '), *list, *queue;

	cluster.weight = atoi(words);
	cluster.queues = queues;
	if (flags == NULL)
		return cluster;
	list = strchr(flags + 1, ' ');
	if (list != NULL)
		*list++ = '\0';
	cluster.drains = strchr(flags, 'd') != NULL;
	cluster.is_up = strchr(flags, '-') == NULL;
	while (list != NULL && (queue = strsep(&list, ",")) != NULL)
		queues[cluster.queues_count++] = queue;
	return cluster;
}

static void
check(struct arena *arena, const struct row *row)
{
	struct placement_cluster clusters[CLUSTERS_MOST];
	int drawn[CLUSTERS_MOST] = { 0 };
	const char *text = "";
	size_t count = 0;

	while (count < CLUSTERS_MOST && row->clusters[count] != NULL) {
		clusters[count] = cluster_of(arena, row->clusters[count]);
		count++;
	}
	for (uint64_t random = 0; random < 12; random++) {
		struct err err = ERR_INIT;
		size_t chosen = 0;

		if (!placement_choose(clusters, count, row->queue, random, &chosen, &err)) {
			assert_contains(row->row, err.msg, row->refusal == NULL ? "no refusal at all" : row->refusal);
			assert_number(row->row, err.code, strcmp(row->refusal, "drain") == 0 ? ERR_UNAVAILABLE : ERR_INVALID);
			assert_number(row->row, err.retry_after_s > 0, err.code == ERR_UNAVAILABLE);
			return;
		}
		drawn[chosen]++;
	}
	for (size_t i = 0; i < count; i++)
		text = arena_printf(arena, "%s%s%d", text, i == 0 ? "" : " ", drawn[i]);
	assert_text(row->row, text, row->drawn == NULL ? "a refusal" : row->drawn);
}

static void
a_batch_that_names_no_cluster_goes_by_queue_weight_and_health(void **state)
{
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		check(*state, &rows[i]);
}

static void
large_random_numbers_are_as_good_as_small_ones(void **state)
{
	const struct placement_cluster clusters[] = { { .weight = 1000, .is_up = true }, { .weight = 1, .is_up = true } };
	struct err err = ERR_INIT;
	size_t chosen = 7;

	(void)state;
	assert_true(placement_choose(clusters, 2, NULL, UINT64_MAX - UINT64_MAX % 1001 - 1, &chosen, &err));
	assert_int_equal(chosen, 1);
	assert_true(placement_choose(clusters, 2, NULL, UINT64_MAX - UINT64_MAX % 1001, &chosen, &err));
	assert_int_equal(chosen, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(a_batch_that_names_no_cluster_goes_by_queue_weight_and_health),
		cmocka_unit_test(large_random_numbers_are_as_good_as_small_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
