/*
 * base/clock.h - the two clocks: one for people, one for waiting.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_us(void);            /* microseconds since 1970, UTC; may jump */
int64_t clock_monotonic_ms(void);       /* never jumps; only differences mean anything */
int64_t clock_monotonic_us(void);

/* Seconds since 1970 as Kubernetes writes times: "2026-11-21T12:00:00Z". */
#define CLOCK_RFC3339_BYTES sizeof("2026-11-21T12:00:00Z")
void clock_rfc3339(int64_t seconds, char ret_text[CLOCK_RFC3339_BYTES]);

/* What is left of a wait that ends at deadline_ms (monotonic): 0 when it is over, never negative. */
int clock_left_ms(int64_t deadline_ms);

#endif
