# SPDX-License-Identifier: Apache-2.0
"""Schema report as people have it: the role that reads it, sparkgate-ctl report, and the queries of the cookbook."""
import contextlib
import csv
import hashlib
import io
import json
import re
import subprocess

import psycopg2
import psycopg2.extras
import pytest
from kubernetes import CLONE
from waiting import LIMIT_S, wait_for

DATABASE = "sparkgate_reports"
ROLE = "sparkgate_report"
DAYS = ("--from", "2025-03-01", "--to", "2025-03-08")
COOKBOOK = (CLONE / "sql/cookbook.md").read_text()


@pytest.fixture(scope="module")
def config(stack):
    """A database of its own, with batches whose figures are known; one of them in the sums, as after a watcher's round."""
    stack.postgres.create_database(DATABASE)
    config = stack.write_config({"database": {"conninfo": stack.postgres.conninfo(DATABASE)}}, "report.yaml")
    stack.ctl("migrate", config=config)
    stack.postgres.execute((CLONE / "tests/data/report/batches.sql").read_text(), dbname=DATABASE)
    add = (CLONE / "sql/statements/rollup_add.sql").read_text()
    stack.postgres.execute(f"PREPARE add AS {add}; EXECUTE add(5)", dbname=DATABASE)
    return config


@pytest.fixture
def reader(stack, config):
    """A session of the role, with the settings that its logins have."""
    with contextlib.closing(stack.postgres.connect(DATABASE, ROLE)) as connection:
        yield connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor)


def relations(stack, schema, kinds):
    return [row["name"] for row in stack.postgres.rows(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = ANY (%s) ORDER BY 1",
        (schema, list(kinds)), DATABASE)]


# --- the role ------------------------------------------------------------------------------------------------


def test_it_reads_every_view(stack, reader):
    views = relations(stack, "report", "v")
    assert len(views) >= 18
    for view in views:
        reader.execute(f"SELECT * FROM report.{view}")
        reader.fetchall()


def test_it_reads_no_table_and_no_view_of_the_service(stack, reader):
    tables = relations(stack, "public", "rvmp")
    assert {"batch", "batch_brief", "batch_push", "batch_log", "batch_event", "k8s_submission", "gateway"} <= set(tables)
    for table in tables:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            reader.execute(f"SELECT * FROM public.{table}")


def test_what_it_reads_has_no_request(reader):
    reader.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'report'")
    named = {row["column_name"] for row in reader.fetchall()}
    assert "state" in named and not named & {"request", "request_digest", "client_key", "object", "lines", "log_tail"}
    reader.execute("SELECT * FROM report.batch")
    assert "not for reports" not in json.dumps(reader.fetchall(), default=str)


@pytest.mark.parametrize("statement", [
    "INSERT INTO public.report_price VALUES ('x', now(), 1, 1, 'EUR')", "DELETE FROM public.batch", "CREATE TABLE public.x (x int)",
    "CREATE TABLE report.x (x int)", "UPDATE report.batch SET name = 'x'", "SET search_path = public; SELECT batch_listed_forget()",
])
def test_it_writes_nothing_even_when_it_asks_for_that(reader, statement):
    reader.execute("SET default_transaction_read_only = off")
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ObjectNotInPrerequisiteState)):
        reader.execute(statement)


def test_it_is_cut_off(stack, reader):
    reader.execute("SHOW statement_timeout")
    assert reader.fetchone()["statement_timeout"] == "30s"
    assert stack.postgres.value("SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", (ROLE,)) == 8
    for setting, value in {"idle_in_transaction_session_timeout": "1min", "default_transaction_read_only": "on"}.items():
        reader.execute(f"SHOW {setting}")
        assert reader.fetchone()[setting] == value
    # not half a minute of a test: the same limit, sooner
    reader.execute("SET statement_timeout = '100ms'")
    with pytest.raises(psycopg2.errors.QueryCanceled):
        reader.execute("SELECT pg_sleep(600) FROM report.batch")


@pytest.fixture
def patient_for_a_second(stack, kube):
    """The watcher of the stack's own database."""
    stack.reconfigure({"watcher": {"report_transaction_s": 1}})
    yield
    stack.reconfigure()


