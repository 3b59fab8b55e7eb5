/* SPDX-License-Identifier: Apache-2.0 */
#include "http/encoding.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>

#define PIECE_BYTES 16384
#define GZIP_FIRST_BYTE 0x1f

/* windowBits of inflateInit2() */
#define WINDOW_GZIP (MAX_WBITS + 16)
#define WINDOW_ZLIB MAX_WBITS
#define WINDOW_RAW (-MAX_WBITS)

enum encoding
encoding_of(const char *header)
{
	if (header == NULL)
		return ENCODING_NONE;
	if (strcasecmp(header, "gzip") == 0 || strcasecmp(header, "x-gzip") == 0)
		return ENCODING_GZIP;
	return strcasecmp(header, "deflate") == 0 ? ENCODING_DEFLATE : ENCODING_NONE;
}

/* RFC 9110, 8.4.1.2: "deflate" is zlib's format, and some senders leave zlib's two bytes of header (RFC 1950) out. */
static int
window_of(enum encoding encoding, const unsigned char *bytes, size_t size_bytes)
{
	if (encoding == ENCODING_GZIP)
		return WINDOW_GZIP;
	return size_bytes >= 2 && (bytes[0] & 0x0f) == Z_DEFLATED && (bytes[0] * 256 + bytes[1]) % 31 == 0 ? WINDOW_ZLIB
													: WINDOW_RAW;
}

/* One step; false at the end of the stream, at the limit, or when the bytes are broken, which *ret_whole tells. */
static bool
inflate_piece(z_stream *stream, struct buf *body, bool *ret_whole)
{
	unsigned char piece[PIECE_BYTES];
	int result;

	stream->next_out = piece;
	stream->avail_out = sizeof(piece);
	result = inflate(stream, Z_NO_FLUSH);
	*ret_whole = result == Z_STREAM_END;
	if (result != Z_OK && result != Z_STREAM_END)
		return false;
	if (!buf_append(body, piece, sizeof(piece) - stream->avail_out)) {
		*ret_whole = true;
		return false;
	}
	if (result == Z_OK)
		return true;
	/* RFC 1952, 2.2: a gzip file is one or more members; anything else after the end is ignored, as after JSON */
	return stream->avail_in > 0 && *stream->next_in == GZIP_FIRST_BYTE && inflateReset(stream) == Z_OK;
}

bool
encoding_decode(enum encoding encoding, const char *bytes, size_t size_bytes, struct buf *body)
{
	z_stream stream = { .next_in = (z_const Bytef *)bytes, .avail_in = (uInt)size_bytes };
	bool whole = false;

	if (inflateInit2(&stream, window_of(encoding, (const unsigned char *)bytes, size_bytes)) != Z_OK)
		return false;
	while (inflate_piece(&stream, body, &whole))
		;
	inflateEnd(&stream);
	return whole;
}
