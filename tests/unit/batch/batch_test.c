/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/batch.h"

static void
every_state_has_a_word_of_its_own_and_is_read_back(void **state)
{
	static const char *const words[] = { "accepted", "starting", "running", "success", "dead", "killed", "error" };

	(void)state;
	assert_int_equal(ARRAY_COUNT(words), BATCH_STATE_COUNT);
	for (int i = 0; i < BATCH_STATE_COUNT; i++) {
		enum batch_state read = BATCH_STATE_COUNT;

		assert_text("state", batch_state_text((enum batch_state)i), words[i]);
		assert_true(batch_state_parse(words[i], &read));
		assert_int_equal(read, i);
	}
}

static void
every_protocol_has_a_word_of_its_own_and_is_read_back(void **state)
{
	static const char *const words[] = { "livy", "spark_rest", "k8s" };

	(void)state;
	assert_int_equal(ARRAY_COUNT(words), BATCH_PROTOCOL_COUNT);
	for (int i = 0; i < BATCH_PROTOCOL_COUNT; i++) {
		enum batch_protocol read = BATCH_PROTOCOL_COUNT;

		assert_text("protocol", batch_protocol_text((enum batch_protocol)i), words[i]);
		assert_true(batch_protocol_parse(words[i], &read));
		assert_int_equal(read, i);
	}
}

static void
every_reason_but_none_has_a_word_of_its_own_and_is_read_back(void **state)
{
	static const char *const words[] = {
		NULL, "refused", "submission_failed", "exit_code", "out_of_memory", "evicted", "driver_lost", "failed",
		"killed_by_user", "deleted_outside",
	};

	(void)state;
	assert_int_equal(ARRAY_COUNT(words), BATCH_REASON_COUNT);
	assert_null(batch_reason_text(BATCH_NO_REASON));
	for (int i = 1; i < BATCH_REASON_COUNT; i++) {
		enum batch_reason read = BATCH_REASON_COUNT;

		assert_text("reason", batch_reason_text((enum batch_reason)i), words[i]);
		assert_true(batch_reason_parse(words[i], &read));
		assert_int_equal(read, i);
	}
}

static void
unknown_words_are_refused_and_change_nothing(void **state)
{
	static const char *const words[] = { "", "Running", "running ", "run", "recovering", "none" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		enum batch_state batch_state = BATCH_DEAD;
		enum batch_protocol protocol = BATCH_K8S;
		enum batch_reason reason = BATCH_EVICTED;

		assert_false(batch_state_parse(words[i], &batch_state));
		assert_false(batch_protocol_parse(words[i], &protocol));
		assert_false(batch_reason_parse(words[i], &reason));
		assert_int_equal(batch_state, BATCH_DEAD);
		assert_int_equal(protocol, BATCH_K8S);
		assert_int_equal(reason, BATCH_EVICTED);
	}
}

static void
a_conf_value_is_found_by_its_whole_key(void **state)
{
	struct batch_pair items[] = { { "spark.a", "1" }, { "spark.a.b", "2" }, { "spark.c", "" } };
	const struct batch_pairs pairs = { items, ARRAY_COUNT(items) };
	const struct batch_pairs none = { 0 };

	(void)state;
	assert_string_equal(batch_pairs_get(&pairs, "spark.a"), "1");
	assert_string_equal(batch_pairs_get(&pairs, "spark.a.b"), "2");
	assert_string_equal(batch_pairs_get(&pairs, "spark.c"), "");
	assert_null(batch_pairs_get(&pairs, "spark"));
	assert_null(batch_pairs_get(&pairs, "SPARK.A"));
	assert_null(batch_pairs_get(&none, "spark.a"));
}

/* Spark derives the names of pods and services from it (contract crds.md 2.3). */
static void
each_run_has_an_object_of_its_own(void **state)
{
	struct arena *arena = *state;
	const char *longest = batch_object_of_run(arena, "sg-99999999999999-1a2b3c4d", 100);

	assert_string_equal(batch_object_of_run(arena, "sg-7-1a2b3c4d", 0), "sg-7-1a2b3c4d");
	assert_string_equal(batch_object_of_run(arena, "sg-7-1a2b3c4d", 1), "sg-7-1a2b3c4d-1");
	assert_string_equal(batch_object_of_run(arena, "sg-7-1a2b3c4d", 12), "sg-7-1a2b3c4d-12");
	assert_true(strlen(longest) <= 30);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_a_word_of_its_own_and_is_read_back),
		cmocka_unit_test(every_protocol_has_a_word_of_its_own_and_is_read_back),
		cmocka_unit_test(every_reason_but_none_has_a_word_of_its_own_and_is_read_back),
		cmocka_unit_test(unknown_words_are_refused_and_change_nothing),
		cmocka_unit_test(a_conf_value_is_found_by_its_whole_key),
		unit_test_with_arena(each_run_has_an_object_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
