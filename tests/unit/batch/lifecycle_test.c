/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/lifecycle.h"

#define KEEP BATCH_STATE_COUNT /* nothing changes */

/* Every state that is not final, by everything that can be seen, with and without a kill asked for. */
static const struct {
	enum batch_state state;
	enum batch_phase phase;
	enum batch_state becomes;
	enum batch_state becomes_killed;        /* when a kill was asked for */
} rows[] = {
	{ BATCH_ACCEPTED, BATCH_SEEN_NOTHING_NEW, BATCH_STARTING, BATCH_STARTING },
	{ BATCH_ACCEPTED, BATCH_SEEN_STARTING, BATCH_STARTING, BATCH_STARTING },
	{ BATCH_ACCEPTED, BATCH_SEEN_RUNNING, BATCH_RUNNING, BATCH_RUNNING },
	{ BATCH_ACCEPTED, BATCH_SEEN_SUCCEEDED, BATCH_SUCCESS, BATCH_KILLED },
	{ BATCH_ACCEPTED, BATCH_SEEN_FAILED, BATCH_DEAD, BATCH_KILLED },
	{ BATCH_ACCEPTED, BATCH_SEEN_GONE, BATCH_KILLED, BATCH_KILLED },
	{ BATCH_STARTING, BATCH_SEEN_NOTHING_NEW, KEEP, KEEP },
	{ BATCH_STARTING, BATCH_SEEN_STARTING, KEEP, KEEP },
	{ BATCH_STARTING, BATCH_SEEN_RUNNING, BATCH_RUNNING, BATCH_RUNNING },
	{ BATCH_STARTING, BATCH_SEEN_SUCCEEDED, BATCH_SUCCESS, BATCH_KILLED },
	{ BATCH_STARTING, BATCH_SEEN_FAILED, BATCH_DEAD, BATCH_KILLED },
	{ BATCH_STARTING, BATCH_SEEN_GONE, BATCH_KILLED, BATCH_KILLED },
	{ BATCH_RUNNING, BATCH_SEEN_NOTHING_NEW, KEEP, KEEP },
	{ BATCH_RUNNING, BATCH_SEEN_STARTING, BATCH_STARTING, BATCH_STARTING }, /* it is run again */
	{ BATCH_RUNNING, BATCH_SEEN_RUNNING, KEEP, KEEP },
	{ BATCH_RUNNING, BATCH_SEEN_SUCCEEDED, BATCH_SUCCESS, BATCH_KILLED },
	{ BATCH_RUNNING, BATCH_SEEN_FAILED, BATCH_DEAD, BATCH_KILLED },
	{ BATCH_RUNNING, BATCH_SEEN_GONE, BATCH_KILLED, BATCH_KILLED },
};

static const enum batch_state finals[] = { BATCH_SUCCESS, BATCH_DEAD, BATCH_KILLED, BATCH_ERROR };

static void
assert_becomes(size_t row, const struct batch *batch, enum batch_state becomes)
{
	const struct batch_sight sight = { .phase = rows[row].phase };
	struct batch_move move = { .state = KEEP };
	bool moves = batch_next(batch, &sight, &move);

	if (moves != (becomes != KEEP) || (moves && move.state != becomes))
		fail_msg("%s, phase %d, kill %d: got %s", batch_state_text(batch->state), rows[row].phase,
			 batch->kill_requested_at != NULL, moves ? batch_state_text(move.state) : "nothing");
}

static void
a_state_moves_by_what_was_seen(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_COUNT(rows), (BATCH_STATE_COUNT - ARRAY_COUNT(finals)) * BATCH_PHASE_COUNT);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct batch batch = { .state = rows[i].state };

		assert_becomes(i, &batch, rows[i].becomes);
		batch.kill_requested_at = "2026-11-21T12:00:00.000000Z";
		assert_becomes(i, &batch, rows[i].becomes_killed);
	}
}

static void
final_states_are_final(void **state)
{
	(void)state;
	for (int i = 0; i < BATCH_STATE_COUNT; i++) {
		bool final = false;

		for (size_t k = 0; k < ARRAY_COUNT(finals); k++)
			final = final || finals[k] == (enum batch_state)i;
		assert_number(batch_state_text((enum batch_state)i), batch_state_is_final((enum batch_state)i), final);
	}
}

/* Not even what else is seen, such as an application id or a driver pod, is written any more. */
static void
a_final_state_never_changes_whatever_comes_late(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(finals); i++) {
		for (int phase = 0; phase < BATCH_PHASE_COUNT; phase++) {
			const struct batch_sight sight = {
				.phase = (enum batch_phase)phase, .app_id = "spark-1", .driver_pod = "pod", .message = "late",
				.attempts = 9, .follow_driver = true,
			};
			struct batch batch = { .state = finals[i] };
			struct batch_move move;

			assert_false(batch_next(&batch, &sight, &move));
			batch.kill_requested_at = "2026-11-21T12:00:00.000000Z";
			assert_false(batch_next(&batch, &sight, &move));
		}
	}
}

