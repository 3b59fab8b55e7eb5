/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/watch.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "kube/answer.h"
#include "kube/kube_priv.h"
#include "kube/watch_lines.h"

/* How much later than agreed a server may end a watch before the silence counts as a lost connection. */
#define SILENCE_GRACE_MS 5000

/* A stream that brings nothing and ends sooner is not resumed at once: that would be a busy loop. */
#define SHORT_STREAM_MS 500

/* Beside one line of the largest size: what libcurl reads before it hands control back (some 1.6 MB). */
#define READ_AHEAD_BYTES (4 * 1024 * 1024)

struct kube_watch {
	struct kube *kube;
	struct arena arena;
	const char *path;
	const char *query;
	char *version;
	CURLM *multi;
	CURL *easy;
	struct json_object *event;      /* the one given out last */

	/* The stream under way. */
	bool running;
	bool ended;
	CURLcode outcome;               /* once it ended */
	struct transfer transfer;
	struct watch_lines lines;       /* of a 200; else the body of the refusal */
	int http_status;                /* 0: no byte of the body yet */
	int64_t began_ms;
	int64_t heard_ms;
	unsigned heard_count;
	bool brought_events;
	bool too_large;
	bool refused;                   /* 401 came last: the credentials were read anew */
};

enum step { STEP_NOTHING, STEP_EVENT, STEP_FAILED };

static const struct request watch_request = { .method = "GET" };

/* ---- one stream ---- */

static int
response_code(struct kube_watch *watch)
{
	long http_status = 0;

	curl_easy_getinfo(watch->easy, CURLINFO_RESPONSE_CODE, &http_status);
	return (int)http_status;
}

static size_t
on_body(char *bytes, size_t one, size_t size_bytes, void *context)
{
	struct kube_watch *watch = context;

	(void)one;
	watch->http_status = response_code(watch);
	watch->heard_ms = clock_monotonic_ms();
	watch->heard_count++;
	if (watch_lines_add(&watch->lines, bytes, size_bytes))
		return size_bytes;
	watch->too_large = true;
	return 0;
}

static void
stop_stream(struct kube_watch *watch)
{
	if (!watch->running)
		return;
	/* Ends the connection as well, unless the answer was complete. */
	curl_multi_remove_handle(watch->multi, watch->easy);
	transfer_release(&watch->transfer);
	watch_lines_reset(&watch->lines);
	watch->http_status = 0;
	watch->running = false;
	watch->ended = false;
}

static bool
write_target(const struct kube_watch *watch, struct buf *target)
{
	struct arena arena;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	buf_printf(target,
		   "%s?%s%swatch=true&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=%s", watch->path,
		   watch->query, watch->query[0] == '\0' ? "" : "&", watch->kube->watch_timeout_s,
		   kube_escape(&arena, watch->version));
	arena_release(&arena);
	return !target->overflowed;
}

