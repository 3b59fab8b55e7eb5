/*
 * bin/ctl.c - sparkgate-ctl: what is done by hand. Manual: ctl.8.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "bin/ctl_report.h"
#include "config/config.h"
#include "kube/front.h"
#include "kube/kube.h"
#include "service/health.h"
#include "service/operator_kind.h"
#include "store/migrate.h"
#include "store/store.h"

#define PROGRAM "sparkgate-ctl"

/* Wrong use, as opposed to EXIT_FAILURE: the thing asked for failed. */
#define EXIT_USAGE 2

/* The whole configuration with its help takes some 5 KB, and as much again per cluster with large confs. */
#define PRINT_LIMIT_BYTES (16 * 1024 * 1024)

struct invocation {
	const char *config_path;
	const char *directory;
	bool connect;
	struct ctl_report report;
	bool report_options;            /* any of them was given */
};

static void
print_usage(FILE *out)
{
	fputs("usage: " PROGRAM " [-c FILE] COMMAND\n"
	      "\n"
	      "  check-config [--connect]  check the configuration and print every error; with --connect\n"
	      "                            also ask PostgreSQL and each cluster's API server\n"
	      "  config                    print every key with its help and its value in force, as YAML\n"
	      "  front DIRECTORY           write how nginx reaches the clusters that spark-submit may ask for by\n"
	      "                            --master k8s://; nginx/render does it\n"
	      "  migrate                   bring the database to the schema of this version; can be repeated\n"
	      "  report [NAME] [--from TIME] [--to TIME] [--format table|csv|json]\n"
	      "                            print a view of schema report, over all times or those from FROM and\n"
	      "                            before TO (UTC); without NAME: which there are\n"
	      "  version                   print the version\n"
	      "  help                      print this text\n"
	      "\n"
	      "  -c, --config FILE  the configuration; else $SPARKGATE_CONFIG, else " SYSCONFDIR
	      "/sparkgate/sparkgate.yaml\n"
	      "  -h, --help         print this text\n"
	      "  -V, --version      print the version\n"
	      "\n"
	      "exit status: 0 done, 1 failed, 2 wrong usage. Manual: sparkgate-ctl(8), sparkgate.conf(5)\n",
	      out);
}

