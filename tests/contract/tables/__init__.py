# SPDX-License-Identifier: Apache-2.0
"""All cases, in the order of contracts/livy.md."""
from tables import batches, delete, encoding, errors, faults, lists, log, routes, routing, states

TOPICS = (routing, encoding, errors, states, batches, lists, log, delete, routes, faults)
CASES = [case for topic in TOPICS for case in topic.CASES]
