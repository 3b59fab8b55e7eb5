/*
 * service/arrivals.h - objects that a watch has just shown for the first time, gathered and looked at together.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nearly all of them are what a worker has just created, and all there is to do is to note that they are there: a
 * commit each would be as much work as accepting them. Nothing is lost with a process that dies meanwhile: whoever follows the
 * cluster after it lists all objects.
 */
#ifndef SERVICE_ARRIVALS_H
#define SERVICE_ARRIVALS_H

#include <stddef.h>

#include "kube/watch.h"
#include "service/app.h"

#define ARRIVALS_MOST 64

struct arrivals {
	struct json_object *objects[ARRIVALS_MOST];
	size_t count;
	int64_t due_ms;         /* monotonic; when there are any */
};

/*
 * Takes in an event of SparkApplications: what has come waits for others, anything else is looked at now, behind what
 * came before it of the same batch. False as observe_object().
 */
MUST_CHECK bool arrivals_take(struct arrivals *arrivals, struct app *app, struct app_cluster *cluster,
			      const struct kube_event *event);

/* How long it is until arrivals_look() has something to do, wait_ms at most. */
int arrivals_wait_ms(const struct arrivals *arrivals, int wait_ms);

/* Looks at them when it is time. False as observe_object(). */
MUST_CHECK bool arrivals_look(struct arrivals *arrivals, struct app *app, struct app_cluster *cluster);

/* They will be listed anew. */
void arrivals_drop(struct arrivals *arrivals);

#endif
