/*
 * base/buf.h - a text that grows up to a limit.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct buf {
	char *bytes;            /* NUL-terminated once anything was added, else NULL */
	size_t size_bytes;
	size_t capacity_bytes;
	size_t limit_bytes;
	bool overflowed;        /* something did not fit and was dropped whole; stays true until buf_reset */
};

#define AUTO_BUF AUTO(buf_release)

void buf_init(struct buf *buf, size_t limit_bytes);
void buf_release(struct buf *buf);
void buf_reset(struct buf *buf);        /* empty again, memory kept */

/* False when it would pass the limit or memory is short; then nothing was added. */
bool buf_append(struct buf *buf, const void *bytes, size_t size_bytes);
bool buf_text(struct buf *buf, const char *text);
bool buf_int(struct buf *buf, int64_t number);  /* in decimal digits, as by "%lld" but for less */
bool buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Drops the first bytes. */
void buf_consume(struct buf *buf, size_t size_bytes);

/* The text or "", borrowed until the next change. */
const char *buf_str(const struct buf *buf);

#endif
