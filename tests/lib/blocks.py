# SPDX-License-Identifier: Apache-2.0
"""What statements cost PostgreSQL, by its own count (pg_stat_statements): blocks looked at, which no other work on the machine
changes, bytes of WAL, and the time they took."""
LIBRARY = "pg_stat_statements"
COUNTED = """
SELECT coalesce(sum(shared_blks_hit + shared_blks_read), 0)::float8 AS blocks, coalesce(sum(shared_blks_read), 0)::float8 AS blocks_read,
       coalesce(sum(total_exec_time), 0) AS ms, coalesce(sum(wal_bytes), 0)::float8 AS wal_bytes,
       coalesce(sum(calls), 0)::float8 AS statements
FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
WHERE datname = current_database() AND query NOT LIKE '%pg_stat_statements%'
"""


def enable(postgres):
    """In a server of one's own, which is started anew for it."""
    (loaded,) = postgres.rows("SHOW shared_preload_libraries", dbname="postgres", user="postgres")
    if LIBRARY not in loaded["shared_preload_libraries"]:
        postgres.execute(f"ALTER SYSTEM SET shared_preload_libraries = '{LIBRARY}'", dbname="postgres")
        postgres.stop()
        postgres.start()
    postgres.execute(f"CREATE EXTENSION IF NOT EXISTS {LIBRARY}")


class Counted:
    """with Counted(postgres, times) as cost: ...; then cost is a dictionary of what each of so many times took."""

    def __init__(self, postgres, times):
        self.postgres, self.times, self.cost = postgres, times, {}

    def __enter__(self):
        self.postgres.execute("SELECT pg_stat_statements_reset()")
        return self.cost

    def __exit__(self, *failure):
        (row,) = self.postgres.rows(COUNTED, user="postgres")
        self.cost.update((name, value / self.times) for name, value in row.items())

