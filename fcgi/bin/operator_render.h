/*
 * bin/operator_render.h - "sparkgate-operator render": what would be made of a manifest, without a cluster.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BIN_OPERATOR_RENDER_H
#define BIN_OPERATOR_RENDER_H

/* argv[0] is "render". Returns the process's exit status: 0, 1 (unreadable or refused manifest), 2 (usage). */
int operator_render(int argc, char **argv);

#endif
