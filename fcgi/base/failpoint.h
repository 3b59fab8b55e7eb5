/*
 * base/failpoint.h - places where a build made for tests (configure --enable-failpoints) can be killed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * In such a build a process that passes FAILPOINT("push.created") ends there as by kill -9, with the probability that
 * the environment gives that place; in every other build the place is nothing.
 *
 * SPARKGATE_FAILPOINTS      e.g. "push.created=1,log.*=0.1,*=0.02"; the first that fits counts, a * at the end fits all
 * SPARKGATE_FAILPOINTS_LOG  file that each kill adds a line to: the place's name
 */
#ifndef BASE_FAILPOINT_H
#define BASE_FAILPOINT_H

#ifdef SPARKGATE_FAILPOINTS
void failpoint(const char *name);
#define FAILPOINT(name) failpoint(name)
#else
#define FAILPOINT(name) ((void)0)
#endif

#endif