static void
a_killed_batch_stays_killed_when_a_late_success_arrives(void **state)
{
	const struct batch_sight success = { .phase = BATCH_SEEN_SUCCEEDED, .message = "well done" };
	struct batch batch = { .state = BATCH_RUNNING, .kill_requested_at = "2026-11-21T12:00:00.000000Z" };
	struct batch_move move;

	(void)state;
	assert_int_equal(batch_shown_state(&batch), BATCH_KILLED);
	assert_true(batch_next(&batch, &success, &move));
	assert_int_equal(move.state, BATCH_KILLED);
	assert_int_equal(move.reason, BATCH_KILLED_BY_USER);
	assert_null(move.message);
	batch.state = move.state;
	assert_false(batch_next(&batch, &success, &move));
	assert_int_equal(batch_shown_state(&batch), BATCH_KILLED);
}

static void
a_failure_keeps_its_reason_and_message(void **state)
{
	const struct batch_sight sight = { .phase = BATCH_SEEN_FAILED, .reason = BATCH_OUT_OF_MEMORY, .message = "OOMKilled" };
	const struct batch batch = { .state = BATCH_RUNNING };
	struct batch_move move;

	(void)state;
	assert_true(batch_next(&batch, &sight, &move));
	assert_int_equal(move.state, BATCH_DEAD);
	assert_int_equal(move.reason, BATCH_OUT_OF_MEMORY);
	assert_string_equal(move.message, "OOMKilled");
}

static void
an_object_deleted_by_somebody_else_says_so(void **state)
{
	const struct batch_sight sight = { .phase = BATCH_SEEN_GONE };
	struct batch batch = { .state = BATCH_RUNNING };
	struct batch_move move;

	(void)state;
	assert_true(batch_next(&batch, &sight, &move));
	assert_int_equal(move.reason, BATCH_DELETED_OUTSIDE);
	assert_contains("message", move.message, "not by this gateway");
	batch.kill_requested_at = "2026-11-21T12:00:00.000000Z";
	assert_true(batch_next(&batch, &sight, &move));
	assert_int_equal(move.reason, BATCH_KILLED_BY_USER);
	assert_null(move.message);
}

static void
a_killed_batch_keeps_what_it_was_waiting_for(void **state)
{
	const struct batch_sight gone = { .phase = BATCH_SEEN_GONE };
	const struct batch batch = { .state = BATCH_STARTING, .message = "ErrImagePull: no such image",
				     .kill_requested_at = "2026-11-21T12:00:00.000000Z" };
	struct batch_move move;

	(void)state;
	assert_true(batch_next(&batch, &gone, &move));
	assert_int_equal(move.reason, BATCH_KILLED_BY_USER);
	assert_string_equal(move.message, "ErrImagePull: no such image");
}

/* Airflow removes the pod of a task that has ended. */
static void
a_driver_that_had_stopped_and_is_gone_has_ended_well(void **state)
{
	const struct batch_sight gone = { .phase = BATCH_SEEN_GONE, .message = "deleted" };
	struct batch batch = { .state = BATCH_RUNNING, .stopped_at = "2026-11-21T12:00:00.000000Z" };
	struct batch_move move;

	(void)state;
	assert_true(batch_next(&batch, &gone, &move));
	assert_int_equal(move.state, BATCH_SUCCESS);
	assert_int_equal(move.reason, BATCH_NO_REASON);
	assert_string_equal(move.message, BATCH_STOPPED_AND_GONE);
	batch.kill_requested_at = "2026-11-21T12:00:00.000000Z";
	assert_true(batch_next(&batch, &gone, &move));
	assert_int_equal(move.reason, BATCH_KILLED_BY_USER);
}

/* Its object may be deleted, or be run again by hand, before the log is complete. */
static void
the_first_end_that_was_seen_counts(void **state)
{
	static const enum batch_phase later[] = { BATCH_SEEN_NOTHING_NEW, BATCH_SEEN_STARTING, BATCH_SEEN_RUNNING,
						  BATCH_SEEN_SUCCEEDED, BATCH_SEEN_FAILED, BATCH_SEEN_GONE };
	const struct batch succeeded = { .state = BATCH_RUNNING, .end_is_seen = true, .end_state = BATCH_SUCCESS,
					 .has_exit_code = true };
	const struct batch failed = { .state = BATCH_RUNNING, .end_is_seen = true, .end_state = BATCH_DEAD,
				      .end_reason = BATCH_EXIT_CODE, .end_message = "ExitCode: 3", .has_exit_code = true,
				      .exit_code = 3 };
	struct batch_move move;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(later); i++) {
		struct batch_sight sight = { .phase = later[i], .message = "later", .app_id = "spark-1", .exit_code = 9 };

		batch_recall_end(&succeeded, &sight);
		assert_true(batch_next(&succeeded, &sight, &move));
		assert_int_equal(move.state, BATCH_SUCCESS);
		assert_null(move.message);
		assert_string_equal(sight.app_id, "spark-1");
		assert_int_equal(sight.exit_code, 0);
		sight.phase = later[i];
		batch_recall_end(&failed, &sight);
		assert_true(batch_next(&failed, &sight, &move));
		assert_int_equal(move.state, BATCH_DEAD);
		assert_int_equal(move.reason, BATCH_EXIT_CODE);
		assert_string_equal(move.message, "ExitCode: 3");
		assert_true(sight.has_exit_code && sight.exit_code == 3);
	}
}

