/*
 * batch/file_mapping.h - where the files lie that a client calls by paths of its own. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Only what could not be served otherwise is mapped: paths without a scheme, and file: URIs. What has another scheme stays
 * as it is.
 */
#ifndef BATCH_FILE_MAPPING_H
#define BATCH_FILE_MAPPING_H

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"

/*
 * Puts addresses for the paths in all places of an order where files are named, its conf's lists included. "file:/data/",
 * "file:///data/" and "/data/" are one, so are "" and "./"; of several that fit the longest counts. "." and ".." are resolved
 * before, and a path that leaves where it begins is refused, also if it does so only once its escapes are decoded. What
 * nothing fits is left as it is, for batch_validate_uris() to refuse.
 *
 * mappings  prefix -> prefix; both end in '/', but for "", which are all relative paths
 * order     changed in place
 * err       ERR_INVALID: names the field
 */
MUST_CHECK bool batch_map_files(struct arena *arena, const struct batch_pairs *mappings, struct batch_order *order,
				struct err *err);

#endif
