/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name;       /* with its label, if it has one */
	const char *help;       /* NULL: same family as the one before */
} table[METRIC_COUNT] = {
	[METRIC_REQUESTS_2XX] = { "sparkgate_http_requests_total{class=\"2xx\"}", "Answered requests by status class." },
	[METRIC_REQUESTS_4XX] = { "sparkgate_http_requests_total{class=\"4xx\"}", NULL },
	[METRIC_REQUESTS_5XX] = { "sparkgate_http_requests_total{class=\"5xx\"}", NULL },
	[METRIC_REQUEST_TIME_US] = { "sparkgate_http_request_microseconds_total", "Time spent in requests." },
	[METRIC_BATCHES_ACCEPTED] = { "sparkgate_batches_accepted_total", "Rows committed for new batches." },
	[METRIC_PUSHED_BY_WORKER] = { "sparkgate_pushed_total{by=\"worker\"}", "Objects known to be in Kubernetes." },
	[METRIC_PUSHED_BY_WATCHER] = { "sparkgate_pushed_total{by=\"watcher\"}", NULL },
	[METRIC_PUSH_DEFERRED] = { "sparkgate_push_deferred_total", "Pushes put off (API server away, quota, 429)." },
	[METRIC_PUSH_REFUSED] = { "sparkgate_push_refused_total", "Pushes that Kubernetes refused for good." },
	[METRIC_STATE_MOVES] = { "sparkgate_state_moves_total", "Batch state changes written." },
	[METRIC_WATCH_EVENTS] = { "sparkgate_watch_events_total", "Events read from Kubernetes watches." },
	[METRIC_WATCH_RELISTS] = { "sparkgate_watch_relists_total", "Times that a watch began with a new list." },
	[METRIC_KILLS] = { "sparkgate_kills_total", "Kills that Kubernetes confirmed." },
	[METRIC_DATABASE_FAILURES] = { "sparkgate_database_failures_total", "Statements that failed or timed out." },
	[METRIC_KUBE_FAILURES] = { "sparkgate_kube_failures_total", "Kubernetes calls that failed transiently." },
	[METRIC_OPERATOR_BEHIND] = { "sparkgate_operator_behind_total", "Ends of drivers that their operator had not reported." },
	[METRIC_LOGS_FOLLOWED] = { "sparkgate_logs_followed_total", "Streams of running drivers' logs that were opened." },
	[METRIC_LOG_LINES] = { "sparkgate_log_lines_total", "Lines of driver logs that were stored." },
	[METRIC_LOG_BYTES] = { "sparkgate_log_bytes_total", "Bytes of these lines." },
	[METRIC_CONFIG_APPLIED] = { "sparkgate_config_reloads_total{result=\"applied\"}",
				    "Changed configuration files that a running process has read." },
	[METRIC_CONFIG_REFUSED] = { "sparkgate_config_reloads_total{result=\"refused\"}", NULL },
	[METRIC_RETRIES] = { "sparkgate_retries_total", "Failed batches that were begun anew, as their conf asks." },
};

static const size_t size_bytes = METRIC_COUNT * sizeof(uint64_t);

bool
metrics_init(struct metrics *metrics, const char *path, struct err *err)
{
	bool shared = path != NULL && path[0] != '\0';
	struct stat known;
	int fd = -1;

	if (shared) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
		if (fd < 0)
			return err_set(err, ERR_INVALID, "metrics.shared_file: cannot open %s: %s", path, strerror(errno));
		/*
		 * Growing fills with zeroes and keeps what others have counted: no lock is needed. Never shorter: a newer
		 * version's processes may have mapped more of it.
		 */
		if (fstat(fd, &known) == 0 && known.st_size < (off_t)size_bytes && ftruncate(fd, (off_t)size_bytes) != 0) {
			close(fd);
			return err_set(err, ERR_INVALID, "metrics.shared_file: cannot size %s: %s", path,
				       strerror(errno));
		}
	}
	metrics->values = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS,
			       fd, 0);
	if (fd >= 0)
		close(fd);
	if (metrics->values == MAP_FAILED) {
		metrics->values = NULL;
		return err_set(err, ERR_INTERNAL, "cannot map the metrics: %s", strerror(errno));
	}
	return true;
}

void
metrics_release(struct metrics *metrics)
{
	if (metrics->values != NULL)
		munmap(metrics->values, size_bytes);
	metrics->values = NULL;
}

void
metrics_add(struct metrics *metrics, enum metric metric, uint64_t amount)
{
	__atomic_fetch_add(&metrics->values[metric], amount, __ATOMIC_RELAXED);
}

void
metrics_render(const struct metrics *metrics, struct buf *text)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		if (table[i].help != NULL) {
			int family_size = (int)strcspn(table[i].name, "{");

			buf_printf(text, "# HELP %.*s %s\n# TYPE %.*s counter\n", family_size, table[i].name,
				   table[i].help, family_size, table[i].name);
		}
		buf_printf(text, "%s %" PRIu64 "\n", table[i].name,
			   __atomic_load_n(&metrics->values[i], __ATOMIC_RELAXED));
	}
}
