/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kube_priv.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A peer that vanished is noticed after 15 + 3 * 5 s of silence, also by a watch that has nothing to hear. */
#define KEEPALIVE_IDLE_S 15L
#define KEEPALIVE_INTERVAL_S 5L
#define KEEPALIVE_PROBES 3

/* The least that libcurl takes. Its own 64 KB stay with every connection, and bodies here are some 10 KB. */
#define UPLOAD_BUFFER_BYTES 16384L

#define SET(option, value) \
	do { \
		CURLcode set_ = curl_easy_setopt(easy, (option), (value)); \
		if (set_ != CURLE_OK) \
			return set_; \
	} while (0)

static bool
add_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);

	if (longer != NULL)
		transfer->headers = longer;
	return longer != NULL;
}

static bool
add_token(struct transfer *transfer, const char *token)
{
	char *line;
	bool added;

	if (token == NULL)
		return true;
	if (asprintf(&line, "Authorization: Bearer %s", token) < 0)
		return false;
	added = add_header(transfer, line);
	free(line);
	return added;
}

static bool
add_body_type(struct transfer *transfer, const struct request *request)
{
	return add_header(transfer, request->body_type == NULL ? "Content-Type: application/json" : request->body_type);
}

static bool
add_headers(struct kube *kube, const struct request *request, struct transfer *transfer)
{
	/* "Expect:" keeps curl from waiting a second for a "100 Continue" before a large body. */
	bool added = add_header(transfer, "Accept: application/json") && add_header(transfer, "Expect:") &&
		     add_token(transfer, credentials_token(&kube->credentials));

	if (added && request->body != NULL)
		added = add_body_type(transfer, request);
	if (added && kube->host_header != NULL)
		added = add_header(transfer, kube->host_header);
	for (size_t i = 0; added && i < kube->endpoint.impersonation_count; i++)
		added = add_header(transfer, kube->endpoint.impersonation[i]);
	return added;
}

/* libcurl has no option for the number of probes; the system's nine would take the time three times as long. */
static int
on_socket(void *context, curl_socket_t fd, curlsocktype purpose)
{
	int probes = KEEPALIVE_PROBES;

	(void)context;
	if (purpose == CURLSOCKTYPE_IPCXN)
		setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	return CURL_SOCKOPT_OK;
}

static CURLcode
set_pem(CURL *easy, const struct pem *pem, CURLoption blob_option, CURLoption file_option)
{
	struct curl_blob blob = { .data = (void *)pem->bytes, .len = pem->size_bytes, .flags = CURL_BLOB_NOCOPY };

	if (pem->bytes != NULL)
		SET(blob_option, &blob);
	else if (pem->file != NULL)
		SET(file_option, pem->file);
	return CURLE_OK;
}

static CURLcode
set_tls(CURL *easy, const struct kube *kube)
{
	const struct endpoint *endpoint = &kube->endpoint;
	CURLcode code;

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, endpoint->insecure ? 0L : 1L);
	SET(CURLOPT_SSL_VERIFYHOST, endpoint->insecure ? 0L : 2L);
	if (endpoint->ca.bytes != NULL || endpoint->ca.file != NULL) {
		/* Otherwise the system's authorities would be trusted beside the cluster's own. */
		SET(CURLOPT_CAINFO, NULL);
		SET(CURLOPT_CAPATH, NULL);
	}
	/* An encrypted key must fail; without this OpenSSL asks for the passphrase on the terminal. */
	SET(CURLOPT_KEYPASSWD, "");
	code = set_pem(easy, &endpoint->ca, CURLOPT_CAINFO_BLOB, CURLOPT_CAINFO);
	if (code == CURLE_OK)
		code = set_pem(easy, &endpoint->certificate, CURLOPT_SSLCERT_BLOB, CURLOPT_SSLCERT);
	if (code == CURLE_OK)
		code = set_pem(easy, &endpoint->key, CURLOPT_SSLKEY_BLOB, CURLOPT_SSLKEY);
	return code;
}

