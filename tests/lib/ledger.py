# SPDX-License-Identifier: Apache-2.0
"""Fills a ledger as the gateway would leave it after a year, and archived logs, by SQL that names its columns.

What the benches measure on: tests/bench/scale. Nothing of it goes by way of the gateway, so triggers are off while it is
filled: what they would have kept is written here.
"""
import contextlib
import os
import shutil
import time

CHUNK = 200_000
PIECE_LINES = 1000
PIECES_DRAWN = 64
UNFINISHED = 500            # however long the ledger is; the newest ones
DISK_BYTES_A_ROW = 3500     # with its events and indexes, and what is in the sums
LOG_COMPRESSED = 0.12       # of a log's bytes, at most
WAL_BYTES = 5 << 30

# 4000 jobs of 20 teams: 500 DAGs of four tasks, which each team's Airflow submits, and as many that 180 people submit by hand
# now and then. The clusters are none of a bench's configuration: no watcher looks for what is said to run there.
JOBS = """
CREATE TEMP TABLE drawn_job AS
SELECT number, by_airflow, dag, task, format('team-%%s', team) AS team, CASE WHEN by_airflow THEN 'airflow-' ELSE 'user-' END || who AS owner,
       CASE WHEN by_airflow THEN dag || '.' || task WHEN number %% 8 > 0 THEN 'adhoc-' || number END AS name,
       CASE WHEN who %% 10 < 8 THEN 'main' WHEN who %% 10 = 8 THEN 'gpu' ELSE 'west' END AS cluster,
       CASE WHEN number %% 31 = 0 THEN 'urgent' WHEN by_airflow OR who %% 2 = 0 THEN format('queue-%%s', team %% 6) END AS queue,
       (CASE WHEN by_airflow OR who %% 3 = 0 THEN 'livy' WHEN who %% 3 = 1 THEN 'spark_rest' ELSE 'k8s' END)::batch_protocol AS protocol,
       (ARRAY['4.0.1', '3.5.7', '4.1.0'])[1 + (who + (number %% 11 = 0)::int) %% 3] AS spark_version, 2 + number %% 16 AS executors,
       jsonb_build_object('team', format('team-%%s', team), 'stage', 'production') AS labels,
       format('{"file": "s3a://jobs/team-%%1$s/%%2$s.py", "args": ["--parts", "%%3$s", "--out", "s3a://lake/team-%%1$s/%%2$s/"], '
	      '"pyFiles": ["s3a://jobs/lib/common-2.14.1.zip"], "driverMemory": "2g", "driverCores": 1, "executorMemory": "4g", '
	      '"executorCores": 2, "numExecutors": %%4$s, "conf": {"spark.sql.shuffle.partitions": "400", '
	      '"spark.sql.adaptive.enabled": "true", "spark.kubernetes.driver.label.team": "team-%%1$s", '
	      '"spark.kubernetes.driver.label.dag_id": "%%2$s", "spark.kubernetes.driver.label.task_id": "%%5$s", '
	      '"spark.executorEnv.STAGE": "production", "spark.hadoop.fs.s3a.endpoint": "http://s3.example:9000", '
	      '"spark.hadoop.fs.s3a.secret.key": "(redacted)", '
	      '"spark.eventLog.enabled": "true"}}',
	      team, dag, number, 2 + number %% 16, task)::jsonb AS request,
       format('["wrote %%s rows", "INFO DAGScheduler: done", "INFO SparkContext: exitCode 0", "INFO SparkUI: stopped", '
	      '"INFO Backend: stopped", "INFO MapOutputTracker: stopped", "INFO MemoryStore: cleared", '
	      '"INFO BlockManager: stopped", "INFO SparkContext: stopped", "bye"]', number * 1777)::jsonb AS log_tail
FROM generate_series(0, 3999) AS number
CROSS JOIN LATERAL (SELECT number < 2000 AS by_airflow, 'dag-' || number / 4 %% 500 AS dag, 'task-' || number %% 4 AS task,
			   CASE WHEN number < 2000 THEN number / 4 %% 20 ELSE number %% 180 END AS who) AS drawn
CROSS JOIN LATERAL (SELECT who %% 20 AS team) AS theirs
"""
BATCHES = """
INSERT INTO batch (id, uid, request_digest, protocol, name, owner, cluster, namespace, operator_kind, request, request_id, state,
		   reason, message, app_id, driver_pod, attempts, accepted_at, admitted_at, pushed_at, started_at, finished_at,
		   kill_requested_at, deleted_at, changed_at, object_deleted_at, exit_code, object_uid, retries, queue,
		   log_lines_count, log_tail, image, spark_version, driver_cores, driver_memory_mib, executors_count, executor_cores,
		   executor_memory_mib, labels, airflow_dag, airflow_task, airflow_run, airflow_try)
OVERRIDING SYSTEM VALUE
SELECT n, hex::uuid, sha256(hex::bytea), protocol, CASE WHEN age < %(unfinished)s THEN 'now-' || n ELSE name END, owner, cluster,
       'spark', 'sparkgate', request, hex, state, reason,
       CASE reason WHEN 'exit_code' THEN 'driver container failed with ExitCode: 1'
       WHEN 'out_of_memory' THEN 'the driver was killed for its memory (ExitCode: 137)'
       WHEN 'refused' THEN 'admission webhook "policy.example" denied the request: namespace quota is fixed'
       WHEN 'evicted' THEN 'The node was low on resource: ephemeral-storage.' END,
       'spark-' || hex, 'sg-' || n || '-' || left(hex, 8) || '-driver', 1, at, admitted_at, pushed_at, started_at, finished_at,
       CASE WHEN reason = 'killed_by_user' THEN finished_at - interval '3 s' END,
       CASE WHEN g >> 36 & 63 = 0 THEN finished_at + interval '1 s' END, coalesce(finished_at, started_at, pushed_at, at),
       CASE WHEN finished_at < %(until)s - interval '1 day' THEN finished_at + interval '1 day' END,
       CASE state WHEN 'success' THEN 0 WHEN 'dead' THEN 1 END, hex, CASE WHEN g >> 42 & 31 = 0 THEN 1 ELSE 0 END, queue,
       CASE WHEN started_at IS NULL OR finished_at IS NULL THEN 0
	    WHEN age < %(logged)s + %(unfinished)s THEN CASE WHEN n %% 100 = 0 THEN 51000 ELSE 1000 END ELSE 10 END,
       CASE WHEN started_at IS NULL OR finished_at IS NULL THEN '[]' ELSE log_tail END,
       'registry.example/spark:' || spark_version, spark_version, 1, 2048, executors, 2, 4096, labels,
       CASE WHEN by_airflow THEN dag END, CASE WHEN by_airflow THEN task END,
       CASE WHEN by_airflow THEN 'scheduled__' || at::date || 'T04:00:00+00:00' END, CASE WHEN by_airflow THEN '1' END
FROM (
	SELECT n, %(rows)s - n AS age, %(until)s - (%(rows)s - n) * (interval '365 days' / %(rows)s::float8) AS at,
	       hashint8extended(n, 1) >> 1 & 9223372036854775807 AS h, hashint8extended(n, 2) >> 1 & 9223372036854775807 AS g,
	       md5(n::text) AS hex
	FROM generate_series(%(first)s, %(last)s) AS n
) AS drawn
CROSS JOIN LATERAL (
	SELECT CASE WHEN age < %(unfinished)s THEN NULL WHEN g & 1023 < 900 THEN NULL WHEN g & 1023 < 950 THEN 'exit_code'
		    WHEN g & 1023 < 964 THEN 'out_of_memory' WHEN g & 1023 < 972 THEN 'evicted' WHEN g & 1023 < 978 THEN 'driver_lost'
		    WHEN g & 1023 < 980 THEN 'submission_failed' WHEN g & 1023 < 982 THEN 'failed'
		    WHEN g & 1023 < 1010 THEN 'killed_by_user' WHEN g & 1023 < 1013 THEN 'deleted_outside'
		    ELSE 'refused' END::batch_reason AS reason
	OFFSET 0
) AS why
CROSS JOIN LATERAL (
	SELECT CASE WHEN age < 100 THEN 'accepted' WHEN age < 200 THEN 'starting' WHEN age < %(unfinished)s THEN 'running'
		    WHEN reason IS NULL THEN 'success' WHEN reason IN ('killed_by_user', 'deleted_outside') THEN 'killed'
		    WHEN reason = 'refused' THEN 'error' ELSE 'dead' END::batch_state AS state,
	       CASE WHEN age >= 50 THEN at + (CASE WHEN g >> 10 & 7 = 0 THEN g >> 13 & 255 ELSE 0 END) * interval '1 s' END AS admitted_at
	OFFSET 0
) AS turn
CROSS JOIN LATERAL (
	SELECT CASE WHEN age >= 100 AND state <> 'error' THEN admitted_at + interval '50 ms' END AS pushed_at,
	       CASE WHEN age >= 200 AND state <> 'error' AND reason IS DISTINCT FROM 'submission_failed'
		    THEN admitted_at + (5 + (g >> 21 & 63)) * interval '1 s' END AS started_at
	OFFSET 0
) AS begun
CROSS JOIN LATERAL (
	SELECT CASE WHEN age < %(unfinished)s THEN NULL WHEN started_at IS NULL THEN admitted_at + interval '2 s'
		    ELSE started_at + 30 * power(2, (g >> 44 & 255) / 40.0) * interval '1 s' END AS finished_at
	OFFSET 0
) AS ended
JOIN drawn_job ON number = CASE WHEN h & 1023 < 717 THEN (h >> 10 & 16383) %% 2000 ELSE 2000 + (h >> 10 & 16383) %% 2000 END
"""
EVENTS = """
INSERT INTO batch_event (batch_id, at, kind, state, reason, message, actor, request_id)
SELECT id, event.at, kind, event.state, CASE WHEN ends THEN reason END, CASE WHEN ends THEN message END, actor, request_id
FROM batch CROSS JOIN LATERAL (VALUES
	(accepted_at, 'accepted', 'accepted'::batch_state, owner, false), (pushed_at, 'pushed', 'starting', 'worker', false),
	(finished_at, 'state', state, NULL, true)
) AS event (at, kind, state, actor, ends)
WHERE id BETWEEN %(first)s AND %(last)s AND event.at IS NOT NULL
ORDER BY id, event.at
"""
PUSHES = """
INSERT INTO batch_push (batch_id, cluster, object, claimed_until, tries)
SELECT id, cluster, request, CASE WHEN admitted_at IS NULL THEN 'infinity' ELSE %(until)s END, 1 FROM batch
WHERE finished_at IS NULL AND pushed_at IS NULL
"""
WATCHED = """
INSERT INTO cluster_watch (cluster, watcher, leased_at, synced_at, heard_at)
SELECT cluster, 'bench', %(until)s, %(until)s, %(until)s FROM drawn_job GROUP BY cluster ON CONFLICT DO NOTHING
"""
# What a job of some hundred tasks a stage says, as Spark 4 words it, a trace of a failed task now and then.
PIECES = r"""
CREATE TEMP TABLE drawn_piece (number int, lines text[]);
DO $$ BEGIN
	ALTER TABLE drawn_piece ALTER COLUMN lines SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
	NULL;
END $$;
INSERT INTO drawn_piece
SELECT piece, array_agg(CASE
	WHEN kind < 5 THEN format('26/11/01 04:%%s:%%s INFO TaskSetManager: Starting task %%s.0 in stage %%s.0 (TID %%s) '
		'(10.244.3.%%s, executor %%s, partition %%s, PROCESS_LOCAL, 9731 bytes) ', minute, second, task, stage, tid, executor + 16,
		executor, task)
	WHEN kind < 10 THEN format('26/11/01 04:%%s:%%s INFO TaskSetManager: Finished task %%s.0 in stage %%s.0 (TID %%s) in %%s ms on '
		'10.244.3.%%s (executor %%s) (%%s/400)', minute, second, task, stage, tid, h & 1023, executor + 16, executor, task)
	WHEN kind < 12 THEN format('26/11/01 04:%%s:%%s INFO BlockManagerInfo: Added broadcast_%%s_piece0 in memory on 10.244.3.%%s:40231 '
		'(size: 34.2 KiB, free: 2.1 GiB)', minute, second, stage, executor + 16)
	WHEN kind < 13 THEN format('26/11/01 04:%%s:%%s INFO MapOutputTrackerMasterEndpoint: Asked to send map output locations for '
		'shuffle %%s to 10.244.3.%%s:51846', minute, second, stage, executor + 16)
	WHEN kind < 22 THEN (ARRAY[
		'	at org.apache.spark.sql.catalyst.expressions.GeneratedClass$GeneratedIteratorForCodegenStage4.processNext(Unknown Source)',
		'	at org.apache.spark.sql.execution.BufferedRowIterator.hasNext(BufferedRowIterator.java:50)',
		'	at org.apache.spark.sql.execution.WholeStageCodegenEvaluatorFactory$WholeStageCodegenPartitionEvaluator$$anon$1.hasNext('
			|| 'WholeStageCodegenEvaluatorFactory.scala:50)',
		'	at org.apache.spark.shuffle.sort.BypassMergeSortShuffleWriter.write(BypassMergeSortShuffleWriter.java:182)',
		'	at org.apache.spark.executor.Executor$TaskRunner.run(Executor.scala:845)',
		'	at java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)'])[1 + line %% 6]
	ELSE format('26/11/01 04:%%s:%%s WARN ProcfsMetricsGetter: Exception when trying to compute pagesize, as a result reporting of '
		'ProcessTree metrics is stopped', minute, second)
	END ORDER BY line)
FROM generate_series(0, %(pieces)s - 1) AS piece CROSS JOIN generate_series(0, %(lines)s - 1) AS line
CROSS JOIN LATERAL (SELECT hashint8extended(piece * 100000 + line, 3) >> 1 & 9223372036854775807 AS h) AS drawn
CROSS JOIN LATERAL (
	SELECT h >> 10 & 15 AS executor, 10 + line / 60 %% 50 AS minute, 10 + line %% 60 * 5 / 6 AS second, line %% 400 AS task,
	       piece * 3 + line / 400 AS stage, piece * 1000 + line AS tid,
	       -- a trace is whole
	       CASE WHEN hashint8(line / 24 + piece) & 3 = 0 THEN 13 ELSE (h >> 30) %% 23 END AS kind
) AS said
GROUP BY piece
"""
LOGS = """
INSERT INTO batch_log (batch_id, first_line, lines)
SELECT id, (piece - 1) * 1000, lines
FROM batch CROSS JOIN LATERAL generate_series(1, log_lines_count / 1000) AS piece
JOIN drawn_piece ON number = (id * 7 + piece) %% %(pieces)s
WHERE id BETWEEN %(first)s AND %(last)s AND log_lines_count >= 1000
ORDER BY id, piece
"""
# As the trigger of each end would: rollup_add.sql does the rest.
OWED = """
INSERT INTO batch_rollup_owed SELECT id FROM batch WHERE finished_at IS NOT NULL AND id BETWEEN %(first)s AND %(last)s ORDER BY id
"""
# Of what is not needed to fill it, the indexes; made anew they are as good as bulk makes them.
INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made, conname AS rule,
       pg_get_constraintdef(pg_constraint.oid) AS ruled
FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid AND conrelid = indrelid
WHERE indrelid = %s::regclass AND NOT indisprimary AND (SELECT relkind = 'r' FROM pg_class WHERE oid = indrelid)
"""
# In force while it is filled: who loses power then fills it again.
HASTE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "4GB", "checkpoint_timeout": "1h",
         "autovacuum": "off"}


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


class Ledger:
    def __init__(self, postgres):
        self.postgres = postgres

    # --- what is there -----------------------------------------------------------------------------------------------

    def rows(self):
        return self.postgres.value("SELECT coalesce(max(id), 0) FROM batch")

    def size_bytes(self):
        return self.postgres.value("SELECT pg_database_size(current_database())")

    # --- filling -----------------------------------------------------------------------------------------------------

    def fill(self, rows, log_bytes=0):
        needed = rows * DISK_BYTES_A_ROW + log_bytes * LOG_COMPRESSED + WAL_BYTES
        free = shutil.disk_usage(self.postgres.dir).free
        assert free > needed, f"{rows} batches and their logs may take {needed / 1e9:.0f} GB, {free / 1e9:.0f} are free"
        with contextlib.closing(self.postgres.connect(user="postgres")) as connection, self.haste(), \
                connection.cursor() as self.cursor:
            self.be_nice()
            self.do("SET session_replication_role = replica")
            self.do("SET maintenance_work_mem = '1GB'")
            raw = self.draw_pieces()
            every = {"rows": rows, "unfinished": min(UNFINISHED, rows // 4), "pieces": PIECES_DRAWN,
                     "logged": int(log_bytes / raw / 1.5), "until": self.one("SELECT now()")}
            assert every["logged"] <= rows, "more logs than batches: fewer --log-gb"
            self.do(JOBS, {})
            self.do("ANALYZE drawn_job")    # or it is not the smaller side, and ids are in no order
            made = self.drop_indexes("batch")
            self.in_chunks(rows, every, "batches", BATCHES, EVENTS, OWED)
            self.do("SELECT setval(pg_get_serial_sequence('batch', 'id'), %(rows)s)", every)
            self.do(PUSHES, every)
            self.do(WATCHED, every)
            for statement in made:
                self.do(statement)
                say(statement[:100])
            self.in_chunks(rows, every, "logs", LOGS, first=max(1, rows - every["logged"] - every["unfinished"]))
            self.settle()
        assert self.rows() == rows

    def settle(self):
        """As watchers, autovacuum and the checkpoints of a year have left it."""
        while self.one("SELECT batch_listed_settle(1000000)"):
            pass
        self.do("VACUUM (ANALYZE)")
        self.do("CHECKPOINT")
        say(f"filled: {self.size_bytes() / 1e9:.1f} GB")

    def do(self, statement, params=None):
        self.cursor.execute(statement, params)

    def one(self, statement, params=None):
        self.do(statement, params)
        return self.cursor.fetchone()[0]

    @contextlib.contextmanager
    def haste(self):
        for name, value in HASTE.items():
            self.postgres.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.postgres.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            for name in HASTE:
                self.postgres.execute(f"ALTER SYSTEM RESET {name}")
            self.postgres.execute("SELECT pg_reload_conf()")

    def be_nice(self):
        """Of this session alone: what is measured later is not."""
        pid = self.one("SELECT pg_backend_pid()")
        os.setpriority(os.PRIO_PROCESS, pid, 2)

    def draw_pieces(self):
        """Bytes of a piece as a driver wrote it. Compressed once: what is copied from it stays compressed."""
        self.do(PIECES, {"pieces": PIECES_DRAWN, "lines": PIECE_LINES})
        raw, packed = map(float, self.one("SELECT ARRAY[avg(octet_length(array_to_string(lines, chr(10))) + 1), avg(pg_column_size(lines))] "
                               "FROM drawn_piece"))
        say(f"1000 lines of a log have {raw:.0f} bytes, in the table {packed:.0f} ({packed / raw:.3f})")
        assert packed < raw * LOG_COMPRESSED
        return raw

    def drop_indexes(self, table):
        self.do(INDEXES, (table,))
        made = []
        for name, statement, rule, ruled in self.cursor.fetchall():
            if rule is None:
                self.do(f"DROP INDEX {name}")
                made.append(statement)
            else:
                self.do(f"ALTER TABLE {table} DROP CONSTRAINT {rule}")
                made.append(f"ALTER TABLE {table} ADD CONSTRAINT {rule} {ruled}")
        return made

    def in_chunks(self, rows, every, what, *statements, first=1):
        began = time.monotonic()
        for start in range(first, rows + 1, CHUNK):
            for statement in statements:
                self.do(statement, {**every, "first": start, "last": min(rows, start + CHUNK - 1)})
            free = shutil.disk_usage(self.postgres.dir).free
            assert free > WAL_BYTES, f"only {free / 1e9:.0f} GB are free"
            if (start - first) // CHUNK % 5 == 0:
                say(f"{what}: {min(rows, start + CHUNK - 1)}, {time.monotonic() - began:.0f} s, {free / 1e9:.0f} GB free")
