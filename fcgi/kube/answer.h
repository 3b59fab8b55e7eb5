/*
 * kube/answer.h - what an answer of the Kubernetes API server means: HTTP status and Status object → struct err.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pure: no connection. Source of the table: Kubernetes 1.34 API, as recorded by running it (contract crds.md 9.3).
 */
#ifndef KUBE_ANSWER_H
#define KUBE_ANSWER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* True for 2xx, else the error; the body may be a Status object or anything else, and NULL when it is empty. */
MUST_CHECK bool answer_check(int http_status, unsigned retry_after_s, const char *body, size_t size_bytes,
			     struct err *err);

/* The error that a Status object stands for, e.g. the one in a watch's ERROR event; its code is the HTTP status. */
void answer_status_error(struct json_object *status, struct err *err);

/*
 * Parses an object of the API server; deeper than a client's body may be.
 *
 * ret_object  the caller's to put; never NULL, always a JSON object
 * err         ERR_UNAVAILABLE: not JSON, e.g. the page of a proxy
 */
MUST_CHECK bool answer_parse(const char *bytes, size_t size_bytes, struct json_object **ret_object, struct err *err);

/*
 * Takes away what an object says of who wrote which of its fields: half of its memory, and read by nobody here. A server
 * keeps it when it does not come back. What is no object stays as it is.
 */
void answer_drop_managed_fields(struct json_object *object);

#endif
