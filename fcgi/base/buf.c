/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* What most texts fit into at once: a log line, the head of an answer. */
#define FIRST_CAPACITY_BYTES 512

void
buf_init(struct buf *buf, size_t limit_bytes)
{
	*buf = (struct buf){ .limit_bytes = limit_bytes };
}

void
buf_release(struct buf *buf)
{
	free(buf->bytes);
	buf_init(buf, buf->limit_bytes);
}

void
buf_reset(struct buf *buf)
{
	buf->size_bytes = 0;
	buf->overflowed = false;
	if (buf->bytes != NULL)
		buf->bytes[0] = '\0';
}

static bool
make_room(struct buf *buf, size_t more_bytes)
{
	size_t capacity_bytes = buf->capacity_bytes == 0 ? FIRST_CAPACITY_BYTES : buf->capacity_bytes;
	char *grown;

	if (more_bytes > buf->limit_bytes - buf->size_bytes) {
		buf->overflowed = true;
		return false;
	}
	if (buf->size_bytes + more_bytes < buf->capacity_bytes)
		return true;
	while (capacity_bytes < buf->size_bytes + more_bytes + 1)
		capacity_bytes *= 2;
	grown = realloc(buf->bytes, capacity_bytes);
	if (grown == NULL) {
		buf->overflowed = true;
		return false;
	}
	buf->bytes = grown;
	buf->capacity_bytes = capacity_bytes;
	return true;
}

bool
buf_append(struct buf *buf, const void *bytes, size_t size_bytes)
{
	if (!make_room(buf, size_bytes))
		return false;
	if (size_bytes > 0)
		memcpy(buf->bytes + buf->size_bytes, bytes, size_bytes);
	buf->size_bytes += size_bytes;
	buf->bytes[buf->size_bytes] = '\0';
	return true;
}

bool
buf_text(struct buf *buf, const char *text)
{
	return buf_append(buf, text, strlen(text));
}

bool
buf_int(struct buf *buf, int64_t number)
{
	char digits[TEXT_INT_BYTES];

	return buf_append(buf, digits, text_int(digits, number));
}

bool
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list arguments, again;
	size_t room_bytes;
	bool fits;
	int size;

	if (!make_room(buf, 0))
		return false;
	room_bytes = buf->capacity_bytes - buf->size_bytes;
	va_start(arguments, format);
	va_copy(again, arguments);
	/* mostly there is room, and once is enough */
	size = vsnprintf(buf->bytes + buf->size_bytes, room_bytes, format, arguments);
	va_end(arguments);
	fits = size >= 0 && make_room(buf, (size_t)size);
	if (fits && (size_t)size >= room_bytes)
		vsnprintf(buf->bytes + buf->size_bytes, (size_t)size + 1, format, again);
	if (fits)
		buf->size_bytes += (size_t)size;
	va_end(again);
	buf->bytes[buf->size_bytes] = '\0';
	return fits;
}

void
buf_consume(struct buf *buf, size_t size_bytes)
{
	if (size_bytes >= buf->size_bytes) {
		buf_reset(buf);
		return;
	}
	memmove(buf->bytes, buf->bytes + size_bytes, buf->size_bytes - size_bytes + 1);
	buf->size_bytes -= size_bytes;
}

const char *
buf_str(const struct buf *buf)
{
	return buf->bytes == NULL ? "" : buf->bytes;
}