def test_no_session_outlasts_the_limit_whatever_it_sets(stack, patient_for_a_second):
    with contextlib.closing(stack.postgres.connect(user=ROLE)) as rests, contextlib.closing(stack.postgres.connect(user=ROLE)) as runs, \
            contextlib.closing(stack.postgres.connect(user=ROLE, autocommit=False)) as holds:
        rests.cursor().execute("SELECT 1")
        cursor = holds.cursor()
        cursor.execute("SET idle_in_transaction_session_timeout = 0; SELECT count(*) FROM report.batch")
        wait_for("the end of an idle transaction", lambda: not stack.postgres.rows(
            "SELECT 1 FROM pg_stat_activity WHERE pid = %s", (holds.get_backend_pid(),)))
        cursor = runs.cursor()
        cursor.execute("SET statement_timeout = 0")
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT pg_sleep(%s)", (LIMIT_S,))
        assert runs.closed
        rests.cursor().execute("SELECT 1")      # in no transaction, however long it is there


def test_who_cannot_end_its_sessions_is_told_what_to_run(stack, config):
    stack.postgres.execute(f"REVOKE {ROLE} FROM sparkgate")
    try:
        done = stack.ctl("migrate", config=config)
        said = re.search(r'event=report_role_not_limited .*sql="(.*?)"', done.stderr)
        assert said, done.stderr
        stack.postgres.execute(said[1])
        assert "report_role_not_limited" not in stack.ctl("migrate", config=config).stderr
    finally:
        stack.postgres.execute(f"GRANT {ROLE} TO sparkgate")


@contextlib.contextmanager
def without_role(stack):
    stack.postgres.execute(f"ALTER ROLE {ROLE} RENAME TO {ROLE}_away")
    try:
        yield
    finally:
        if stack.postgres.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)):
            stack.postgres.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}", dbname=DATABASE)
        stack.postgres.execute(f"ALTER ROLE {ROLE}_away RENAME TO {ROLE}")


def test_who_may_not_make_it_is_told_what_to_run(stack, config):
    with without_role(stack):
        done = stack.ctl("migrate", config=config)
        said = re.search(r'event=report_role_missing .*sql="(.*?)"', done.stderr)
        assert said and len(done.stderr.splitlines()) == 1
        for statement in said[1].strip(" ;").split(";"):
            stack.postgres.execute(statement)
        assert "report_role_missing" not in stack.ctl("migrate", config=config).stderr
        with contextlib.closing(stack.postgres.connect(DATABASE, ROLE)) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout; SELECT count(*) FROM report.by_day")