static int PRINTF_LIKE(1, 2)
usage_error(const char *format, ...)
{
	va_list arguments;

	fputs(PROGRAM ": ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("\n\n", stderr);
	print_usage(stderr);
	return EXIT_USAGE;
}

static void
print_config_error(void *context, const char *message)
{
	(void)context;
	fprintf(stderr, "%s\n", message);
}

static bool
read_config(const struct invocation *invocation, struct config *ret_config)
{
	size_t errors_count = config_read(ret_config, invocation->config_path, print_config_error, NULL);

	if (errors_count > 1)
		fprintf(stderr, "%s: %zu errors\n", invocation->config_path, errors_count);
	return errors_count == 0;
}

/* A person reads this, so both halves of an error belong in it. */
static void
print_failure(const char *what, const struct err *err)
{
	fprintf(stderr, "%s: %s%s%s\n", what, err->msg, err->detail[0] != '\0' ? ": " : "", err->detail);
}

/* No error of the configuration: whoever took the cluster away may know what he does. */
static bool
print_missing(struct store *store, const struct config *config, struct err *err)
{
	struct store_cluster_load *missing;
	struct arena arena;
	size_t count;
	bool told;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	told = health_missing(store, &arena, config, &missing, &count, err);
	for (size_t i = 0; told && i < count; i++)
		printf("clusters.%s: is missing, and %" PRId64 " unfinished batches wait for it\n", missing[i].name,
		       missing[i].batches);
	arena_release(&arena);
	return told;
}

static bool
check_database(const struct config *config)
{
	struct store *store = store_new(config, PROGRAM);
	struct err err = ERR_INIT;
	bool ready = store_ready(store, &err);

	if (ready)
		printf("database: ok\n");
	ready = ready && print_missing(store, config, &err);
	if (!ready)
		print_failure("database", &err);
	store_free(store);
	return ready;
}

static bool
print_cluster(struct kube *kube, struct arena *arena, const struct config_cluster *cluster, const char *what, struct err *err)
{
	const char *kind = config_operator_text(cluster->operator_kind), *found;
	bool served;

	if (cluster->operator_kind == CONFIG_OPERATOR_AUTO) {
		if (!operator_kind_ask(kube, arena, &found, err))
			return false;
		printf("%s: ok, namespace %s, operator %s: found %s\n", what, kube_namespace(kube), kind,
		       found == NULL ? "none, no definition of SparkApplications is served" : found);
		return true;
	}
	if (!operator_kind_is_served(kube, arena, kind, &served, err))
		return false;
	printf("%s: ok, namespace %s, operator %s: its definition of SparkApplications is %sserved\n", what,
	       kube_namespace(kube), kind, served ? "" : "not ");
	return true;
}

static bool
check_cluster(const struct config *config, const struct config_cluster *cluster)
{
	struct kube *kube = NULL;
	struct err err = ERR_INIT;
	struct arena arena;
	char what[64];
	bool ready;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	snprintf(what, sizeof(what), "clusters.%s", cluster->name);
	ready = kube_new(config, cluster, &kube, &err) && kube_ready(kube, &err) &&
		print_cluster(kube, &arena, cluster, what, &err);
	if (!ready)
		print_failure(what, &err);
	kube_free(kube);
	arena_release(&arena);
	return ready;
}

static int
check_config(const struct invocation *invocation)
{
	struct config config;
	bool right = true;

	if (!read_config(invocation, &config))
		return EXIT_FAILURE;
	printf("%s: ok, %zu cluster%s\n", invocation->config_path, config.clusters_count,
	       config.clusters_count == 1 ? "" : "s");
	if (invocation->connect) {
		right = check_database(&config);
		for (size_t i = 0; i < config.clusters_count; i++)
			right = check_cluster(&config, &config.clusters[i]) && right;
	}
	config_release(&config);
	return right ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
print_config(const struct invocation *invocation)
{
	AUTO_BUF struct buf text;
	struct config config;
	bool whole;

	buf_init(&text, PRINT_LIMIT_BYTES);
	if (!read_config(invocation, &config))
		return EXIT_FAILURE;
	config_print(&config, &text);
	fputs(buf_str(&text), stdout);
	whole = !text.overflowed;
	if (!whole)
		fprintf(stderr, PROGRAM ": the configuration is too large to print\n");
	config_release(&config);
	return whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool
write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool written = file != NULL && fputs(text, file) >= 0;

	if (file != NULL)
		written = fclose(file) == 0 && written;
	if (!written)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return written;
}

static bool
add_front(const struct config *config, const struct config_cluster *cluster, const char *directory, struct buf *conf)
{
	struct kube *kube = NULL;
	struct err err = ERR_INIT;
	char what[64];
	bool added = kube_new(config, cluster, &kube, &err) && kube_front_write(kube, cluster->name, directory, conf, &err);

	snprintf(what, sizeof(what), "clusters.%s", cluster->name);
	if (!added)
		print_failure(what, &err);
	kube_free(kube);
	return added;
}

static int
write_front(const struct invocation *invocation)
{
	char directory[PATH_MAX], path[PATH_MAX + sizeof("/k8s_clusters.conf")];
	AUTO_BUF struct buf conf;
	struct config config;
	bool right = true;

	if (realpath(invocation->directory, directory) == NULL) {
		fprintf(stderr, "%s: %s\n", invocation->directory, strerror(errno));
		return EXIT_FAILURE;
	}
	if (!read_config(invocation, &config))
		return EXIT_FAILURE;
	buf_init(&conf, PRINT_LIMIT_BYTES);
	buf_text(&conf, "# Written by sparkgate-ctl front, from the gateway's configuration: write it again when that changes.\n");
	for (size_t i = 0; i < config.clusters_count; i++) {
		if (config.clusters[i].k8s_submissions)
			right = add_front(&config, &config.clusters[i], directory, &conf) && right;
	}
	snprintf(path, sizeof(path), "%s/k8s_clusters.conf", directory);
	right = right && write_text(path, buf_str(&conf));
	config_release(&config);
	return right ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
migrate(const struct invocation *invocation)
{
	struct config config;
	struct log log = { .fd = STDERR_FILENO, .program = "ctl" };
	struct err err = ERR_INIT;
	bool migrated;

	if (!read_config(invocation, &config))
		return EXIT_FAILURE;
	log.level = config.log_level;
	log.format = config.log_format;
	migrated = store_migrate(&config, &log, &err);
	if (migrated)
		printf("database: schema %d\n", store_schema_version());
	else
		print_failure("migrate", &err);
	config_release(&config);
	return migrated ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
print_report(const struct invocation *invocation)
{
	struct config config;
	struct err err = ERR_INIT;
	bool printed;

	if (!read_config(invocation, &config))
		return EXIT_FAILURE;
	printed = ctl_report_print(&config, &invocation->report, &err);
	if (!printed)
		print_failure("report", &err);
	config_release(&config);
	return printed ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
print_version(const struct invocation *invocation)
{
	(void)invocation;
	puts(PROGRAM " " PACKAGE_VERSION);
	return EXIT_SUCCESS;
}

static int
print_help(const struct invocation *invocation)
{
	(void)invocation;
	print_usage(stdout);
	return EXIT_SUCCESS;
}

static const struct command {
	const char *name;
	int (*run)(const struct invocation *invocation);
} commands[] = {
	{ "check-config", check_config },
	{ "config", print_config },
	{ "front", write_front },
	{ "help", print_help },
	{ "migrate", migrate },
	{ "report", print_report },
	{ "version", print_version },
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* A full disk or a closed pipe must not look like success to a script. */
static int
flush_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, PROGRAM ": cannot write the output: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "connect", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },         { "version", no_argument, NULL, 'V' },
		{ "from", required_argument, NULL, 'F' },   { "to", required_argument, NULL, 'T' },
		{ "format", required_argument, NULL, 'O' },
		{ 0 },
	};
	struct invocation invocation = { 0 };
	const char *given_path = NULL;
	const struct command *command;
	int option;

	/* OpenSSL writes to connections without MSG_NOSIGNAL: a server that hangs up must not end the program. */
	signal(SIGPIPE, SIG_IGN);
	/* GNU getopt_long takes options behind the command as well. */
	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1)
		switch (option) {
		case 'c':
			given_path = optarg;
			break;
		case 'C':
			invocation.connect = true;
			break;
		case 'F':
			invocation.report.range.from = optarg;
			invocation.report_options = true;
			break;
		case 'T':
			invocation.report.range.before = optarg;
			invocation.report_options = true;
			break;
		case 'O':
			if (!ctl_report_format_parse(optarg, &invocation.report.format))
				return usage_error("--format: \"%s\" is none of table, csv, json", optarg);
			invocation.report_options = true;
			break;
		case 'h':
			return flush_output(print_help(&invocation));
		case 'V':
			return flush_output(print_version(&invocation));
		default:
			print_usage(stderr);
			return EXIT_USAGE;
		}
	if (optind >= argc)
		return usage_error("no command given");
	command = find_command(argv[optind]);
	if (command == NULL)
		return usage_error("unknown command \"%s\"", argv[optind]);
	if (command->run == write_front) {
		if (++optind >= argc)
			return usage_error("front wants a directory");
		invocation.directory = argv[optind];
	}
	if (command->run == print_report && optind + 1 < argc)
		invocation.report.name = argv[++optind];
	if (optind + 1 < argc)
		return usage_error("one command at a time, and then \"%s\"?", argv[optind + 1]);
	if (invocation.connect && command->run != check_config)
		return usage_error("--connect belongs to check-config, not to \"%s\"", command->name);
	if (invocation.report_options && command->run != print_report)
		return usage_error("--from, --to and --format belong to report, not to \"%s\"", command->name);
	invocation.config_path = config_path(given_path);
	return flush_output(command->run(&invocation));
}
