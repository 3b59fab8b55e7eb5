# SPDX-License-Identifier: Apache-2.0
"""The statements of sql/statements/, as a program runs them."""
import json
import uuid

from kubernetes import CLONE


class Session:
    """One connection with all statements prepared, as a program has it."""

    def __init__(self, postgres):
        self.connection = postgres.connect(autocommit=True)
        self.cursor = self.connection.cursor()
        for file in (CLONE / "sql/statements").glob("*.sql"):
            self.cursor.execute(f"PREPARE {file.stem} AS {file.read_text()}")

    def run(self, name, *params):
        marks = ", ".join(["%s"] * len(params))
        self.cursor.execute(f"EXECUTE {name}({marks})" if params else f"EXECUTE {name}", params)
        names = [column.name for column in self.cursor.description]
        return [dict(zip(names, row)) for row in self.cursor.fetchall()]

    def accept(self, key=None, name=None, claim_ms=0, whole="x", user=None, queue=None, limits=None, spec="{}", retries=0):
        return self.run("batch_accept", str(uuid.uuid4()), "livy", name, None, user, "default", "spark", "kubeflow",
                        "{}", "request", spec, str(claim_ms), key, whole, retries, 0, None, queue,
                        limits and json.dumps(limits), None, None, 0, 15)

    def say(self, sql):
        self.cursor.execute(sql)


# Beginnings and ends of turns in the order of their events. Whoever gives a turn does so alone and after it has counted, so
# that an end that made room for it has an earlier event.
TURNS = """
    SELECT batch_id, kind <> 'state' AS begins, coalesce(queue, '') AS queue, coalesce(proxy_user, owner, '') AS user
    FROM batch_event JOIN batch ON batch.id = batch_id
    WHERE kind = 'admitted' OR (kind = 'accepted' AND batch_event.message IS NULL)
          OR (kind = 'state' AND batch_event.state IN ('success', 'dead', 'killed', 'error'))
    ORDER BY batch_event.id"""


def most_at_once(postgres, *names):
    """How many batches at most had their turn and had not ended, of each value of these: "queue", "user"; of all: ()."""
    running, most = {}, {}
    for event in postgres.rows(TURNS):
        key = tuple(event[name] for name in names)
        running[key] = running.get(key, 0) + (1 if event["begins"] else -1)
        most[key] = max(most.get(key, 0), running[key])
    return most
