/*
 * operator/spec_mark.h - a number that tells one spec from another. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPERATOR_SPEC_MARK_H
#define OPERATOR_SPEC_MARK_H

#include <stdint.h>

#include "base/json.h"

/*
 * Of what an attempt is made from: the application's spec without suspend and timeToLiveSeconds, which run nothing
 * again (contract crds.md 2.7). The order of members means nothing, and null, [] and {} are as good as absent, as
 * in Kubernetes' own comparison of objects. It is kept in the cluster, within submissionIDs, so another way of
 * counting would make specs look changed that are not.
 */
uint32_t spec_mark(struct json_object *application);

#endif
