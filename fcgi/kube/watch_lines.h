/*
 * kube/watch_lines.h - a stream of bytes, cut at its newlines.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KUBE_WATCH_LINES_H
#define KUBE_WATCH_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

struct watch_lines {
	struct buf bytes;
	size_t taken_bytes;             /* lines that were given out */
	size_t searched_bytes;          /* no newline between taken_bytes and here */
};

/* limit_bytes: of what is held at once, the unfinished line included. */
void watch_lines_init(struct watch_lines *lines, size_t limit_bytes);
void watch_lines_release(struct watch_lines *lines);
void watch_lines_reset(struct watch_lines *lines);

/* False when the limit is reached. Invalidates the line given out last. */
MUST_CHECK bool watch_lines_add(struct watch_lines *lines, const char *bytes, size_t size_bytes);

/* The next whole line without its newline, borrowed; false when none is complete yet. Empty lines are left out. */
MUST_CHECK bool watch_lines_next(struct watch_lines *lines, const char **ret_line, size_t *ret_size_bytes);

#endif
