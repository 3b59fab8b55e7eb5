/*
 * base/limits.h - the maximum of whatever a client can make grow, with its reason.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>

/*
 * A request's body. Kubernetes refuses objects above 1.5 MiB (etcd) and the body becomes one object; 1 MiB leaves
 * room for what the gateway adds. nginx passes up to 16 MiB on, so that the answer is ours and has a reason in it.
 */
#define LIMIT_BODY_BYTES ((size_t)1024 * 1024)

/*
 * A body at the door of Spark's own clients where it is an object of Kubernetes: a config map holds 1 MiB, and JSON escapes
 * some of it (contract k8s-facade.md 1.11).
 */
#define LIMIT_K8S_BODY_BYTES ((size_t)4 * 1024 * 1024)

/* JSON nesting. A batch needs 2 levels; json-c's own default of 32 keeps its recursion small. */
#define LIMIT_JSON_DEPTH 32

/* All that one request may hold at once: the body, its parsed tree and the object, with room to spare. */
#define LIMIT_ARENA_BYTES ((size_t)64 * 1024 * 1024)

/* A request target; nginx's large_client_header_buffers let longer ones through for Kerberos headers only. */
#define LIMIT_PATH_BYTES ((size_t)8192)

/* The head of an answer: a path, a token as the front is given it, and some dozen lines. */
#define LIMIT_HEAD_BYTES (LIMIT_PATH_BYTES * 8)

/* A page of a list or a log: what one answer may hold. Larger "size" values are answered with this many. */
#define LIMIT_PAGE_BATCHES 1000
#define LIMIT_PAGE_LOG_LINES 10000

/* A batch's name is a column with an index and, sanitised, a Kubernetes label. */
#define LIMIT_NAME_BYTES 255

/* A user's name, as whoever authenticates tells it: an account or an address, a column with an index. */
#define LIMIT_USER_BYTES 255

/* A client's key for a request that it may repeat: a UUID or "dag/task/run/try", not a document. */
#define LIMIT_CLIENT_KEY_BYTES 255

/*
 * When to come again after a limit of waiting batches was reached: places become free as batches end, which takes some
 * seconds at least, and clients that all come back at once would only ask in vain.
 */
#define LIMIT_FULL_RETRY_S 10

/* An answer of the Kubernetes API server that is read whole (a list page of 25 objects of some 10 KB; one can have 1.5 MB). */
#define LIMIT_KUBE_ANSWER_BYTES ((size_t)32 * 1024 * 1024)

/* One line of a watch: one object, at most as large as etcd stores, in JSON. */
#define LIMIT_KUBE_EVENT_BYTES ((size_t)4 * 1024 * 1024)

/* Messages about a batch that are kept in its row; spark-submit's stderr can be tens of KB. */
#define LIMIT_MESSAGE_BYTES 4096

/* One line of a driver log: more is no line for people, and a page of 1,000 such lines would be 64 MB. */
#define LIMIT_LOG_LINE_BYTES ((size_t)64 * 1024)

/* A driver's properties: a config map holds 1 MiB in all, and spark-submit fills it up to the same. */
#define LIMIT_CONFIG_MAP_BYTES ((size_t)1024 * 1024)

#endif