static CURLcode
set_connection(CURL *easy, const struct kube *kube, const struct request *request)
{
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_USERAGENT, "sparkgate/" PACKAGE_VERSION);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	SET(CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	SET(CURLOPT_SOCKOPTFUNCTION, on_socket);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)kube->connect_timeout_ms);
	SET(CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES);
	/* A session that is resumed carries the old certificate. */
	SET(CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
	SET(CURLOPT_SSL_SESSIONID_CACHE, request->fresh ? 0L : 1L);
	if (kube->endpoint.proxy_url != NULL) {
		SET(CURLOPT_PROXY, kube->endpoint.proxy_url);
		SET(CURLOPT_NOPROXY, "");
	} else if (kube->is_loopback) {
		/* As in Go: HTTPS_PROXY is for other hosts. */
		SET(CURLOPT_PROXY, "");
	}
	if (kube->endpoint.username != NULL) {
		SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		SET(CURLOPT_USERNAME, kube->endpoint.username);
		SET(CURLOPT_PASSWORD, kube->endpoint.password == NULL ? "" : kube->endpoint.password);
	}
	return set_tls(easy, kube);
}

static CURLcode
set_request(CURL *easy, const struct request *request, struct transfer *transfer)
{
	SET(CURLOPT_ERRORBUFFER, transfer->curl_text);
	SET(CURLOPT_URL, transfer->url);
	SET(CURLOPT_HTTPHEADER, transfer->headers);
	SET(CURLOPT_CONNECT_TO, transfer->connect_to);
	if (request->body != NULL) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body));
		SET(CURLOPT_POSTFIELDS, request->body);
	}
	SET(CURLOPT_CUSTOMREQUEST, request->method);
	return CURLE_OK;
}

bool
transfer_prepare(struct kube *kube, CURL *easy, const struct request *request, struct transfer *transfer,
		 struct err *err)
{
	CURLcode code;

	*transfer = (struct transfer){ 0 };
	curl_easy_reset(easy);
	if (asprintf(&transfer->url, "%s%s", kube->base_url, request->target) < 0)
		transfer->url = NULL;
	if (kube->connect_to != NULL)
		transfer->connect_to = curl_slist_append(NULL, kube->connect_to);
	if (transfer->url == NULL || !add_headers(kube, request, transfer) ||
	    (kube->connect_to != NULL && transfer->connect_to == NULL)) {
		transfer_release(transfer);
		return err_set(err, ERR_INTERNAL, "no memory for a call to the Kubernetes API server");
	}
	code = set_connection(easy, kube, request);
	if (code == CURLE_OK)
		code = set_request(easy, request, transfer);
	if (code == CURLE_OK)
		return true;
	transfer_release(transfer);
	err_set_(err, ERR_INTERNAL, "a call to the Kubernetes API server cannot be prepared");
	err_detail(err, "curl: %s", curl_easy_strerror(code));
	return false;
}

void
transfer_release(struct transfer *transfer)
{
	free(transfer->url);
	curl_slist_free_all(transfer->headers);
	curl_slist_free_all(transfer->connect_to);
	transfer->url = NULL;
	transfer->headers = NULL;
	transfer->connect_to = NULL;
}

void
transfer_error(CURL *easy, CURLcode code, const struct request *request, const struct transfer *transfer,
	       struct err *err)
{
	bool only_reads = strcmp(request->method, "GET") == 0;
	long sent_bytes = 0;

	/* How far it came decides: what was never sent has not been done. */
	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	if (code == CURLE_FILESIZE_EXCEEDED)
		err_set_(err, ERR_TOO_LARGE, "the Kubernetes API server's answer is too large");
	else if (sent_bytes == 0)
		err_set_(err, ERR_UNAVAILABLE, "the Kubernetes API server cannot be reached");
	else if (code == CURLE_OPERATION_TIMEDOUT)
		err_set_(err, ERR_TIMEOUT, "the Kubernetes API server did not answer in time");
	else
		err_set_(err, only_reads ? ERR_UNAVAILABLE : ERR_TIMEOUT,
			"the connection to the Kubernetes API server broke");
	err_detail(err, "curl=%d %s", (int)code,
		   transfer->curl_text[0] != '\0' ? transfer->curl_text : curl_easy_strerror(code));
}
