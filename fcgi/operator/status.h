/*
 * operator/status.h - a SparkApplication's status: read, and made anew. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source of fields and rules: contract crds.md section 3 (Kubeflow spark-operator).
 */
#ifndef OPERATOR_STATUS_H
#define OPERATOR_STATUS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "crd/submission.h"

/* The words of applicationState.state that this operator writes. */
#define STATE_NEW ""
#define STATE_SUBMITTED "SUBMITTED"
#define STATE_RUNNING "RUNNING"
#define STATE_COMPLETED "COMPLETED"
#define STATE_FAILING "FAILING"
#define STATE_FAILED "FAILED"
#define STATE_SUBMISSION_FAILED "SUBMISSION_FAILED"
#define STATE_PENDING_RERUN "PENDING_RERUN"
#define STATE_INVALIDATING "INVALIDATING"
#define STATE_SUSPENDING "SUSPENDING"
#define STATE_SUSPENDED "SUSPENDED"
#define STATE_UNKNOWN "UNKNOWN"

/* "" when the object has no status yet. */
const char *status_state(struct json_object *application);
int status_submission_attempts(struct json_object *application);
int status_execution_attempts(struct json_object *application);
const char *status_submission_id(struct json_object *application);      /* "" when there is none */
const char *status_message(struct json_object *application);            /* NULL when there is none */
/* Seconds since 1970 of a time in the status, or -1. */
int64_t status_time(struct json_object *application, const char *key);

/* A copy of the object's status, complete in what the definition requires. The arena's. */
struct json_object *status_copy(struct arena *arena, struct json_object *application);

/* message  NULL: no errorMessage */
void status_move(struct json_object *status, const char *state, const char *message);
/* now_s  seconds since 1970; -1 writes the null that the Kubeflow operator writes */
void status_set_time(struct arena *arena, struct json_object *status, const char *key, int64_t now_s);
/* Forgets what belongs to the attempt that has ended; the counters stay (contract crds.md 3.3). */
void status_forget_attempt(struct arena *arena, struct json_object *status);
/* The same, and the counters: as after no attempt, which has this id (operator/ids.h). */
void status_forget_attempts(struct arena *arena, struct json_object *status, const char *submission_id);

/* The status after one more submission: the attempt is counted, whatever came of it. The arena's. */
struct json_object *status_submitted(struct arena *arena, struct json_object *application,
				     const struct submission_ids *ids, int64_t now_s);
/* Adds where the driver's web UI is found. service: as the API server has it; its address may be its name. */
void status_show_ui(struct arena *arena, struct json_object *status, struct json_object *service);
/* is_final  repeating it unchanged is pointless: FAILED instead of SUBMISSION_FAILED */
struct json_object *status_not_submitted(struct arena *arena, struct json_object *application,
					 const struct submission_ids *ids, const char *message, bool is_final,
					 int64_t now_s);

/*
 * Brings executorState up to date; names accumulate.
 *
 * seen      name -> state, of the executor pods that there are
 * missing   what an executor is that has not ended and is not there any more
 * Returns whether anything changed.
 */
bool status_see_executors(struct json_object *status, struct json_object *seen, const char *missing);

/* What one executor pod says: PENDING, RUNNING, COMPLETED, FAILED or UNKNOWN; static. */
const char *status_executor_state(struct json_object *pod);

#endif
