/* SPDX-License-Identifier: Apache-2.0 */
#include "service/app.h"

#include <stdio.h>
#include <unistd.h>

#define PROCESS_ARENA_BYTES ((size_t)16 * 1024 * 1024)

static void
print_error(void *context, const char *message)
{
	(void)context;
	fprintf(stderr, "%s\n", message);
}

bool
app_make_clusters(struct config *config, struct app_cluster **ret_clusters, struct err *err)
{
	struct app_cluster *clusters = arena_alloc(&config->arena, config->clusters_count * sizeof(clusters[0]));

	for (size_t i = 0; i < config->clusters_count; i++) {
		clusters[i].config = &config->clusters[i];
		if (!kube_new(config, &config->clusters[i], &clusters[i].kube, err)) {
			app_free_clusters(clusters, i);
			return false;
		}
	}
	*ret_clusters = clusters;
	return true;
}

void
app_free_clusters(struct app_cluster *clusters, size_t count)
{
	for (size_t i = 0; clusters != NULL && i < count; i++)
		kube_free(clusters[i].kube);
}

bool
app_init(struct app *app, const char *program, const char *path, struct err *err)
{
	const char *file = config_path(path);
	size_t errors_count;

	*app = (struct app){ .log = { .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO, .program = program } };
	arena_init(&app->arena, PROCESS_ARENA_BYTES);
	app->file = (struct app_file){ .path = file, .seen = config_stamp_of(file) };
	errors_count = config_read(&app->config, file, print_error, NULL);
	if (errors_count > 0)
		return err_set(err, ERR_INVALID, "%s: %zu errors", file, errors_count);
	app->log.level = app->config.log_level;
	app->log.format = app->config.log_format;
	app->store = store_new(&app->config, program);
	return metrics_init(&app->metrics, app->config.metrics_shared_file, err) &&
	       app_make_clusters(&app->config, &app->clusters, err);
}

void
app_release(struct app *app)
{
	app_free_clusters(app->clusters, app->config.clusters_count);
	app_free_clusters(app->file.next.list, app->file.next.config.clusters_count);
	if (app->file.next.list != NULL)
		config_release(&app->file.next.config);
	store_free(app->store);
	metrics_release(&app->metrics);
	config_release(&app->config);
	arena_release(&app->arena);
}

void
app_disconnect(struct app *app)
{
	store_free(app->store);
	app->store = store_new(&app->config, app->log.program);
}

struct app_cluster *
app_cluster_find(struct app *app, const char *name)
{
	const struct config_cluster *found =
		name == NULL ? &app->config.clusters[0] : config_cluster_find(&app->config, name);

	return found == NULL ? NULL : &app->clusters[found - app->config.clusters];
}

bool
app_gateway_key(struct app *app, const char **ret_key, struct err *err)
{
	if (app->gateway_key == NULL && !store_gateway_key(app->store, &app->arena, &app->gateway_key, err))
		return false;
	*ret_key = app->gateway_key;
	return true;
}
