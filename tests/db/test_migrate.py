# SPDX-License-Identifier: Apache-2.0
"""sparkgate-ctl migrate: ordered, repeatable, and never over what it does not know."""
import re
import subprocess

import pytest
from kubernetes import CLONE
from stack import program
from waiting import wait_for

VERSIONS = sorted(int(file.name[:4]) for file in (CLONE / "sql/schema").glob("*.sql"))
DATABASE = "sparkgate_migrate"


@pytest.fixture
def config(stack):
    stack.postgres.create_database(DATABASE)
    return stack.write_config({"database": {"conninfo": stack.postgres.conninfo(DATABASE)}}, "migrate.yaml")


def applied(stack):
    return stack.postgres.rows("SELECT version, name, checksum FROM schema_migration ORDER BY 1", dbname=DATABASE)


def test_a_new_database_gets_the_whole_schema(stack, config):
    done = stack.ctl("migrate", config=config)
    assert f"schema {VERSIONS[-1]}" in done.stdout
    assert [row["version"] for row in applied(stack)] == VERSIONS


def test_the_checksum_is_that_of_the_file(stack, config):
    stack.ctl("migrate", config=config)
    for row in applied(stack):
        file = CLONE / "sql/schema" / f"{row['name']}.sql"
        summed = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout.split()[0]
        assert row["checksum"] == summed


def test_migrating_twice_changes_nothing(stack, config):
    stack.ctl("migrate", config=config)
    key = stack.postgres.value("SELECT key FROM gateway", dbname=DATABASE)
    again = stack.ctl("migrate", config=config)
    assert "migration_applied" not in again.stderr
    assert stack.postgres.value("SELECT key FROM gateway", dbname=DATABASE) == key


def test_an_edited_migration_is_refused(stack, config):
    stack.ctl("migrate", config=config)
    stack.postgres.execute("UPDATE schema_migration SET checksum = 'x' WHERE version = 1", dbname=DATABASE)
    done = stack.ctl("migrate", config=config, check=False)
    assert done.returncode == 1 and "0001_batch" in done.stderr and "edited" in done.stderr


def test_a_database_of_a_newer_version_is_refused_and_left_alone(stack, config):
    stack.ctl("migrate", config=config)
    stack.postgres.execute("INSERT INTO schema_migration VALUES (9999, '9999_future', 'x')", dbname=DATABASE)
    done = stack.ctl("migrate", config=config, check=False)
    assert done.returncode == 1 and "9999" in done.stderr and "newer" in done.stderr
    assert len(applied(stack)) == len(VERSIONS) + 1


def test_a_migration_that_fails_leaves_nothing_of_it(stack, config):
    """Something of that name is there already: the one transaction is rolled back as a whole."""
    stack.postgres.execute("CREATE TABLE batch_log (x int)", dbname=DATABASE)
    done = stack.ctl("migrate", config=config, check=False)
    assert done.returncode == 1 and "batch_log" in done.stderr
    assert applied(stack) == []
    assert stack.postgres.value("SELECT to_regclass('batch')", dbname=DATABASE) is None
    stack.postgres.execute("DROP TABLE batch_log", dbname=DATABASE)
    stack.ctl("migrate", config=config)


def test_two_at_once_apply_it_once(stack, config):
    both = [
        subprocess.Popen([program("sparkgate-ctl"), "-c", config, "migrate"], env=stack.environment(),
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert "".join(said).count("event=migration_applied") == len(VERSIONS)
    assert [row["version"] for row in applied(stack)] == VERSIONS


def test_a_second_one_waits_for_the_first(stack, config):
    with stack.postgres.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('sparkgate migrate'))")
        process = subprocess.Popen([program("sparkgate-ctl"), "-c", config, "migrate"], env=stack.environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_for("it to wait", lambda: stack.postgres.rows(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND application_name = 'sparkgate-ctl'"))
        assert process.poll() is None
        cursor.execute("SELECT pg_advisory_unlock_all()")
    assert process.wait(30) == 0
    connection.close()


def words(file, table):
    """The texts of a C table of words."""
    text = (CLONE / file).read_text()
    body = re.search(rf"{table}\[\w+\] = {{(.*?)}};", text, re.S).group(1)
    return set(re.findall(r'= "(\w+)"', body))


@pytest.mark.parametrize("enum, table", [
    ("batch_state", "state_text"), ("batch_reason", "reason_text"), ("batch_protocol", "protocol_text"),
])
def test_schema_and_program_know_the_same_words(stack, enum, table):
    rows = stack.postgres.rows(f"SELECT unnest(enum_range(NULL::{enum}))::text AS word")
    assert {row["word"] for row in rows} == words("fcgi/batch/batch.c", table)
