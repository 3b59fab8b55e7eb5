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

/*
 * Creates the object. That it exists already is success if it carries this batch's uid: somebody pushed it and did not
 * live to tell. What was learned is recorded in the row; if the database is away just then, a watch event or a later
 * push finds the object and records it.
 *
 * spec   the object's, or what service/pod_push.h takes; the arena's
 * by     "worker" or "watcher"
 * tries  how often it was tried before, this one included; spaces the next try
 * batch  updated from the row on PUSH_DONE
 * err    set on PUSH_DEFERRED and PUSH_REFUSED
 */
enum push_outcome push_object(struct app *app, struct arena *arena, struct batch *batch, struct json_object *spec,
			      const char *by, int tries, struct err *err);

/* Pushes what workers left behind for this cluster, a few at a time; true when there may be more at once. */
bool push_owed(struct app *app, struct app_cluster *cluster);

#endif
