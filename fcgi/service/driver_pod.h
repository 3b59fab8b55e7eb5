/*
 * service/driver_pod.h - where the object does not say, or not all, how a driver ended: the pod itself is asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_DRIVER_POD_H
#define SERVICE_DRIVER_POD_H

#include "batch/lifecycle.h"
#include "service/app.h"

/*
 * Looks behind a FAILED that is no proof, or no explanation (crd_pod_knows_more()): is there a driver of this very
 * object? Then the sight becomes what that pod says, and while it runs the batch is followed by it. False: could not be asked.
 */
MUST_CHECK bool driver_pod_second_look(struct app *app, struct arena *arena, struct app_cluster *cluster,
				       const struct batch *batch, struct batch_sight *sight);

/*
 * A status of spark.apache.org names neither the driver's pod nor the application's id: puts both into the sight of a driver
 * that runs or has ended, by the pod's labels. False: could not be asked.
 */
MUST_CHECK bool driver_pod_find(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
				struct batch_sight *sight);

/* Asks the pods of the batches that are followed by them; a few at a time. */
void driver_pod_ask_followed(struct app *app, struct app_cluster *cluster);

/*
 * Has the driver ended, although its object does not say so? Operators are away, and do not notice the end of a driver beside
 * which another container runs on. Then the end is the pod's, unless the operator will, or may, run the driver again.
 * pod  the batch's driver pod, or NULL: there is none
 */
void driver_pod_compare(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
			struct json_object *pod);

/* The same for a batch whose driver's log has come to its end. */
void driver_pod_look(struct app *app, struct app_cluster *cluster, int64_t batch_id);

/* The batch's driver pod, the arena's. err also ERR_NOT_FOUND. */
MUST_CHECK bool driver_pod_get(struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
			       struct json_object **ret_pod, struct err *err);

#endif
