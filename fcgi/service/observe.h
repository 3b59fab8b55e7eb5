/*
 * service/observe.h - evidence from Kubernetes becomes the state of a batch. Only here, and only from evidence.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_OBSERVE_H
#define SERVICE_OBSERVE_H

#include "batch/lifecycle.h"
#include "service/app.h"

/*
 * An object as a list or a watch shows it; is_gone: it was deleted, this is its last state.
 * False: the database could not be asked or told, so this evidence is lost; list anew.
 */
MUST_CHECK bool observe_object(struct app *app, struct app_cluster *cluster, struct json_object *object, bool is_gone);

/*
 * The same of several SparkApplications that have just come, each of another batch: they cost one question to the database,
 * and one commit for those that were pushed and not known to be.
 */
MUST_CHECK bool observe_arrivals(struct app *app, struct app_cluster *cluster, struct json_object *const *objects,
				 size_t count);

/* The same of a driver pod that is its batch's object itself. */
MUST_CHECK bool observe_pod(struct app *app, struct app_cluster *cluster, struct json_object *pod, bool is_gone);

/* What was learned about a batch otherwise, e.g. that its object does not exist. False as above. */
MUST_CHECK bool observe_sight(struct app *app, struct arena *arena, const struct batch *batch, const struct batch_sight *evidence);

#endif
