/*
 * service/object.h - a batch's object in its cluster, whatever it is: a SparkApplication, or the driver's pod itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_OBJECT_H
#define SERVICE_OBJECT_H

#include "batch/batch.h"
#include "service/app.h"

/*
 * Deletes what was made for the executors of a batch by --master k8s://: pods, claims, config maps.
 * err  as kube_delete()
 */
MUST_CHECK bool object_delete_executors(struct app *app, struct arena *arena, struct app_cluster *cluster,
					const struct batch *batch, struct err *err);

/*
 * Deletes the batch's object. A pod has the name that its client gave it: one under that name that is not this
 * batch's is left alone, and the batch's is gone. In client mode the executors go first; of a driver whose pod is not
 * known there is no more.
 * err  ERR_NOT_FOUND: it is gone; else as kube_delete()
 */
MUST_CHECK bool object_delete(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
			      struct err *err);

#endif
