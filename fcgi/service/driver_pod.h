/*
 * service/driver_pod.h - drivers that their operator has lost track of: the pod itself is asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_DRIVER_POD_H
#define SERVICE_DRIVER_POD_H

#include "batch/lifecycle.h"
#include "service/app.h"

/*
 * Looks behind a FAILED that is no proof (crd_kubeflow_is_doubtful()): is there a driver of this very object? Then the
 * sight becomes what that pod says, and the batch is followed by its pod from now on. False: could not be asked.
 */
MUST_CHECK bool driver_pod_second_look(struct app *app, struct arena *arena, struct app_cluster *cluster,
				       const struct batch *batch, struct json_object *object, struct batch_sight *sight);

/* Asks the pods of the batches that are followed by them; a few at a time. */
void driver_pod_ask_followed(struct app *app, struct app_cluster *cluster);

#endif
