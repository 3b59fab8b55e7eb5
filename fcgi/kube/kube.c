/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kube.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "kube/answer.h"
#include "kube/kube_priv.h"

/* A page is parsed whole and takes some 100 KB of memory an object; fewer than kubectl's 500 take little more time. */
#define LIST_PAGE_ITEMS 25

/* An answer as it comes in. */
struct answer {
	int http_status;
	unsigned retry_after_s;
	struct buf body;
	bool too_large;
	CURL *easy;
};

static void
release_answer(struct answer *answer)
{
	buf_release(&answer->body);
}

#define AUTO_ANSWER AUTO(release_answer)

static struct answer
new_answer(struct kube *kube)
{
	struct answer answer = { .easy = kube->easy };

	buf_init(&answer.body, LIMIT_KUBE_ANSWER_BYTES);
	return answer;
}

/* ---- one HTTP request ---- */

static size_t
on_body(char *bytes, size_t one, size_t size_bytes, void *context)
{
	struct answer *answer = context;

	(void)one;
	if (buf_append(&answer->body, bytes, size_bytes))
		return size_bytes;
	answer->too_large = true;
	return 0;
}

static void
read_head(CURL *easy, struct answer *answer)
{
	curl_off_t retry_after_s = 0;
	long http_status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http_status);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	answer->http_status = (int)http_status;
	answer->retry_after_s = retry_after_s > 0 && retry_after_s < INT32_MAX ? (unsigned)retry_after_s : 0;
}

