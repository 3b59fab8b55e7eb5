/*
 * service/push.h - brings an accepted batch's object into Kubernetes, exactly once, whoever does it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_PUSH_H
#define SERVICE_PUSH_H

#include "batch/batch.h"
#include "service/app.h"

enum push_outcome {
	PUSH_DONE,              /* the object exists and is this batch's */
	PUSH_DEFERRED,          /* not now; recorded, a watcher will try again */
	PUSH_REFUSED,           /* never; recorded as the batch's end, err has Kubernetes' words and the client's code */
};

/* How long a push may be held before others take it over: longer than one whole push can take. */
int push_claim_ms(const struct config *config);

/* Who pushes, and what is known about it. */
struct push_try {
	const char *by;         /* "worker" or "watcher" */
	int number;             /* how often it was tried, this time included; spaces the next try */
	bool is_followed;       /* a watcher hears of the object, and records that it is there, many of them at once */
};

/*
 * Creates the object. That it exists already is success if it carries this batch's uid: somebody pushed it and did not
 * live to tell. What was learned is recorded in the row; if the database is away just then, a watch event or a later
 * push finds the object and records it.
 *
 * spec   the object's, or what service/pod_push.h takes; the arena's
 * batch  as its row is, or is about to be, on PUSH_DONE
 * err    set on PUSH_DEFERRED and PUSH_REFUSED
 */
enum push_outcome push_object(struct app *app, struct arena *arena, struct batch *batch, struct json_object *spec,
			      const struct push_try *try, struct err *err);

/* Pushes what workers left behind for this cluster, a few at a time; true when there may be more at once. */
bool push_owed(struct app *app, struct app_cluster *cluster);

#endif
