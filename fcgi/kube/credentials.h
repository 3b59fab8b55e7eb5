/*
 * kube/credentials.h - the bearer token in force.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: Kubernetes "Service account token volume projection": the kubelet replaces the file by a symlink swap when
 * 80 % of the token's life are over, so it is opened by its path again and again, each minute as client-go does.
 */
#ifndef KUBE_CREDENTIALS_H
#define KUBE_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "kube/kubeconfig.h"

struct credentials {
	const char *token_file;         /* borrowed; NULL: the token never changes */
	char *token;                    /* owned; NULL: there is none */
	int64_t read_at_ms;             /* monotonic */
	bool stale;                     /* the server refused it: look into the file again */
};

/* err  ERR_INVALID: the token file cannot be read, or what it holds is no token */
MUST_CHECK bool credentials_init(struct credentials *credentials, const struct endpoint *endpoint, struct err *err);
void credentials_release(struct credentials *credentials);

/* The server said 401: the next credentials_token() reads the file whatever its age. */
void credentials_refused(struct credentials *credentials);

/*
 * NULL without one; borrowed until the next call. A file that cannot be read for a while leaves the last token in
 * force: the server judges it.
 */
const char *credentials_token(struct credentials *credentials);

#endif