static bool
perform(struct kube *kube, const struct request *request, int64_t deadline_ms, struct answer *answer, struct err *err)
{
	int left_ms = clock_left_ms(deadline_ms);
	struct transfer transfer;
	CURLcode code;

	buf_reset(&answer->body);
	if (!transfer_prepare(kube, kube->easy, request, &transfer, err))
		return false;
	/* 0 would mean "no limit". */
	curl_easy_setopt(kube->easy, CURLOPT_TIMEOUT_MS, left_ms > 0 ? (long)left_ms : 1L);
	curl_easy_setopt(kube->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(kube->easy, CURLOPT_WRITEDATA, answer);
	code = curl_easy_perform(kube->easy);
	read_head(kube->easy, answer);
	if (code == CURLE_WRITE_ERROR && answer->too_large)
		code = CURLE_FILESIZE_EXCEEDED;
	if (code != CURLE_OK)
		transfer_error(kube->easy, code, request, &transfer, err);
	transfer_release(&transfer);
	return code == CURLE_OK;
}

/*
 * Source: Kubernetes 1.34, killed and started while it was called: it serves before its caches are filled, and refuses
 * with 403 or 401 then what it would allow a second later; /readyz, open to all who are known, is refused as well. A
 * batch must not fail for good for that. A 401 is never for good: there a plain "not ready" is wanted as proof.
 */
void
kube_doubt_refusal(struct kube *kube, int64_t deadline_ms, struct err *err)
{
	const struct request request = { .method = "GET", .target = "/readyz" };
	AUTO_ANSWER struct answer answer = new_answer(kube);
	struct err unready = ERR_INIT;
	char detail[sizeof(err->detail)];
	bool answered;

	if (err->code != ERR_FORBIDDEN && err->code != ERR_UNAUTHORIZED)
		return;
	answered = perform(kube, &request, deadline_ms, &answer, &unready);
	if (answered && (answer.http_status == 200 || (err->code == ERR_UNAUTHORIZED && answer.http_status < 500)))
		return;
	memcpy(detail, err->detail, sizeof(detail));
	err_set_(err, ERR_UNAVAILABLE, "the Kubernetes API server is not ready yet");
	err_detail(err, "/readyz=%d, and before: %s", answer.http_status, detail);
}

static bool
call(struct kube *kube, const struct request *request, struct answer *answer, struct err *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + kube->request_timeout_ms;
	struct request again = *request;

	assert(request->target[0] == '/');
	if (!perform(kube, request, deadline_ms, answer, err))
		return false;
	if (answer->http_status == 401) {
		credentials_refused(&kube->credentials);
		again.fresh = true;
		if (!perform(kube, &again, deadline_ms, answer, err))
			return false;
	}
	if (answer_check(answer->http_status, answer->retry_after_s, buf_str(&answer->body), answer->body.size_bytes,
			 err))
		return true;
	kube_doubt_refusal(kube, deadline_ms, err);
	return false;
}

static bool
call_for_object(struct kube *kube, const struct request *request, struct json_object **ret_object, struct err *err)
{
	AUTO_ANSWER struct answer answer = new_answer(kube);

	if (!call(kube, request, &answer, err))
		return false;
	if (ret_object == NULL)
		return true;
	if (!answer_parse(buf_str(&answer.body), answer.body.size_bytes, ret_object, err))
		return false;
	answer_drop_managed_fields(*ret_object);
	return true;
}

/* ---- the calls ---- */

bool
kube_create(struct kube *kube, const char *path, struct json_object *object, struct json_object **ret_object,
	    struct err *err)
{
	const struct request request = { .method = "POST", .target = path, .body = json_text(object) };

	return call_for_object(kube, &request, ret_object, err);
}

bool
kube_get(struct kube *kube, const char *path, struct json_object **ret_object, struct err *err)
{
	const struct request request = { .method = "GET", .target = path };

	return call_for_object(kube, &request, ret_object, err);
}

bool
kube_replace(struct kube *kube, const char *path, struct json_object *object, struct json_object **ret_object,
	     struct err *err)
{
	const struct request request = { .method = "PUT", .target = path, .body = json_text(object) };

	return call_for_object(kube, &request, ret_object, err);
}

bool
kube_merge(struct kube *kube, const char *path, struct json_object *changes, struct json_object **ret_object,
	   struct err *err)
{
	const struct request request = { .method = "PATCH", .target = path, .body = json_text(changes),
					 .body_type = "Content-Type: application/merge-patch+json" };

	return call_for_object(kube, &request, ret_object, err);
}

bool
kube_delete(struct kube *kube, const char *path, const char *uid, struct err *err)
{
	AUTO_JSON struct json_object *options = json_object_new_object();
	struct request request = { .method = "DELETE", .target = path };

	json_add_string(options, "kind", "DeleteOptions");
	json_add_string(options, "apiVersion", "v1");
	json_add_string(options, "propagationPolicy", "Background");
	if (uid != NULL) {
		struct json_object *preconditions = json_object_new_object();

		json_add_string(preconditions, "uid", uid);
		json_object_object_add(options, "preconditions", preconditions);
	}
	request.body = json_text(options);
	return call_for_object(kube, &request, NULL, err);
}

static bool
give_items(struct json_object *page, kube_item_fn on_item, void *context, struct err *err)
{
	struct json_object *items = json_member(page, "items");

	for (size_t i = 0; i < json_count(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		answer_drop_managed_fields(item);
		if (!on_item(context, item, err))
			return false;
	}
	return true;
}

/* The page after `token`; "" is the first. */
static bool
get_page(struct kube *kube, const char *path, const char *query, const char *token, int items,
	 struct json_object **ret_page, struct err *err)
{
	AUTO_BUF struct buf target;
	struct arena arena;
	bool good;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	buf_init(&target, LIMIT_KUBE_ANSWER_BYTES);
	buf_printf(&target, "%s?%s%slimit=%d", path, query, query[0] == '\0' ? "" : "&", items);
	if (token[0] != '\0')
		buf_printf(&target, "&continue=%s", kube_escape(&arena, token));
	arena_release(&arena);
	good = !target.overflowed || err_set(err, ERR_INTERNAL, "no memory for a list");
	return good && kube_get(kube, buf_str(&target), ret_page, err);
}

static bool
copy_text(const char *text, char **ret_copy, struct err *err)
{
	free(*ret_copy);
	*ret_copy = strdup(text == NULL ? "" : text);
	return *ret_copy != NULL || err_set(err, ERR_INTERNAL, "no memory for a list");
}

static void
free_text(char **text)
{
	free(*text);
}

bool
kube_list(struct kube *kube, const char *path, const char *query, kube_item_fn on_item, void *context,
	  char **ret_version, struct err *err)
{
	AUTO(free_text) char *token = NULL;
	const char *version;
	int items = LIST_PAGE_ITEMS;

	if (!copy_text("", &token, err))
		return false;
	for (;;) {
		AUTO_JSON struct json_object *page = NULL;

		if (!get_page(kube, path, query, token, items, &page, err)) {
			/* 500 very large objects: `limit` is the one parameter that may change between pages. */
			if (err->code != ERR_TOO_LARGE || items == 1)
				return false;
			items = items > 8 ? items / 8 : 1;
			continue;
		}
		if (!give_items(page, on_item, context, err) ||
		    !copy_text(json_string_at(page, "metadata", "continue", NULL), &token, err))
			return false;
		if (token[0] != '\0')
			continue;
		version = json_string_at(page, "metadata", "resourceVersion", NULL);
		if (version == NULL || version[0] == '\0')
			return err_set(err, ERR_UNAVAILABLE, "the Kubernetes API server's list has no version");
		*ret_version = NULL;
		return copy_text(version, ret_version, err);
	}
}

bool
kube_ready(struct kube *kube, struct err *err)
{
	const struct request request = { .method = "GET", .target = "/readyz" };

	return call_for_object(kube, &request, NULL, err);
}

char *
kube_escape(struct arena *arena, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	char *escaped = arena_alloc(arena, strlen(text) * 3 + 1), *end = escaped;

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
		    strchr("-._~", byte) != NULL) {
			*end++ = *text;
			continue;
		}
		*end++ = '%';
		*end++ = hex[byte >> 4];
		*end++ = hex[byte & 0xf];
	}
	return escaped;
}
