/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define TOKEN_AGE_MS 60000

/* Tokens of clouds reach some 4 KB; the server's limit on all headers together is 1 MiB. */
#define TOKEN_MAX_BYTES 65536

/* Printable ASCII without spaces: all that a header may carry, and no second header behind a line break. */
static bool
is_token(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static bool
read_all(int fd, char *bytes, size_t capacity_bytes, size_t *ret_size_bytes)
{
	size_t size_bytes = 0;
	ssize_t more;

	while ((more = read(fd, bytes + size_bytes, capacity_bytes - size_bytes)) != 0) {
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return false;
		size_bytes += (size_t)more;
	}
	*ret_size_bytes = size_bytes;
	return true;
}

static bool
read_token(const char *path, char **ret_token, struct err *err)
{
	char text[TOKEN_MAX_BYTES + 1];
	size_t size_bytes = 0;
	bool good;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_INVALID, "cannot read the token file %s: %s", path, strerror(errno));
	good = read_all(fd, text, TOKEN_MAX_BYTES, &size_bytes);
	close(fd);
	while (size_bytes > 0 && strchr(" \t\r\n", text[size_bytes - 1]) != NULL)
		size_bytes--;
	text[size_bytes] = '\0';
	if (!good || !is_token(text))
		return err_set(err, ERR_INVALID, "the token file %s does not hold a token", path);
	*ret_token = strdup(text);
	return *ret_token != NULL || err_set(err, ERR_INTERNAL, "no memory for the token");
}

bool
credentials_init(struct credentials *credentials, const struct endpoint *endpoint, struct err *err)
{
	*credentials = (struct credentials){ .token_file = endpoint->token_file };
	if (endpoint->token_file != NULL) {
		credentials->read_at_ms = clock_monotonic_ms();
		return read_token(endpoint->token_file, &credentials->token, err);
	}
	if (endpoint->token == NULL)
		return true;
	if (!is_token(endpoint->token))
		return err_set(err, ERR_INVALID, "the kubeconfig's token has characters that no token has");
	credentials->token = strdup(endpoint->token);
	return credentials->token != NULL || err_set(err, ERR_INTERNAL, "no memory for the token");
}

void
credentials_release(struct credentials *credentials)
{
	free(credentials->token);
	*credentials = (struct credentials){ 0 };
}

void
credentials_refused(struct credentials *credentials)
{
	credentials->stale = true;
}

const char *
credentials_token(struct credentials *credentials)
{
	int64_t now_ms = clock_monotonic_ms();
	struct err unread = ERR_INIT;
	char *token;

	if (credentials->token_file == NULL ||
	    (!credentials->stale && now_ms - credentials->read_at_ms < TOKEN_AGE_MS))
		return credentials->token;
	credentials->stale = false;
	credentials->read_at_ms = now_ms;
	if (read_token(credentials->token_file, &token, &unread)) {
		free(credentials->token);
		credentials->token = token;
	}
	return credentials->token;
}
