/*
 * batch/lifecycle.h - what may become of a batch, given what Kubernetes reports. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BATCH_LIFECYCLE_H
#define BATCH_LIFECYCLE_H

#include "batch/batch.h"

/* What was seen of the application. */
enum batch_phase {
	BATCH_SEEN_NOTHING_NEW, /* no evidence either way: the last known state stays */
	BATCH_SEEN_STARTING,
	BATCH_SEEN_RUNNING,
	BATCH_SEEN_SUCCEEDED,
	BATCH_SEEN_FAILED,
	BATCH_SEEN_GONE,        /* the object does not exist any more */
	BATCH_PHASE_COUNT
};

struct batch_sight {
	enum batch_phase phase;
	enum batch_reason reason;       /* of a failure */
	const char *message;            /* for people, or NULL */
	const char *app_id;             /* NULL: not known (yet) */
	const char *driver_pod;
	const char *object_uid;
	bool has_exit_code;
	int exit_code;                  /* of the driver's container */
	int attempts;                   /* of this object's driver, as its operator counts them; 0: not known */
	bool follow_driver;             /* the object will tell no more: from now on the driver pod itself is asked */
};

struct batch_move {
	enum batch_state state;
	enum batch_reason reason;
	const char *message;
};

#define BATCH_STOPPED_AND_GONE "the driver has stopped the application, and its pod is gone: its exit code was not seen"

bool batch_state_is_final(enum batch_state state);

/* The runs of the batch's driver, of all its objects, once this was seen. */
int batch_attempts_seen(const struct batch *batch, const struct batch_sight *sight);

/* Did the driver end, in one way or the other? Then the sight is to be remembered, should the log not be complete yet. */
bool batch_sight_is_end(const struct batch_sight *sight);

/* The first end that was seen counts: puts it into a later sight, e.g. of an object that somebody has deleted since. */
void batch_recall_end(const struct batch *batch, struct batch_sight *sight);

/*
 * What the batch becomes by this sight. A final state never changes, whatever comes late. Once a kill was asked for, the
 * only end is "killed": the client was told so, and a late success must not contradict it.
 * Returns false when nothing changes: neither the state nor the application id, driver pod, message or attempts.
 */
bool batch_next(const struct batch *batch, const struct batch_sight *sight, struct batch_move *ret_move);

/* The state that clients are shown: a batch to be killed is "killed" from the moment its DELETE was answered. */
enum batch_state batch_shown_state(const struct batch *batch);

#endif
