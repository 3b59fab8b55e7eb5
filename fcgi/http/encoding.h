/*
 * http/encoding.h - a request's Content-Encoding.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_ENCODING_H
#define HTTP_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

enum encoding { ENCODING_NONE, ENCODING_GZIP, ENCODING_DEFLATE };

/*
 * The coding that a header names. Anything but gzip and deflate is none: Livy's Java client sends "UTF-8" with every call
 * (contract livy.md 1.2).
 */
enum encoding encoding_of(const char *header);

/*
 * Decodes a whole body. What would pass the buffer's limit is never held: body->overflowed says so, and true is returned.
 * Returns false when the bytes are not of that coding or end early.
 */
MUST_CHECK bool encoding_decode(enum encoding encoding, const char *bytes, size_t size_bytes, struct buf *body);

#endif
