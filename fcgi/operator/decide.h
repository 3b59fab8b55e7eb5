/*
 * operator/decide.h - what is to be done next with one application, from what the cluster says alone. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Never twice and never lost. An attempt is submitted in this order (operator/submit.h):
 *   1. the driver pod is created behind a scheduling gate, so that it cannot start;
 *   2. its config map and service are created;
 *   3. the status SUBMITTED is written, with the attempt counted and its submissionID;
 *   4. the gate is taken away.
 * Killed before 3, the status still asks for that same attempt: its objects have the same names and are found, and
 * had the pod vanished meanwhile, it has never run. Killed after 3, the gate is found closed and is opened. From 4
 * on a driver may have run, and the status says so: when its pod is gone, that is a failed run, and never a reason
 * to create it again. The status is replaced only as it was read (resourceVersion), so an operator that sees old
 * things cannot undo newer ones, and pods are removed by uid. Two operators at once, because a lease has passed too
 * early, do no harm.
 *
 * A changed spec is run anew: INVALIDATING; the driver of the old one goes; when the API server has said that it is
 * gone, PENDING_RERUN with all counters at 0; and attempt 1 of the new spec, whose names differ from those of any
 * attempt before (operator/ids.h). Which spec an attempt was made from stands in its submissionID, so a change that
 * came while no operator ran is seen too. suspend and timeToLiveSeconds are no such change, and a suspended application
 * takes its new spec when it is resumed.
 *
 * States and texts: contract crds.md section 3. Differences from the Kubeflow operator, on purpose:
 *   - SUCCEEDING, RESUMING and, without a retry to wait for, FAILING are passed over;
 *   - SUBMITTED has an errorMessage while the pod cannot start: Kubernetes' own words;
 *   - a driver pod that failed without a word of its container is "driver pod failed: REASON: MESSAGE".
 */
#ifndef OPERATOR_DECIDE_H
#define OPERATOR_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "launch/gate.h"

/* On pods, beside the attempt's (launch/gate.h; contract crds.md 2.5). */
#define POD_LABEL_ROLE "spark-role"

enum operator_act {
	OPERATOR_WAIT,          /* for an event, or for due_s */
	OPERATOR_LEAVE,         /* another operator works on it: nothing is touched */
	OPERATOR_LOOK,          /* no driver pod is in sight: ask the API server, then decide again */
	OPERATOR_SUBMIT,        /* the attempt after status.submissionAttempts */
	OPERATOR_RELEASE,       /* open the driver pod's gate */
	OPERATOR_REMOVE_DRIVER, /* the pod that was given */
	OPERATOR_WRITE,         /* `status` */
	OPERATOR_DELETE,        /* the application: its time is over */
	OPERATOR_ACT_COUNT
};

struct operator_view {
	struct json_object *application;
	struct json_object *driver_pod; /* the pod of that name, whosever it is; NULL: none is in sight */
	bool driver_asked;              /* the API server itself was asked for it just now */
	struct json_object *executors;  /* of this attempt: pod name -> state; NULL: none */
	int64_t now_s;
};

struct operator_decision {
	enum operator_act act;
	struct json_object *status;     /* to be written; the arena's */
	int64_t due_s;                  /* look again then; INT64_MAX: only after an event */
};

void operator_decide(struct arena *arena, const struct operator_view *view, struct operator_decision *ret_decision);

#endif
