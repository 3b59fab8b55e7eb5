/*
 * service/reload.h - follows the configuration file without a restart.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The file is read and checked whole; one with errors is told and changes nothing.
 */
#ifndef SERVICE_RELOAD_H
#define SERVICE_RELOAD_H

#include "service/app.h"

/*
 * Looks at the file, at most once a second. True: it has changed, is right, and stands ready to be put in force. It is not
 * read before it was left alone for a second: half of a file may be right as well, with fewer clusters.
 */
bool reload_is_ready(struct app *app);

/*
 * Puts what stands ready in force, if anything does. Whatever was borrowed from the configuration or from the clusters
 * ends here: between two requests, not within one. What needs a restart keeps its value, and the log says so.
 */
void reload_apply(struct app *app);

#endif
