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

static bool
make_clusters(struct app *app, struct err *err)
{
	app->clusters = arena_alloc(&app->arena, app->config.clusters_count * sizeof(app->clusters[0]));
	for (size_t i = 0; i < app->config.clusters_count; i++) {
		app->clusters[i].config = &app->config.clusters[i];
		if (!kube_new(&app->config, &app->config.clusters[i], &app->clusters[i].kube, err))
			return false;
	}
	return true;
}

bool
app_init(struct app *app, const char *program, const char *path, struct err *err)
{
	const char *file = config_path(path);
	size_t errors_count;

	*app = (struct app){ .log = { .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO, .program = program } };
	arena_init(&app->arena, PROCESS_ARENA_BYTES);
	errors_count = config_read(&app->config, file, print_error, NULL);
	if (errors_count > 0)
		return err_set(err, ERR_INVALID, "%s: %zu errors", file, errors_count);
	app->log.level = app->config.log_level;
	app->log.format = app->config.log_format;
	app->store = store_new(&app->config, program);
	return metrics_init(&app->metrics, app->config.metrics_shared_file, err) && make_clusters(app, err);
}

void
app_release(struct app *app)
{
	for (size_t i = 0; app->clusters != NULL && i < app->config.clusters_count; i++)
		kube_free(app->clusters[i].kube);
	store_free(app->store);
	metrics_release(&app->metrics);
	config_release(&app->config);
	arena_release(&app->arena);
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
