/*
 * sparkgate-operator - turns SparkApplications into driver pods: one process a cluster, each with a lease of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bin/operator_render.h"
#include "bin/options.h"
#include "bin/supervise.h"
#include "operator/operator.h"

static volatile sig_atomic_t stop;

static const struct options_spec spec = {
	.program = "sparkgate-operator",
	.letter = 'C',
	.name = "cluster",
	.usage = "usage: sparkgate-operator [-c FILE] [-C CLUSTER]\n"
		 "       sparkgate-operator render [OPTION]... FILE\n"
		 "  -c, --config FILE      configuration (else $SPARKGATE_CONFIG, else " SYSCONFDIR
		 "/sparkgate/sparkgate.yaml)\n"
		 "  -C, --cluster CLUSTER  work in this cluster only; without it, in each that has operator: sparkgate,\n"
		 "                         each in a process of its own\n"
		 "  -h, --help             this text\n"
		 "  -V, --version          the version\n",
};

/* What the process has. */
struct program {
	struct config config;
	struct log log;
};

static void
print_error(void *context, const char *message)
{
	(void)context;
	fprintf(stderr, "%s\n", message);
}

static int
operate_one(void *context, const char *name)
{
	struct program *program = context;
	const struct config_cluster *cluster = config_cluster_find(&program->config, name);
	struct err err = ERR_INIT;

	if (cluster == NULL) {
		fprintf(stderr, "sparkgate-operator: there is no cluster '%s' in the configuration\n", name);
		return 2;
	}
	log_event(&program->log, LOG_LEVEL_INFO, "started", LOG_TEXT("version", PACKAGE_VERSION),
		  LOG_TEXT("cluster", cluster->name));
	if (!operator_run(&program->config, cluster, &program->log, &stop, &err)) {
		log_failure(&program->log, LOG_LEVEL_ERROR, "not_begun", &err);
		return 1;
	}
	log_event(&program->log, LOG_LEVEL_INFO, "stopped");
	return 0;
}

/* Leaves those clusters whose applications are another operator's. */
static void
keep_own_clusters(struct config *config)
{
	size_t kept = 0;

	for (size_t i = 0; i < config->clusters_count; i++) {
		if (config->clusters[i].operator_kind == CONFIG_OPERATOR_SPARKGATE)
			config->clusters[kept++] = config->clusters[i];
	}
	config->clusters_count = kept;
}

static int
run(struct program *program, const char *cluster)
{
	if (cluster != NULL)
		return operate_one(program, cluster);
	keep_own_clusters(&program->config);
	if (program->config.clusters_count == 0) {
		fprintf(stderr, "sparkgate-operator: no cluster of the configuration has \"operator: sparkgate\"; write "
			"it there, or name a cluster with -C\n");
		return 2;
	}
	if (program->config.clusters_count == 1)
		return operate_one(program, program->config.clusters[0].name);
	return supervise_clusters(&program->config, &program->log,
				  &(const struct supervised){ .run = operate_one, .context = program });
}

int
main(int argc, char **argv)
{
	struct options options;
	struct program program = { .log = { .fd = STDERR_FILENO, .program = spec.program } };
	size_t errors_count;
	const char *file;
	int status;

	if (argc > 1 && strcmp(argv[1], "render") == 0)
		return operator_render(argc - 1, argv + 1);
	options = options_parse(argc, argv, &spec);
	file = config_path(options.config_path);
	options_catch_signals(&stop);
	errors_count = config_read_without_database(&program.config, file, print_error, NULL);
	if (errors_count > 0) {
		fprintf(stderr, "sparkgate-operator: %s: %zu errors\n", file, errors_count);
		return 1;
	}
	program.log.level = program.config.log_level;
	program.log.format = program.config.log_format;
	status = run(&program, options.own);
	config_release(&program.config);
	return status;
}
