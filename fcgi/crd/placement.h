/*
 * crd/placement.h - what pods need of Kubernetes' scheduler that Spark has no property for. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * By the pod templates, which every operator hands to its pods, with or without a webhook. Nodes and GPUs have properties
 * of Spark's own: spark.kubernetes.node.selector.*, spark.executor.resource.gpu.*
 */
#ifndef CRD_PLACEMENT_H
#define CRD_PLACEMENT_H

#include <json-c/json.h>

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"

#define PLACEMENT_PRIORITY_KEY "spark.sparkgate.priorityClassName"
#define PLACEMENT_TOLERATIONS_KEY "spark.sparkgate.tolerations"

struct placement {
	const char *priority_class;             /* NULL: the cluster's default */
	struct json_object *tolerations;        /* an array, the arena's; NULL: none */
};

/*
 * Takes both out of the conf. Tolerations are written as "kubectl taint" writes taints, with commas between:
 * "dedicated=spark:NoSchedule,gpu:NoExecute,spot". Without a value any one is tolerated, without an effect all of them.
 *
 * err  ERR_INVALID: which property, what of it, and what would be right
 */
MUST_CHECK bool placement_take(struct arena *arena, struct batch_pairs *conf, struct placement *ret_placement,
			       struct err *err);

bool placement_is_empty(const struct placement *placement);

/* Into a pod template. */
void placement_add(const struct placement *placement, struct json_object *template);

#endif
