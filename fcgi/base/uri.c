/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uri.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool
uri_has_scheme(const char *uri, size_t uri_size)
{
	const char *colon = memchr(uri, ':', uri_size);
	size_t size = colon == NULL ? 0 : (size_t)(colon - uri);

	if (size < 2 || !isalpha((unsigned char)uri[0]))
		return false;
	for (size_t i = 1; i < size; i++) {
		if (!isalnum((unsigned char)uri[i]) && strchr("+-.", uri[i]) == NULL)
			return false;
	}
	return true;
}

const char *
uri_local_path(const char *uri)
{
	static const char scheme[] = "file:", localhost[] = "//localhost/";

	if (strncasecmp(uri, scheme, sizeof(scheme) - 1) != 0)
		return uri_has_scheme(uri, strlen(uri)) ? NULL : uri;
	uri += sizeof(scheme) - 1;
	if (strncasecmp(uri, localhost, sizeof(localhost) - 1) == 0)
		uri += sizeof(localhost) - 2;
	else if (strncmp(uri, "//", 2) == 0)
		uri += 2;
	return uri[0] == '/' ? uri : NULL;
}

void
uri_resolve_dots(char *path)
{
	bool is_absolute = path[0] == '/';
	char *to = path;

	for (char *from = path; *from != '\0';) {
		size_t slashes = strspn(from, "/"), size = strcspn(from + slashes, "/");
		char *segment = from + slashes;

		from = segment + size;
		if (size == 1 && segment[0] == '.')
			continue;
		if (size == 2 && strncmp(segment, "..", 2) == 0) {
			while (to > path && *--to != '/')
				;
			continue;
		}
		if (slashes > 0 && (is_absolute || to > path))
			*to++ = '/';
		memmove(to, segment, size);
		to += size;
	}
	*to = '\0';
}
