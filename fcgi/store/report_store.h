/*
 * store/report_store.h - the views of schema report, printed for people and scripts.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_REPORT_STORE_H
#define STORE_REPORT_STORE_H

#include <stdio.h>

#include "store/store.h"

enum store_report_format { STORE_REPORT_TABLE, STORE_REPORT_CSV, STORE_REPORT_JSON, STORE_REPORT_FORMAT_COUNT };

/* A time as PostgreSQL reads it, in UTC where it has no zone of its own; NULL: no limit. */
struct store_report_range {
	const char *from;
	const char *before;
};

/* The names of the views with what each is for. */
MUST_CHECK bool store_report_list(struct store *store, enum store_report_format format, FILE *out, struct err *err);

/*
 * All rows of one view: as a table for people, as CSV with a line of names, or as a JSON array of objects. Rows are written
 * as they come, except for a table, whose widths want all of them.
 *
 * err  also ERR_NOT_FOUND: there is no such view, and which there are; ERR_INVALID: the range has no times in it
 */
MUST_CHECK bool store_report(struct store *store, const char *name, const struct store_report_range *range,
			     enum store_report_format format, FILE *out, struct err *err);

/*
 * Ends the sessions of the role sparkgate_report, in this database, whose transaction has lasted for longer. Only a member
 * of that role can: others end none.
 */
MUST_CHECK bool store_end_reports(struct store *store, int seconds, int64_t *ret_sessions, struct err *err);

#endif
