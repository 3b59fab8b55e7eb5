/*
 * kube/kube_priv.h - what the room's own files share: an API server, and one HTTP request to it by libcurl.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KUBE_KUBE_PRIV_H
#define KUBE_KUBE_PRIV_H

#include <curl/curl.h>

#include "kube/credentials.h"
#include "kube/kube.h"
#include "kube/kubeconfig.h"

struct kube {
	struct arena arena;
	struct endpoint endpoint;
	struct credentials credentials;
	const char *namespace;
	const char *base_url;           /* the server's, with tls-server-name in place of the host */
	const char *host_header;        /* "Host: ..." of the true host then, else NULL */
	const char *connect_to;         /* CURLOPT_CONNECT_TO then, else NULL */
	bool is_loopback;
	CURL *easy;                     /* for calls; keeps its connection */
	int connect_timeout_ms;
	int request_timeout_ms;
	int watch_timeout_s;
};

/* What is asked. */
struct request {
	const char *method;
	const char *target;             /* path with query */
	const char *body;               /* JSON; NULL: none */
	const char *body_type;          /* the header's whole line; NULL: application/json */
	bool fresh;                     /* over a new connection, with certificates read anew */
};

/* What curl borrows while a request is under way. */
struct transfer {
	char *url;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	char curl_text[CURL_ERROR_SIZE];
};

/* Tells `easy` everything but the limits in time and where the answer goes. */
MUST_CHECK bool transfer_prepare(struct kube *kube, CURL *easy, const struct request *request,
				 struct transfer *transfer, struct err *err);
void transfer_release(struct transfer *transfer);

/* What a request that got no whole answer stands for. */
void transfer_error(CURL *easy, CURLcode code, const struct request *request, const struct transfer *transfer,
		    struct err *err);

/* Turns a refusal into ERR_UNAVAILABLE when the server only starts and does not know its own rules yet. */
void kube_doubt_refusal(struct kube *kube, int64_t deadline_ms, struct err *err);

#endif
