/*
 * api/submitter/submitter.h - the service to which a Kubeflow operator with its feature gate RestSubmitter hands over
 * spark-submit's arguments. Served where submitter.cluster is configured.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source of the protocol facts: kubeflow/spark-operator 38082f33, internal/controller/sparkapplication/rest_submission.go;
 * only its client side is public. The words of its error codes are kept to the letter.
 */
#ifndef API_SUBMITTER_SUBMITTER_H
#define API_SUBMITTER_SUBMITTER_H

#include "api/dispatch.h"
#include "service/driver_submit.h"

extern const struct protocol submitter_protocol;

/* How far a request has come: what an error means depends on it. */
enum submitter_step {
	SUBMITTER_READS,        /* the body */
	SUBMITTER_CHECKS,       /* the pod templates */
	SUBMITTER_PLANS,        /* what the arguments make */
	SUBMITTER_CREATES,
	SUBMITTER_STEP_COUNT
};

/* call->own */
struct submitter_work {
	enum submitter_step step;
	const char *submission_id;      /* NULL until it is known */
};

/*
 * Strict: an unknown field is an error, because it may change what is to be made.
 * ret_order  borrowed from the parsed body, which is the arena's
 * err        ERR_INVALID: which field, and the remedy; ERR_MEDIA_TYPE
 */
MUST_CHECK bool submitter_parse(struct call *call, struct submitter_work *work, struct driver_order *ret_order,
				struct err *err);

/* The caller's to put. */
struct json_object *submitter_render(const char *submission_id, const struct driver_identity *identity);

/* The error in the contract's body, with its code and status. */
void submitter_answer_error(struct call *call, const struct err *err);

#endif
