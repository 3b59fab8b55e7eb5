/*
 * base/percent.h - percent-encoding, RFC 3986, section 2.1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PERCENT_H
#define BASE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

/* Decodes %XX, and '+' to a blank in a query. Broken escapes stay as they are; %00 becomes "%00", never an end. */
char *percent_decode(struct arena *arena, const char *text, size_t size_bytes, bool is_query);

/* Appends the text, all of it encoded but letters, digits and "-._~". */
void percent_encode(struct buf *buf, const char *text, size_t size_bytes);

#endif