static void
what_else_is_learnt_is_a_change_once(void **state)
{
	static const struct {
		const char *row;
		struct batch batch;
		struct batch_sight sight;
		bool changes;
	} facts[] = {
		{ "app id", { .app_id = NULL }, { .app_id = "spark-1" }, true },
		{ "same app id", { .app_id = "spark-1" }, { .app_id = "spark-1" }, false },
		{ "another app id", { .app_id = "spark-1" }, { .app_id = "spark-2" }, true },
		{ "no app id", { .app_id = "spark-1" }, { .app_id = NULL }, false },
		{ "driver pod", { .driver_pod = NULL }, { .driver_pod = "p" }, true },
		{ "same driver pod", { .driver_pod = "p" }, { .driver_pod = "p" }, false },
		{ "message", { .message = NULL }, { .message = "m" }, true },
		{ "same message", { .message = "m" }, { .message = "m" }, false },
		{ "no message", { .message = "m" }, { .message = NULL }, false },
		{ "attempts", { .attempts = 1 }, { .attempts = 2 }, true },
		{ "same attempts", { .attempts = 2 }, { .attempts = 2 }, false },
		{ "unknown attempts", { .attempts = 2 }, { .attempts = 0 }, false },
		{ "follow", { .driver_followed = false }, { .follow_driver = true }, true },
		{ "followed", { .driver_followed = true }, { .follow_driver = true }, false },
		{ "not any more", { .driver_followed = true }, { .follow_driver = false }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(facts); i++) {
		struct batch batch = facts[i].batch;
		struct batch_sight sight = facts[i].sight;
		struct batch_move move = { .state = KEEP };

		batch.state = BATCH_RUNNING;
		sight.phase = BATCH_SEEN_RUNNING;
		assert_number(facts[i].row, batch_next(&batch, &sight, &move), facts[i].changes);
		if (facts[i].changes)
			assert_number(facts[i].row, move.state, BATCH_RUNNING);
	}
}

static void
a_batch_to_be_killed_is_shown_as_killed_until_it_has_ended(void **state)
{
	static const struct {
		enum batch_state state;
		enum batch_state shown;
	} shown[] = {
		{ BATCH_ACCEPTED, BATCH_KILLED }, { BATCH_STARTING, BATCH_KILLED }, { BATCH_RUNNING, BATCH_KILLED },
		{ BATCH_SUCCESS, BATCH_SUCCESS }, { BATCH_DEAD, BATCH_DEAD },       { BATCH_KILLED, BATCH_KILLED },
		{ BATCH_ERROR, BATCH_ERROR },
	};

	(void)state;
	assert_int_equal(ARRAY_COUNT(shown), BATCH_STATE_COUNT);
	for (size_t i = 0; i < ARRAY_COUNT(shown); i++) {
		struct batch batch = { .state = shown[i].state };

		assert_number(batch_state_text(batch.state), batch_shown_state(&batch), shown[i].state);
		batch.kill_requested_at = "2026-11-21T12:00:00.000000Z";
		assert_number(batch_state_text(batch.state), batch_shown_state(&batch), shown[i].shown);
	}
}

/* An object's operator counts from one again. */
static void
attempts_are_the_runs_of_all_objects(void **state)
{
	static const struct {
		int retries, known, seen, wanted;
	} counts[] = { { 0, 0, 0, 0 }, { 0, 0, 1, 1 }, { 0, 3, 2, 3 }, { 2, 3, 0, 3 }, { 2, 3, 1, 3 }, { 2, 0, 1, 3 }, { 2, 3, 2, 4 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
		const struct batch batch = {
			.state = BATCH_RUNNING, .retries = counts[i].retries, .attempts = counts[i].known,
		};
		const struct batch_sight sight = { .phase = BATCH_SEEN_RUNNING, .attempts = counts[i].seen };
		struct batch_move move;

		assert_int_equal(batch_attempts_seen(&batch, &sight), counts[i].wanted);
		assert_int_equal(batch_next(&batch, &sight, &move), counts[i].wanted > counts[i].known);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_moves_by_what_was_seen),
		cmocka_unit_test(final_states_are_final),
		cmocka_unit_test(a_final_state_never_changes_whatever_comes_late),
		cmocka_unit_test(a_killed_batch_stays_killed_when_a_late_success_arrives),
		cmocka_unit_test(a_failure_keeps_its_reason_and_message),
		cmocka_unit_test(an_object_deleted_by_somebody_else_says_so),
		cmocka_unit_test(a_killed_batch_keeps_what_it_was_waiting_for),
		cmocka_unit_test(a_driver_that_had_stopped_and_is_gone_has_ended_well),
		cmocka_unit_test(the_first_end_that_was_seen_counts),
		cmocka_unit_test(what_else_is_learnt_is_a_change_once),
		cmocka_unit_test(a_batch_to_be_killed_is_shown_as_killed_until_it_has_ended),
		cmocka_unit_test(attempts_are_the_runs_of_all_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
