/*
 * api/ops/ops.h - routes for those who run the gateway: health, readiness, metrics.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef API_OPS_OPS_H
#define API_OPS_OPS_H

#include "api/dispatch.h"

extern const struct protocol ops_protocol;

#endif
