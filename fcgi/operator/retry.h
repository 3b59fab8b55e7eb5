/*
 * operator/retry.h - an application's restart policy. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: contract crds.md 2.1 and 3.3.
 */
#ifndef OPERATOR_RETRY_H
#define OPERATOR_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

enum retry_of { RETRY_OF_SUCCESS, RETRY_OF_FAILURE, RETRY_OF_SUBMISSION };

/* Is there to be another attempt after one that ended so? */
bool retry_is_wanted(struct json_object *application, enum retry_of of);

/* When: the interval grows with each attempt and counts from the last submission. Seconds since 1970. */
int64_t retry_due_s(struct json_object *application, enum retry_of of);

#endif