static bool
start_stream(struct kube_watch *watch, struct err *err)
{
	AUTO_BUF struct buf target;
	struct request request = watch_request;

	buf_init(&target, LIMIT_PATH_BYTES);
	if (!write_target(watch, &target))
		return err_set(err, ERR_INVALID, "the watch's path is too long");
	request.target = buf_str(&target);
	request.fresh = watch->refused;
	if (!transfer_prepare(watch->kube, watch->easy, &request, &watch->transfer, err))
		return false;
	watch->brought_events = false;
	watch->too_large = false;
	watch->began_ms = watch->heard_ms = clock_monotonic_ms();
	if (curl_easy_setopt(watch->easy, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
	    curl_easy_setopt(watch->easy, CURLOPT_WRITEDATA, watch) != CURLE_OK ||
	    curl_multi_add_handle(watch->multi, watch->easy) != CURLM_OK) {
		transfer_release(&watch->transfer);
		return err_set(err, ERR_INTERNAL, "a watch cannot be started");
	}
	watch->running = true;
	return true;
}

/* Lets curl work without waiting. True when that brought something: bytes, or the end. */
static bool
advance_stream(struct kube_watch *watch)
{
	unsigned heard_count = watch->heard_count;
	int running = 0, left = 0;
	CURLMsg *message;

	curl_multi_perform(watch->multi, &running);
	while ((message = curl_multi_info_read(watch->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		watch->ended = true;
		watch->outcome = message->data.result;
	}
	return watch->ended || watch->heard_count != heard_count;
}

static bool
stream_refused(struct kube_watch *watch, int http_status, struct err *err)
{
	struct kube *kube = watch->kube;
	curl_off_t retry_after_s = 0;
	bool repeat = http_status == 401 && !watch->refused;

	curl_easy_getinfo(watch->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	if (answer_check(http_status, retry_after_s > 0 && retry_after_s < INT32_MAX ? (unsigned)retry_after_s : 0,
			 buf_str(&watch->lines.bytes), watch->lines.bytes.size_bytes, err))
		/* 2xx, but no stream. */
		return err_set(err, ERR_UNAVAILABLE, "the Kubernetes API server answered a watch with HTTP %d",
			       http_status);
	watch->refused = http_status == 401;
	if (repeat) {
		credentials_refused(&kube->credentials);
		return true;
	}
	kube_doubt_refusal(kube, clock_monotonic_ms() + kube->request_timeout_ms, err);
	return false;
}

/* A stream is over: true when it is simply to be resumed. */
static bool
judge_end(struct kube_watch *watch, struct err *err)
{
	int http_status = response_code(watch);
	bool was_short = clock_monotonic_ms() - watch->began_ms < SHORT_STREAM_MS;

	if (watch->too_large)
		/* Resuming would meet the same event again; a list may hold larger ones. */
		return err_set(err, ERR_GONE, "an event of the watch is too large");
	if (watch->outcome != CURLE_OK && http_status != 200) {
		transfer_error(watch->easy, watch->outcome, &watch_request, &watch->transfer, err);
		return false;
	}
	if (http_status != 200)
		return stream_refused(watch, http_status, err);
	watch->refused = false;
	if (watch->brought_events || !was_short)
		return true;
	err_set_(err, ERR_UNAVAILABLE, "the Kubernetes API server ended a watch at once");
	err_detail(err, "curl=%d %s", (int)watch->outcome, curl_easy_strerror(watch->outcome));
	return false;
}

/* ---- events ---- */

static bool
find_kind(const char *type, enum kube_event_kind *ret_kind)
{
	static const struct {
		const char *type;
		enum kube_event_kind kind;
	} kinds[] = {
		{ "ADDED", KUBE_ADDED },
		{ "MODIFIED", KUBE_MODIFIED },
		{ "DELETED", KUBE_DELETED },
		{ "BOOKMARK", KUBE_BOOKMARK },
	};

	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		if (strcmp(kinds[i].type, type) != 0)
			continue;
		*ret_kind = kinds[i].kind;
		return true;
	}
	return false;
}

static bool
remember_version(struct kube_watch *watch, struct json_object *object, struct err *err)
{
	const char *version = json_string_at(object, "metadata", "resourceVersion", NULL);
	char *copy;

	if (version == NULL || version[0] == '\0')
		return true;
	copy = strdup(version);
	if (copy == NULL)
		return err_set(err, ERR_INTERNAL, "no memory for a watch");
	free(watch->version);
	watch->version = copy;
	return true;
}

static enum step
read_event(struct kube_watch *watch, const char *line, size_t size_bytes, struct kube_event *ret_event, struct err *err)
{
	struct json_object *object;
	enum kube_event_kind kind;
	const char *type;

	json_object_put(watch->event);
	watch->event = NULL;
	if (!answer_parse(line, size_bytes, &watch->event, err))
		return STEP_FAILED;
	type = json_string(watch->event, "type");
	object = json_member(watch->event, "object");
	if (type != NULL && strcmp(type, "ERROR") == 0) {
		answer_status_error(object, err);
		return STEP_FAILED;
	}
	/* A type of the future is nothing to fail for. */
	if (type == NULL || object == NULL || !find_kind(type, &kind))
		return STEP_NOTHING;
	if (!remember_version(watch, object, err))
		return STEP_FAILED;
	watch->brought_events = true;
	answer_drop_managed_fields(object);
	*ret_event = (struct kube_event){ .kind = kind, .object = object };
	return STEP_EVENT;
}

static enum step
next_event(struct kube_watch *watch, struct kube_event *ret_event, struct err *err)
{
	enum step step = STEP_NOTHING;
	const char *line;
	size_t size_bytes;

	if (watch->http_status != 200)
		return STEP_NOTHING;
	while (step == STEP_NOTHING && watch_lines_next(&watch->lines, &line, &size_bytes))
		step = read_event(watch, line, size_bytes, ret_event, err);
	return step;
}

/* ---- waiting ---- */

/* The head of a quiet watch comes at once, its first byte perhaps only minutes later. */
static bool
has_answered(struct kube_watch *watch)
{
	return response_code(watch) != 0;
}

/* Until the silence is too long; before the answer's head it is the time that any call has. */
static int
silence_left_ms(struct kube_watch *watch)
{
	const struct kube *kube = watch->kube;
	int64_t limit_ms = has_answered(watch) ? (int64_t)kube->watch_timeout_s * 1000 + SILENCE_GRACE_MS
					       : kube->request_timeout_ms;

	return clock_left_ms(watch->heard_ms + limit_ms);
}

/* True when wake_fd has something to say, be it that it is closed. */
static bool
wait_for_bytes(struct kube_watch *watch, int timeout_ms, int wake_fd)
{
	struct curl_waitfd extra = { .fd = wake_fd, .events = CURL_WAIT_POLLIN };
	struct pollfd wake = { .fd = wake_fd, .events = POLLIN };

	curl_multi_poll(watch->multi, &extra, wake_fd >= 0 ? 1 : 0, timeout_ms, NULL);
	return wake_fd >= 0 && poll(&wake, 1, 0) > 0;
}

/* A running stream that may still bring something; false when there is none and the caller is to know why. */
static bool
keep_stream(struct kube_watch *watch, struct err *err)
{
	bool resume = true;

	if (watch->running && watch->ended) {
		resume = judge_end(watch, err);
		stop_stream(watch);
	}
	return resume && (watch->running || start_stream(watch, err));
}

/* The silence was too long: true when the stream is to be resumed. */
static bool
give_up_stream(struct kube_watch *watch, struct err *err)
{
	bool had_answer = has_answered(watch);

	stop_stream(watch);
	return had_answer || err_set(err, ERR_UNAVAILABLE, "the Kubernetes API server did not answer a watch in time");
}

bool
kube_watch_next(struct kube_watch *watch, int timeout_ms, int wake_fd, struct kube_event *ret_event, struct err *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
	bool woken = false;

	assert(timeout_ms >= 0);
	for (;;) {
		int left_ms, silence_ms;

		switch (next_event(watch, ret_event, err)) {
		case STEP_EVENT:
			return true;
		case STEP_FAILED:
			stop_stream(watch);
			return false;
		case STEP_NOTHING:
			break;
		}
		if (!keep_stream(watch, err))
			return false;
		if (advance_stream(watch))
			continue;
		silence_ms = silence_left_ms(watch);
		if (silence_ms == 0) {
			if (!give_up_stream(watch, err))
				return false;
			continue;
		}
		left_ms = clock_left_ms(deadline_ms);
		if (woken || left_ms == 0)
			return err_set(err, ERR_TIMEOUT, "no event came");
		woken = wait_for_bytes(watch, left_ms < silence_ms ? left_ms : silence_ms, wake_fd);
	}
}

/* ---- the watch ---- */

bool
kube_watch_new(struct kube *kube, const char *path, const char *query, const char *version,
	       struct kube_watch **ret_watch, struct err *err)
{
	struct kube_watch *watch = calloc(1, sizeof(*watch));

	assert(path[0] == '/' && version[0] != '\0');
	if (watch == NULL)
		return err_set(err, ERR_INTERNAL, "no memory for a watch");
	arena_init(&watch->arena, LIMIT_ARENA_BYTES);
	watch_lines_init(&watch->lines, LIMIT_KUBE_EVENT_BYTES + READ_AHEAD_BYTES);
	watch->kube = kube;
	watch->path = arena_strdup(&watch->arena, path);
	watch->query = arena_strdup(&watch->arena, query);
	watch->version = strdup(version);
	watch->multi = curl_multi_init();
	watch->easy = curl_easy_init();
	if (watch->version == NULL || watch->multi == NULL || watch->easy == NULL) {
		kube_watch_free(watch);
		return err_set(err, ERR_INTERNAL, "no memory for a watch");
	}
	*ret_watch = watch;
	return true;
}

void
kube_watch_free(struct kube_watch *watch)
{
	if (watch == NULL)
		return;
	stop_stream(watch);
	curl_easy_cleanup(watch->easy);
	curl_multi_cleanup(watch->multi);
	json_object_put(watch->event);
	watch_lines_release(&watch->lines);
	arena_release(&watch->arena);
	free(watch->version);
	free(watch);
}

int
kube_watch_fd(const struct kube_watch *watch)
{
	fd_set readable, writable, failing;
	int max_fd = -1;

	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_ZERO(&failing);
	if (!watch->running || curl_multi_fdset(watch->multi, &readable, &writable, &failing, &max_fd) != CURLM_OK)
		return -1;
	for (int fd = 0; fd <= max_fd; fd++) {
		if (FD_ISSET(fd, &readable))
			return fd;
	}
	return -1;
}

bool
kube_watch_is_open(struct kube_watch *watch)
{
	return watch->running && !watch->ended && has_answered(watch);
}

const char *
kube_watch_version(const struct kube_watch *watch)
{
	return watch->version;
}