def test_who_may_make_it_makes_it(stack, config):
    with without_role(stack):
        stack.postgres.execute("ALTER ROLE sparkgate CREATEROLE")
        try:
            stack.ctl("migrate", config=config)
        finally:
            stack.postgres.execute("ALTER ROLE sparkgate NOCREATEROLE")
        with contextlib.closing(stack.postgres.connect(DATABASE, ROLE)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM report.by_day")


# --- views change from version to version --------------------------------------------------------------------


def as_owner(stack, statement):
    stack.postgres.execute(statement, dbname=DATABASE, user="sparkgate")


def checksum(stack):
    return stack.postgres.value("SELECT obj_description('report'::regnamespace, 'pg_namespace')", dbname=DATABASE)


def test_views_are_made_anew_when_they_differ_and_only_then(stack, config):
    first = checksum(stack)
    as_owner(stack, "CREATE VIEW report.earlier AS SELECT 1 AS x")
    assert "report_views_made" not in stack.ctl("migrate", config=config).stderr
    assert "earlier" in relations(stack, "report", "v")
    as_owner(stack, "COMMENT ON SCHEMA report IS 'of an earlier version'")
    assert "report_views_made" in stack.ctl("migrate", config=config).stderr
    assert "earlier" not in relations(stack, "report", "v")
    assert checksum(stack) == first
    assert stack.postgres.value("SELECT sum(batches) FROM report.by_day", dbname=DATABASE) == 10, "sums and prices stay"
    assert len(stack.postgres.rows("SELECT * FROM report.price", dbname=DATABASE)) == 3


def test_somebodys_view_of_them_is_not_dropped_silently(stack, config):
    as_owner(stack, "CREATE VIEW public.mine AS SELECT * FROM report.by_day")
    as_owner(stack, "COMMENT ON SCHEMA report IS 'of an earlier version'")
    done = stack.ctl("migrate", config=config, check=False)
    assert done.returncode == 1 and "view mine depends on view report.by_day" in done.stderr
    assert stack.postgres.rows("SELECT * FROM public.mine", dbname=DATABASE)
    as_owner(stack, "DROP VIEW public.mine")
    stack.ctl("migrate", config=config)


def test_what_has_ended_before_the_upgrade_is_counted(stack):
    database = f"{DATABASE}_upgraded"
    stack.postgres.create_database(database)
    config = stack.write_config({"database": {"conninfo": stack.postgres.conninfo(database)}}, "upgraded.yaml")

    def before(sql, params=None):
        stack.postgres.execute(sql, params, database, "sparkgate")

    before("CREATE TABLE schema_migration (version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, "
           "applied_at timestamptz NOT NULL DEFAULT now())")
    for file in sorted((CLONE / "sql/schema").glob("*.sql")):
        if file.name < "0011":
            before(file.read_text())
            before("INSERT INTO schema_migration VALUES (%s, %s, %s)",
                   (int(file.name[:4]), file.stem, hashlib.sha256(file.read_bytes()).hexdigest()))
    before("INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request, state, accepted_at, "
           "pushed_at, started_at, finished_at) SELECT gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}', 'success', "
           "at, at, at + interval '5 s', at + interval '65 s' FROM generate_series(1, 3), CAST('2025-03-01 12:00Z' AS timestamptz) AS at")
    stack.ctl("migrate", config=config)
    (row,) = json.loads(stack.ctl("report", "by_day", "--format", "json", config=config).stdout)
    assert (row["day"], row["batches"], row["run_hours"]) == ("2025-03-01", 3, 0.05)
    (batch, *_) = json.loads(stack.ctl("report", "batch", "--format", "json", config=config).stdout)
    assert (batch["queue_s"], batch["start_s"], batch["cores"]) == (0, 5, None), "nobody waited for a turn before there were turns"


# --- sparkgate-ctl report ------------------------------------------------------------------------------------


def test_the_list_has_each_name_with_what_it_shows(stack, config):
    listed = json.loads(stack.ctl("report", "--format", "json", config=config).stdout)
    assert [row["name"] for row in listed] == relations(stack, "report", "v")
    assert all(row["shows"] for row in listed)
    assert "airflow_runs" in stack.ctl("report", config=config).stdout


def test_all_formats_say_the_same(stack, config):
    said = {name: stack.ctl("report", "by_user", *DAYS, "--format", name, config=config).stdout for name in ("table", "csv", "json")}
    rows = json.loads(said["json"])
    assert [(row["user"], row["batches"]) for row in rows] == [("ann", 6), ("bob", 2), ("cat", 2)]
    assert [(row["user"], int(row["batches"])) for row in csv.DictReader(io.StringIO(said["csv"]))] == \
        [(row["user"], row["batches"]) for row in rows]
    lines = [[word.strip() for word in line.split("|")] for line in said["table"].splitlines()]
    assert lines[0][:2] == ["user", "batches"] and ["ann", "6"] in [line[:2] for line in lines]


def test_a_range_ends_before_its_end(stack, config):
    def users(*options):
        return {row["user"]: row["batches"]
                for row in json.loads(stack.ctl("report", "by_user", *options, "--format", "json", config=config).stdout)}

    assert users() == {"ann": 6, "bob": 2, "cat": 2}
    assert users("--to", "2025-03-02") == {"ann": 2, "bob": 1}
    assert users("--from", "2025-03-02") == {"ann": 4, "bob": 1, "cat": 2}
    assert users("--from", "2031-01-01") == {}


def test_nothing_is_a_table_an_array_and_a_line_of_names(stack, config):
    nothing = ("report", "by_user", "--from", "2031-01-01", "--format")
    assert json.loads(stack.ctl(*nothing, "json", config=config).stdout) == []
    assert stack.ctl(*nothing, "csv", config=config).stdout.startswith("user,batches,")
    assert "batches" in stack.ctl(*nothing, "table", config=config).stdout


@pytest.mark.parametrize("words, said, status", [
    (("by_moon",), ("there is no report 'by_moon'", "by_user", "stuck"), 1),
    (("batch; DROP TABLE batch",), ("there is no report",), 1),
    (("by_user", "--from", "soon"), ("--from: 'soon' is no time", "2026-11-22"), 1),
    (("by_user", "--to", "soon"), ("--to: 'soon' is no time",), 1),
    (("by_user", "--format", "xml"), ("xml", "table, csv, json"), 2),
    (("by_user", "by_team"), ("by_team",), 2),
])
def test_what_cannot_be_reported_is_said(stack, config, words, said, status):
    done = stack.ctl("report", *words, config=config, check=False)
    assert done.returncode == status and done.stdout == ""
    for part in said:
        assert part in done.stderr


def test_options_of_report_belong_to_it(stack, config):
    done = stack.ctl("migrate", "--from", "2025-03-01", config=config, check=False)
    assert done.returncode == 2 and "belong to report" in done.stderr


# --- the cookbook --------------------------------------------------------------------------------------------


def questions():
    """number -> query"""
    found = re.findall(r"^## (\d+)\. .*?\n(?:.*?\n)*?```sql\n(.*?)```", COOKBOOK, re.M | re.S)
    return {int(number): query for number, query in found}


def only(column):
    return lambda rows: [row[column] for row in rows]


# number -> what is looked at, and what it must be
ANSWERS = {
    1: (lambda rows: (len(rows), sum(row["running"] for row in rows), sum(row["waiting_turn"] for row in rows)), (4, 3, 1)),
    2: (lambda rows: {row["name"]: row["why"] for row in rows}, {
        "no-image": "starting", "queued": "waiting for its turn", "unpushed": "waiting for a push",
        "unkillable": "kill not confirmed", "out-west": "cluster silent"}),
    3: (only("batches"), [3, 7]),
    4: (lambda rows: {row["reason"]: int(row["batches"]) for row in rows}, {"exit_code": 3, "out_of_memory": 1, "refused": 1}),
    5: (only("team"), [None, "data", "ml"]),
    6: (lambda rows: [(row["user"], round(row["core_hours"], 2)) for row in rows][0], ("ann", 11.33)),
    7: (lambda rows: [(row["team"], row["currency"], float(row["cost"])) for row in rows][0], ("data", "EUR", 0.92)),
    8: (lambda rows: {row["team"]: float(row["cost"]) for row in rows}["data"], 0.9167),
    9: (lambda rows: 540 < rows[0]["queue_p99_s"] < 660 and rows[0]["queue_p50_s"] == 0, True),
    10: (lambda rows: [(row["queue"], row["wait_avg_s"]) for row in rows], [("gpu", 300), ("etl", 10), (None, 0)]),
    11: (only("name"), ["train", "etl", "report"]),
    12: (lambda rows: (rows[0]["name"], rows[0]["changes"]), ("etl", 3)),
    13: (lambda rows: [(row["task"], row["batches"], row["failed"], row["state"]) for row in rows], [("load", 2, 1, "success")]),
    14: (lambda rows: [(row["dag"], int(row["extra"])) for row in rows], [("sales", 1)]),
    15: (lambda rows: (rows[0]["image"], rows[0]["batches"]), ("spark:4", 7)),
    16: (lambda rows: [(row["name"], row["cores"], row["memory_gib"]) for row in rows], [("etl", 4, 4)]),
    17: (only("name"), ["etl", "train"]),
    18: (lambda rows: [(row["cluster"], row["cores"]) for row in rows], [("default", 4), ("west", 4), ("west", 4)]),
    19: (lambda rows: [(row["name"], row["state"]) for row in rows], [("report", "success"), ("report", "dead"), ("etl", "dead")]),
    20: (lambda rows: {(row["cluster"], row["protocol"]): int(row["batches"]) for row in rows}, {
        ("default", "k8s"): 1, ("default", "livy"): 7, ("west", "spark_rest"): 2}),
}


def test_the_cookbook_has_the_questions_that_are_answered_here():
    assert sorted(questions()) == sorted(ANSWERS) == list(range(1, 21))


@pytest.mark.parametrize("number", ANSWERS)
def test_a_query_of_the_cookbook_has_the_right_answer(reader, number):
    reader.execute(re.search(r"```sql\n(SET .*?)```", COOKBOOK, re.S)[1])
    reader.execute(questions()[number])
    look, wanted = ANSWERS[number]
    assert look(reader.fetchall()) == wanted
