/*
 * base/uri.h - what a text says of where a file is, RFC 3986.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_URI_H
#define BASE_URI_H

#include <stdbool.h>
#include <stddef.h>

/* Section 3.1: does uri[size] begin with a scheme? One letter is a drive, and none. */
bool uri_has_scheme(const char *uri, size_t size);

/*
 * A path of the machine on which it is read: of "file:/a", "file:///a" and "file://localhost/a" it is "/a", a text without a
 * scheme is one itself. Borrowed; NULL: it is none.
 */
const char *uri_local_path(const char *uri);

/* In place; section 5.2.4, and several slashes are one. A path that does not begin with '/' gets none. */
void uri_resolve_dots(char *path);

#endif
