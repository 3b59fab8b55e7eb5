/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/lifecycle.h"

#include <string.h>

bool
batch_state_is_final(enum batch_state state)
{
	return state >= BATCH_SUCCESS;
}

int
batch_attempts_seen(const struct batch *batch, const struct batch_sight *sight)
{
	int seen = sight->attempts == 0 ? 0 : batch->retries + sight->attempts;

	return seen > batch->attempts ? seen : batch->attempts;
}

bool
batch_sight_is_end(const struct batch_sight *sight)
{
	return sight->phase == BATCH_SEEN_SUCCEEDED || sight->phase == BATCH_SEEN_FAILED;
}

void
batch_recall_end(const struct batch *batch, struct batch_sight *sight)
{
	if (!batch->end_is_seen)
		return;
	sight->phase = batch->end_state == BATCH_SUCCESS ? BATCH_SEEN_SUCCEEDED : BATCH_SEEN_FAILED;
	sight->reason = batch->end_reason;
	sight->message = batch->end_message;
	sight->has_exit_code = batch->has_exit_code;
	sight->exit_code = batch->exit_code;
}

static bool
differs(const char *known, const char *seen)
{
	return seen != NULL && (known == NULL || strcmp(known, seen) != 0);
}

static enum batch_state
state_by_phase(const struct batch *batch, enum batch_phase phase)
{
	switch (phase) {
	case BATCH_SEEN_STARTING:
		return BATCH_STARTING;
	case BATCH_SEEN_RUNNING:
		return BATCH_RUNNING;
	case BATCH_SEEN_SUCCEEDED:
		return BATCH_SUCCESS;
	case BATCH_SEEN_FAILED:
		return BATCH_DEAD;
	case BATCH_SEEN_GONE:
		return BATCH_KILLED;
	default:
		/* The object exists, so it is more than accepted. */
		return batch->state == BATCH_ACCEPTED ? BATCH_STARTING : batch->state;
	}
}

bool
batch_next(const struct batch *batch, const struct batch_sight *sight, struct batch_move *ret_move)
{
	struct batch_move move = {
		.state = state_by_phase(batch, sight->phase),
		.reason = sight->reason,
		.message = sight->message,
	};

	if (batch_state_is_final(batch->state))
		return false;
	if (sight->phase == BATCH_SEEN_GONE && batch->kill_requested_at == NULL && batch->stopped_at != NULL) {
		/* whoever made that pod has taken it away after its end, e.g. Airflow */
		move = (struct batch_move){ BATCH_SUCCESS, BATCH_NO_REASON, BATCH_STOPPED_AND_GONE };
	} else if (sight->phase == BATCH_SEEN_GONE && batch->kill_requested_at == NULL) {
		move.reason = BATCH_DELETED_OUTSIDE;
		if (move.message == NULL)
			move.message = "the SparkApplication was deleted, and not by this gateway";
	} else if (batch_state_is_final(move.state) && batch->kill_requested_at != NULL) {
		/* what kept it from running stays to be read */
		move = (struct batch_move){ BATCH_KILLED, BATCH_KILLED_BY_USER, batch->message };
	}
	*ret_move = move;
	return move.state != batch->state || differs(batch->app_id, sight->app_id) ||
	       differs(batch->driver_pod, sight->driver_pod) || differs(batch->message, move.message) ||
	       batch_attempts_seen(batch, sight) > batch->attempts || (sight->follow_driver && !batch->driver_followed);
}

enum batch_state
batch_shown_state(const struct batch *batch)
{
	if (batch->kill_requested_at != NULL && !batch_state_is_final(batch->state))
		return BATCH_KILLED;
	return batch->state;
}
