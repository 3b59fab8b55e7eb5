/*
 * service/k8s_read.h - what clients of --master k8s:// may read of a cluster, and how nginx is to carry it there.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Reads of the ledger never touch a cluster; these are none: a client follows its own pod, for as long as that runs. A
 * worker says yes or no, and holds nothing of it.
 */
#ifndef SERVICE_K8S_READ_H
#define SERVICE_K8S_READ_H

#include "base/buf.h"
#include "service/k8s_submit.h"

/*
 * The cluster of a driver's pod that came this way.
 * err  ERR_NOT_FOUND, in Kubernetes' words; ERR_FORBIDDEN: it is somebody else's
 */
MUST_CHECK bool k8s_read_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
			     enum access access, struct app_cluster **ret_cluster, struct err *err);

/* What becomes of a watch on one driver's pod. */
struct k8s_watch {
	bool is_answered;               /* here and now: by one event, or by none, and then the client asks again */
	struct json_object *event;
	bool begins_anew;               /* where the client was before is not to be gone on from */
	int limit_s;                    /* to be carried for so long at a time; then the client asks again, where it was */
};

/*
 * Of a pod that is gone the API server says nothing, and spark-submit would wait for ever: the ledger knows it, and tells.
 * A client that was following takes no answer but a WebSocket (contract k8s-facade.md 5.3), which no worker can give: it is
 * made to begin anew, and a client that begins takes ours.
 * goes_on  the client names a version from which to go on
 * err      as above
 */
MUST_CHECK bool k8s_read_watched(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
				 enum access access, bool goes_on, struct k8s_watch *ret_watch, struct err *err);

/*
 * The namespace that is open, where a client asks for all of them: of the cluster that the address names, or of the first
 * that has one; into origin->namespace.
 */
MUST_CHECK bool k8s_read_all(struct app *app, struct k8s_origin *origin, struct app_cluster **ret_cluster, struct err *err);

/* Adds "word=value" to a query, escaped anew: what reaches the API server is made here. */
void k8s_read_add(struct arena *arena, struct buf *query, const char *word, const char *value);

/*
 * Adds the label selector: only drivers that came this way, whatever else the client wants (NULL: all of them). Ours stands
 * first, so that nothing in the client's can take it back.
 */
MUST_CHECK bool k8s_read_select(struct app *app, struct arena *arena, struct buf *query, const char *wanted, struct err *err);

/* Where nginx carries it (nginx/k8s_carried.conf), and with which Authorization or NULL; both the arena's. */
void k8s_read_carry(struct app_cluster *cluster, struct arena *arena, const char *path, const struct buf *query,
		    const char **ret_to, const char **ret_authorization);

#endif
