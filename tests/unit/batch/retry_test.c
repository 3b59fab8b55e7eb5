/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/retry.h"

#define MAX "spark.sparkgate.retry.max"
#define INTERVAL "spark.sparkgate.retry.interval"
#define ON "spark.sparkgate.retry.on"

/* An order with one more key than these, which is nobody's here. */
static bool
take(const char *key, const char *value, struct batch_retry *ret_retry, struct err *err)
{
	struct batch_pair items[] = { { key, value }, { "spark.a", "1" } };
	struct batch_order order = { .conf = { items, ARRAY_COUNT(items) } };
	bool taken = batch_retry_take(&order, ret_retry, err);

	if (taken)
		assert_int_equal(order.conf.count, 1);
	return taken;
}

static void
nothing_is_run_again_unless_it_is_asked_for(void **state)
{
	struct batch_order order = { 0 };
	struct err err = ERR_INIT;
	struct batch_retry retry;

	(void)state;
	assert_true(batch_retry_take(&order, &retry, &err));
	assert_int_equal(retry.max, 0);
	assert_int_equal(retry.interval_s, BATCH_RETRY_INTERVAL_S);
	assert_int_equal(retry.reasons, BATCH_RETRY_ANY);
}

static void
numbers_and_times_are_read_up_to_their_bounds(void **state)
{
	static const struct {
		const char *key, *value;
		int wanted;     /* -1: refused */
	} rows[] = {
		{ MAX, "0", 0 }, { MAX, "3", 3 }, { MAX, "100", 100 }, { MAX, "101", -1 }, { MAX, "-1", -1 }, { MAX, "", -1 },
		{ MAX, "3x", -1 }, { MAX, " 3", -1 }, { MAX, "99999999999999999999", -1 }, { INTERVAL, "0", 0 },
		{ INTERVAL, "30", 30 }, { INTERVAL, "30s", 30 }, { INTERVAL, "5m", 300 }, { INTERVAL, "5MIN", 300 },
		{ INTERVAL, "2h", 7200 }, { INTERVAL, "1d", 86400 }, { INTERVAL, "86400", 86400 }, { INTERVAL, "86401", -1 },
		{ INTERVAL, "25h", -1 }, { INTERVAL, "2d", -1 }, { INTERVAL, "", -1 }, { INTERVAL, "s", -1 },
		{ INTERVAL, "1.5h", -1 }, { INTERVAL, "5 m", -1 }, { INTERVAL, "100ms", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = ERR_INIT;
		struct batch_retry retry;
		bool taken = take(rows[i].key, rows[i].value, &retry, &err);

		assert_number(rows[i].value, taken, rows[i].wanted >= 0);
		if (taken)
			assert_number(rows[i].value, strcmp(rows[i].key, MAX) == 0 ? retry.max : retry.interval_s,
				      rows[i].wanted);
		else
			assert_contains(rows[i].value, err.msg, rows[i].key);
	}
}

static void
reasons_are_those_of_failures(void **state)
{
	static const struct {
		const char *value;
		unsigned wanted;        /* 0: refused */
	} rows[] = {
		{ "exit_code", BATCH_REASON_BIT(BATCH_EXIT_CODE) },
		{ " evicted , driver_lost", BATCH_REASON_BIT(BATCH_EVICTED) | BATCH_REASON_BIT(BATCH_DRIVER_LOST) },
		{ "exit_code,out_of_memory,evicted,driver_lost,failed,submission_failed", BATCH_RETRY_ANY },
		{ "", 0 }, { ",", 0 }, { "evicted,", 0 }, { "evict", 0 }, { "evicted failed", 0 }, { "EVICTED", 0 }, { "any", 0 },
		{ "refused", 0 }, { "killed_by_user", 0 }, { "deleted_outside", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = ERR_INIT;
		struct batch_retry retry;
		bool taken = take(ON, rows[i].value, &retry, &err);

		assert_number(rows[i].value, taken, rows[i].wanted != 0);
		if (taken)
			assert_number(rows[i].value, retry.reasons, rows[i].wanted);
		else
			assert_contains(rows[i].value, err.msg, "submission_failed");
	}
}

static void
reasons_are_written_as_they_are_read(void **state)
{
	struct arena *arena = *state;

	for (unsigned reasons = 1; reasons <= BATCH_RETRY_ANY; reasons++) {
		unsigned read = 0;

		if ((reasons & ~BATCH_RETRY_ANY) != 0)
			continue;
		assert_true(batch_retry_reasons_parse(batch_retry_reasons_text(arena, reasons), &read));
		assert_int_equal(read, reasons);
	}
}

static void
a_key_that_nobody_reads_is_refused(void **state)
{
	struct err err = ERR_INIT;
	struct batch_retry retry;

	(void)state;
	assert_false(take("spark.sparkgate.retry.count", "3", &retry, &err));
	assert_contains("it", err.msg, "spark.sparkgate.retry.count");
	assert_contains("what there is", err.msg, INTERVAL);
}

static void
a_supervised_driver_is_not_run_again_by_the_gateway(void **state)
{
	static const char *const values[] = { "true", "TRUE", "false" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
		struct batch_pair items[] = { { MAX, "1" }, { "spark.driver.supervise", values[i] } };
		struct batch_order order = { .conf = { items, ARRAY_COUNT(items) } };
		struct err err = ERR_INIT;
		struct batch_retry retry;

		assert_number(values[i], batch_retry_take(&order, &retry, &err), strcmp(values[i], "false") == 0);
	}
}

/* Every end, with a retry left and asked for, but for what each row says. */
static void
it_is_due_after_a_failure_that_was_asked_for(void **state)
{
	static const struct {
		const char *row;
		enum batch_state state;
		enum batch_reason reason;
		int retries;
		const char *kill_requested_at;
		bool due;
	} rows[] = {
		{ "asked for", BATCH_DEAD, BATCH_EXIT_CODE, 0, NULL, true },
		{ "the last", BATCH_DEAD, BATCH_EXIT_CODE, 1, NULL, true },
		{ "none left", BATCH_DEAD, BATCH_EXIT_CODE, 2, NULL, false },
		{ "another reason", BATCH_DEAD, BATCH_EVICTED, 0, NULL, false },
		{ "no reason", BATCH_DEAD, BATCH_NO_REASON, 0, NULL, false },
		{ "to be killed", BATCH_DEAD, BATCH_EXIT_CODE, 0, "2026-11-21T12:00:00.000000Z", false },
		{ "success", BATCH_SUCCESS, BATCH_NO_REASON, 0, NULL, false },
		{ "killed", BATCH_KILLED, BATCH_DELETED_OUTSIDE, 0, NULL, false },
		{ "error", BATCH_ERROR, BATCH_REFUSED, 0, NULL, false },
		{ "running", BATCH_RUNNING, BATCH_EXIT_CODE, 0, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct batch batch = {
			.retry = { 2, 0, BATCH_REASON_BIT(BATCH_EXIT_CODE) | BATCH_REASON_BIT(BATCH_FAILED) },
			.retries = rows[i].retries, .kill_requested_at = rows[i].kill_requested_at,
		};
		const struct batch_move move = { rows[i].state, rows[i].reason, NULL };

		assert_number(rows[i].row, batch_retry_is_due(&batch, &move), rows[i].due);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_run_again_unless_it_is_asked_for),
		cmocka_unit_test(numbers_and_times_are_read_up_to_their_bounds),
		cmocka_unit_test(reasons_are_those_of_failures),
		unit_test_with_arena(reasons_are_written_as_they_are_read),
		cmocka_unit_test(a_key_that_nobody_reads_is_refused),
		cmocka_unit_test(a_supervised_driver_is_not_run_again_by_the_gateway),
		cmocka_unit_test(it_is_due_after_a_failure_that_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
