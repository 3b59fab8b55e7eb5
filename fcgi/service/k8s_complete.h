/*
 * service/k8s_complete.h - the last piece of a submission by --master k8s:// has come: it becomes a batch.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_K8S_COMPLETE_H
#define SERVICE_K8S_COMPLETE_H

#include "service/app.h"
#include "spark/driver_request.h"
#include "store/k8s_store.h"

/*
 * What a cluster allows to this user's pods that come by --master k8s://.
 * user  NULL: not known
 * err   ERR_FORBIDDEN: the user has no service account there
 */
MUST_CHECK bool k8s_rules_of(struct arena *arena, const struct config_cluster *cluster, const char *user,
			     struct spark_pod_rules *ret_rules, struct err *err);

/*
 * Reads the driver's properties, picks the cluster, lays that cluster's default and enforced properties under and over
 * them, commits the row, creates pod and objects. From the commit on the batch is never lost: what Kubernetes cannot take
 * now is success all the same, and a watcher brings it later.
 *
 * config_map  as it was sent; changed
 * err         ERR_NOT_FOUND: somebody else has completed the submission, or it has expired; ERR_INVALID, ERR_FORBIDDEN: what
 *             of it is wrong, or Kubernetes' refusal
 */
MUST_CHECK bool k8s_complete(struct app *app, struct arena *arena, const struct store_k8s_submission *submission,
			     struct json_object *config_map, const char *request_id, struct err *err);

#endif
