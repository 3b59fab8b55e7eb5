/* SPDX-License-Identifier: Apache-2.0 */
#include "service/reload.h"

#include "base/clock.h"

#define LOOK_INTERVAL_MS 1000
#define LEFT_ALONE_US ((int64_t)1000 * 1000)

static void
log_error(void *context, const char *message)
{
	const struct app *app = context;

	log_event(&app->log, LOG_LEVEL_ERROR, "configuration_error", LOG_TEXT("msg", message));
}

static void
log_kept(void *context, const char *key)
{
	const struct app *app = context;

	log_event(&app->log, LOG_LEVEL_WARNING, "configuration_kept", LOG_TEXT("key", key),
		  LOG_TEXT("msg", "a change of this key needs a restart"));
}

/* A time in the future is another clock's, and says nothing. */
static bool
was_left_alone(const struct config_stamp *stamp)
{
	int64_t age_us = clock_wall_us() - ((int64_t)stamp->written_at.tv_sec * 1000000 + stamp->written_at.tv_nsec / 1000);

	return age_us < 0 || age_us >= LEFT_ALONE_US;
}

/* What was ready and not put in force yet is older than what comes now. */
static void
drop_next(struct app_file *file)
{
	if (file->next.list == NULL)
		return;
	app_free_clusters(file->next.list, file->next.config.clusters_count);
	config_release(&file->next.config);
	file->next.list = NULL;
}

static bool
make_next(struct app *app)
{
	struct app_clusters *next = &app->file.next;
	struct err err = ERR_INIT;

	config_keep_fixed(&next->config, &app->config, log_kept, app);
	if (app_make_clusters(&next->config, &next->list, &err))
		return true;
	log_failure(&app->log, LOG_LEVEL_ERROR, "configuration_error", &err);
	config_release(&next->config);
	app->file.errors_count = 1;
	return false;
}

static bool
read_next(struct app *app)
{
	struct app_file *file = &app->file;

	drop_next(file);
	file->errors_count = config_read(&file->next.config, file->path, log_error, app);
	if (file->errors_count == 0 && make_next(app))
		return true;
	metrics_add(&app->metrics, METRIC_CONFIG_REFUSED, 1);
	log_event(&app->log, LOG_LEVEL_ERROR, "configuration_refused", LOG_INT("errors", (int64_t)file->errors_count),
		  LOG_TEXT("msg", "the configuration file has errors: what was in force before stays so"));
	return false;
}

bool
reload_is_ready(struct app *app)
{
	struct app_file *file = &app->file;
	int64_t now_ms = clock_monotonic_ms();
	struct config_stamp stamp;

	if (file->path == NULL || now_ms - file->looked_ms < LOOK_INTERVAL_MS)
		return file->next.list != NULL;
	file->looked_ms = now_ms;
	stamp = config_stamp_of(file->path);
	if (config_stamp_equal(&stamp, &file->seen) || !was_left_alone(&stamp))
		return file->next.list != NULL;
	/* taken before it is read: what is written meanwhile is another content */
	file->seen = stamp;
	return read_next(app);
}

static void
log_changes(const struct app *app, const struct config *next)
{
	for (size_t i = 0; i < next->clusters_count; i++) {
		if (config_cluster_find(&app->config, next->clusters[i].name) == NULL)
			log_event(&app->log, LOG_LEVEL_INFO, "cluster_added", LOG_TEXT("cluster", next->clusters[i].name));
	}
	for (size_t i = 0; i < app->config.clusters_count; i++) {
		const struct config_cluster *old = &app->config.clusters[i];
		const struct config_cluster *now = config_cluster_find(next, old->name);

		if (now == NULL)
			log_event(&app->log, LOG_LEVEL_WARNING, "cluster_removed", LOG_TEXT("cluster", old->name),
				  LOG_TEXT("msg", "its unfinished batches wait until it is in the configuration again"));
		else if (now->drain != old->drain)
			log_event(&app->log, LOG_LEVEL_INFO, now->drain ? "cluster_drains" : "cluster_drains_no_more",
				  LOG_TEXT("cluster", old->name));
	}
}

void
reload_apply(struct app *app)
{
	struct app_file *file = &app->file;

	if (file->next.list == NULL)
		return;
	log_changes(app, &file->next.config);
	app_free_clusters(app->clusters, app->config.clusters_count);
	config_release(&app->config);
	/* the database's connection reads the same struct, whose place does not change */
	app->config = file->next.config;
	app->clusters = file->next.list;
	app->health_read_ms = 0;
	app->log.level = app->config.log_level;
	app->log.format = app->config.log_format;
	file->next = (struct app_clusters){ 0 };
	metrics_add(&app->metrics, METRIC_CONFIG_APPLIED, 1);
	log_event(&app->log, LOG_LEVEL_INFO, "configuration_applied", LOG_INT("clusters", (int64_t)app->config.clusters_count));
}
