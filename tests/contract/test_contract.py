# SPDX-License-Identifier: Apache-2.0
"""Every row of the tables against the server; of a difference also that it is one."""
import given
import pytest
import tables
from case import JSON, TEXT

SECURITY = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "SAMEORIGIN", "X-XSS-Protection": "1; mode=block",
            "Content-Security-Policy": TEXT}
EVERY_REPLY = {
    "livy": {"Content-Type": JSON},
    "sparkgate": {"Content-Type": JSON, "X-Request-Id": TEXT, "Cache-Control": "no-store", **SECURITY},
}


def run(case, world, dialect):
    """Sends its steps; what is wrong by each dialect: the first problem, or None."""
    problems = {"livy": None, "sparkgate": None}
    with given.make(case.given, world) as known:
        for step in case.steps:
            answer = world.send(step.request, known)
            if answer.status == 201:
                known.setdefault("made", answer.json()["id"])
            for words in problems:
                problem = step.reply(words).problem(answer, known, EVERY_REPLY[words])
                if problem and not problems[words]:
                    problems[words] = f"{step.request.method} {step.request.path[:200]}: {problem}"
        if case.spec is not None and world.stack is not None and problems[dialect] is None:
            spec = world.kubernetes.application(world.stack.row(world.made[-1])["object_name"])["spec"]
            assert {key: spec.get(key) for key in case.spec} == case.spec
    return problems


@pytest.mark.parametrize("case", tables.CASES, ids=lambda case: f"{case.section} {case.it}")
def test_rule(case, world, dialect):
    problems = run(case, world, dialect)
    assert problems[dialect] is None, f"{case.cites}: {problems[dialect]}"
    if case.difference and dialect == "sparkgate":
        assert problems["livy"] is not None, f"{case.difference}: no difference, Livy answers the same"
