/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/log_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "kube/answer.h"
#include "kube/kube_priv.h"

/* Sockets served in one call: others wait for the thread, too. */
#define EVENTS_AT_ONCE 64

/* What is kept of a refusal: a Status object. */
#define REFUSAL_BYTES ((size_t)64 * 1024)

struct kube_logs {
	struct kube *kube;
	CURLM *multi;
	int wait_fd;            /* epoll: timer_fd and libcurl's sockets */
	int timer_fd;
	unsigned heard_count;
	struct kube_log_stream *streams;
};

struct kube_log_stream {
	struct kube_logs *logs;
	struct kube_log_stream *next;
	CURL *easy;
	struct transfer transfer;
	kube_log_bytes_fn on_bytes;
	void *context;
	struct buf refusal;
	bool paused;
	bool ended;
	CURLcode outcome;       /* once it ended */
};

static const struct request log_request = { .method = "GET" };

/* ---- libcurl's wishes, as one descriptor ---- */

static int
on_socket(CURL *easy, curl_socket_t fd, int wanted, void *context, void *unused)
{
	struct kube_logs *logs = context;
	struct epoll_event event = { .data.fd = fd };

	(void)easy;
	(void)unused;
	if (wanted == CURL_POLL_REMOVE) {
		epoll_ctl(logs->wait_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	event.events = (wanted & CURL_POLL_IN ? EPOLLIN : 0U) | (wanted & CURL_POLL_OUT ? EPOLLOUT : 0U);
	if (epoll_ctl(logs->wait_fd, EPOLL_CTL_MOD, fd, &event) == 0 || errno != ENOENT)
		return 0;
	return epoll_ctl(logs->wait_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct kube_logs *logs = context;
	struct itimerspec timer = { 0 };

	(void)multi;
	if (timeout_ms > 0)
		timer.it_value = (struct timespec){ timeout_ms / 1000, timeout_ms % 1000 * 1000000 };
	else if (timeout_ms == 0)
		timer.it_value.tv_nsec = 1; /* 0 would disarm it */
	timerfd_settime(logs->timer_fd, 0, &timer, NULL);
	return 0;
}

static bool
watch_timer(struct kube_logs *logs)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = logs->timer_fd };

	return logs->wait_fd >= 0 && logs->timer_fd >= 0 &&
	       epoll_ctl(logs->wait_fd, EPOLL_CTL_ADD, logs->timer_fd, &event) == 0;
}

bool
kube_logs_new(struct kube *kube, struct kube_logs **ret_logs, struct err *err)
{
	struct kube_logs *logs = calloc(1, sizeof(*logs));

	if (logs == NULL)
		return err_set(err, ERR_INTERNAL, "no memory for logs");
	logs->kube = kube;
	logs->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	logs->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	logs->multi = curl_multi_init();
	if (logs->multi == NULL || !watch_timer(logs) ||
	    curl_multi_setopt(logs->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
	    curl_multi_setopt(logs->multi, CURLMOPT_SOCKETDATA, logs) != CURLM_OK ||
	    curl_multi_setopt(logs->multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
	    curl_multi_setopt(logs->multi, CURLMOPT_TIMERDATA, logs) != CURLM_OK) {
		kube_logs_free(logs);
		return err_set(err, ERR_INTERNAL, "driver logs cannot be followed: no descriptor is left");
	}
	*ret_logs = logs;
	return true;
}

void
kube_logs_free(struct kube_logs *logs)
{
	if (logs == NULL)
		return;
	while (logs->streams != NULL)
		kube_log_close(logs->streams);
	curl_multi_cleanup(logs->multi);
	if (logs->timer_fd >= 0)
		close(logs->timer_fd);
	if (logs->wait_fd >= 0)
		close(logs->wait_fd);
	free(logs);
}

int
kube_logs_fd(const struct kube_logs *logs)
{
	return logs->wait_fd;
}

static void
note_ends(struct kube_logs *logs)
{
	CURLMsg *message;
	int left = 0;

	while ((message = curl_multi_info_read(logs->multi, &left)) != NULL) {
		struct kube_log_stream *stream = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&stream);
		stream->ended = true;
		stream->outcome = message->data.result;
		logs->heard_count++;
	}
}

bool
kube_logs_work(struct kube_logs *logs)
{
	unsigned heard_count = logs->heard_count;
	struct epoll_event events[EVENTS_AT_ONCE];
	int count = epoll_wait(logs->wait_fd, events, EVENTS_AT_ONCE, 0), running = 0;

	for (int i = 0; i < count; i++) {
		uint64_t expired;

		if (events[i].data.fd == logs->timer_fd) {
			if (read(logs->timer_fd, &expired, sizeof(expired)) > 0)
				curl_multi_socket_action(logs->multi, CURL_SOCKET_TIMEOUT, 0, &running);
			continue;
		}
		curl_multi_socket_action(logs->multi, events[i].data.fd,
					 (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
						 (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
						 (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
					 &running);
	}
	note_ends(logs);
	return logs->heard_count != heard_count;
}

/* ---- one stream ---- */

static int
response_code(const struct kube_log_stream *stream)
{
	long http_status = 0;

	curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &http_status);
	return (int)http_status;
}

static size_t
on_body(char *bytes, size_t one, size_t size_bytes, void *context)
{
	struct kube_log_stream *stream = context;

	(void)one;
	if (response_code(stream) != 200) {
		buf_append(&stream->refusal, bytes, size_bytes);
		return size_bytes;
	}
	stream->logs->heard_count++;
	stream->paused = !stream->on_bytes(stream->context, bytes, size_bytes);
	return stream->paused ? CURL_WRITEFUNC_PAUSE : size_bytes;
}

static bool
write_target(const struct kube_log_order *order, struct buf *target)
{
	buf_printf(target, "/api/v1/namespaces/%s/pods/%s/log?container=%s&timestamps=true", order->namespace, order->pod,
		   order->container);
	if (order->follow)
		buf_text(target, "&follow=true");
	if (order->since_s >= 0) {
		char text[CLOCK_RFC3339_BYTES];

		clock_rfc3339(order->since_s, text);
		buf_printf(target, "&sinceTime=%s", text);
	}
	return !target->overflowed;
}

static bool
start(struct kube_log_stream *stream, const struct kube_log_order *order, struct err *err)
{
	struct request request = log_request;
	AUTO_BUF struct buf target;

	buf_init(&target, LIMIT_PATH_BYTES);
	if (!write_target(order, &target))
		return err_set(err, ERR_INVALID, "the pod's name is too long");
	request.target = buf_str(&target);
	if (!transfer_prepare(stream->logs->kube, stream->easy, &request, &stream->transfer, err))
		return false;
	if (curl_easy_setopt(stream->easy, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
	    curl_easy_setopt(stream->easy, CURLOPT_WRITEDATA, stream) != CURLE_OK ||
	    curl_easy_setopt(stream->easy, CURLOPT_PRIVATE, stream) != CURLE_OK ||
	    curl_multi_add_handle(stream->logs->multi, stream->easy) != CURLM_OK) {
		transfer_release(&stream->transfer);
		return err_set(err, ERR_INTERNAL, "a log cannot be read");
	}
	return true;
}

bool
kube_log_open(struct kube_logs *logs, const struct kube_log_order *order, kube_log_bytes_fn on_bytes, void *context,
	      struct kube_log_stream **ret_stream, struct err *err)
{
	struct kube_log_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return err_set(err, ERR_INTERNAL, "no memory for a log");
	stream->logs = logs;
	stream->on_bytes = on_bytes;
	stream->context = context;
	stream->easy = curl_easy_init();
	buf_init(&stream->refusal, REFUSAL_BYTES);
	if (stream->easy == NULL || !start(stream, order, err)) {
		if (stream->easy == NULL)
			err_set_(err, ERR_INTERNAL, "no memory for a log");
		curl_easy_cleanup(stream->easy);
		buf_release(&stream->refusal);
		free(stream);
		return false;
	}
	stream->next = logs->streams;
	logs->streams = stream;
	*ret_stream = stream;
	return true;
}

void
kube_log_close(struct kube_log_stream *stream)
{
	struct kube_log_stream **at;

	if (stream == NULL)
		return;
	for (at = &stream->logs->streams; *at != stream; at = &(*at)->next)
		;
	*at = stream->next;
	curl_multi_remove_handle(stream->logs->multi, stream->easy);
	transfer_release(&stream->transfer);
	curl_easy_cleanup(stream->easy);
	buf_release(&stream->refusal);
	free(stream);
}

void
kube_log_resume(struct kube_log_stream *stream)
{
	if (!stream->paused || stream->ended)
		return;
	stream->paused = false;
	curl_easy_pause(stream->easy, CURLPAUSE_CONT);
}

bool
kube_log_is_answered(const struct kube_log_stream *stream)
{
	return response_code(stream) == 200;
}

/* Source: contract crds.md 9.5, as recorded: 204 before scheduling; the kubelet's refusals come as 400 and 500. */
static void
judge_refusal(int http_status, struct err *err)
{
	if (err->code == ERR_INVALID && strstr(err->msg, "waiting to start") != NULL)
		err_set_(err, ERR_CONFLICT, "the container has not started yet");
	else if (http_status >= 500 && strstr(err->detail, "/containerLogs/") != NULL)
		err_set_(err, ERR_NOT_FOUND, "the pod's node does not answer");
}

bool
kube_log_has_ended(struct kube_log_stream *stream, struct err *ret_err)
{
	int http_status = response_code(stream);

	*ret_err = (struct err)ERR_INIT;
	if (!stream->ended)
		return false;
	if (stream->outcome != CURLE_OK) {
		transfer_error(stream->easy, stream->outcome, &log_request, &stream->transfer, ret_err);
	} else if (http_status == 204) {
		err_set_(ret_err, ERR_NOT_FOUND, "the pod is not scheduled yet");
	} else if (!answer_check(http_status, 0, buf_str(&stream->refusal), stream->refusal.size_bytes, ret_err)) {
		if (http_status == 401)
			credentials_refused(&stream->logs->kube->credentials);
		judge_refusal(http_status, ret_err);
	}
	return true;
}
