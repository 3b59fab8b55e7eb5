/*
 * base/base64.h - the decoder of RFC 4648, section 4: the standard alphabet.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"

/*
 * White space is skipped (files wrap their lines); padding must be there, and nothing may follow it.
 *
 * ret_bytes  of the arena, with a NUL after ret_size_bytes
 * Returns false for anything that is not base64.
 */
MUST_CHECK bool base64_decode(struct arena *arena, const char *text, char **ret_bytes, size_t *ret_size_bytes);

#endif
