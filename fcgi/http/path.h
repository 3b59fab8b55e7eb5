/*
 * http/path.h - route templates.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define PATH_PARAMS_MAX 4

/*
 * Matches a path with a template such as "/batches/{id}/log". Several slashes count as one, and one at the end as none
 * (contract livy.md 1.1). {x} takes one segment, decoded, never empty; a template's last segment "*" any rest, also none.
 * ret_params  the segments, in order; params[PATH_PARAMS_MAX]
 */
bool path_match(struct arena *arena, const char *template, const char *path, const char **ret_params);

#endif
