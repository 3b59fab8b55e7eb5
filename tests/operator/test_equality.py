# SPDX-License-Identifier: Apache-2.0
"""sparkgate-operator's objects beside those that the Kubeflow operator and spark-submit were recorded to make.

No Java and no cluster is needed here: record_spark_submit.py has run them. What may differ is in differences.py.
"""
import functools
import json
import subprocess

import pytest
import yaml
from differences import NO_TEMPLATE, REFUSED, REFUSED_BY_US, WANTED, without_template

import recorded
from stack import program

# As a caller that has an API server would have them; the generated words' places, for the comparison.
APPLICATION_UID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
IDS = {
    "--submission-id": "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
    "--app-id": "spark-0123456789abcdef0123456789abcdef",
    "--submitted-at-ms": "1700000000000",
}
RECORDED = [(version, case) for version in recorded.VERSIONS for case in recorded.cases()]


def render(file, text=None):
    """What the operator's own command prints for people."""
    options = [word for pair in IDS.items() for word in pair]
    return subprocess.run([program("sparkgate-operator"), "render", *options, file], input=text,
                          capture_output=True, text=True, timeout=60, check=False)


def rendered(version, case):
    application = recorded.manifest(version, case)
    application["metadata"]["uid"] = APPLICATION_UID
    return render("-", json.dumps(application))


def differences(theirs, ours, where=""):
    """(path, how, their value, our value) of each."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in sorted(theirs.keys() | ours.keys()):
            path = f"{where}/{name}"
            if name not in ours:
                yield path, "left out", theirs[name], None
            elif name not in theirs:
                yield path, "added", None, ours[name]
            else:
                yield from differences(theirs[name], ours[name], path)
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, (one, other) in enumerate(zip(theirs, ours)):
            yield from differences(one, other, f"{where}/{index}")
    elif theirs != ours:
        yield where, "changed", theirs, ours


def unwanted(theirs, ours, wanted):
    """The differences that no row is for, and the rows that were needed."""
    left, needed = [], set()
    for difference in differences(theirs, ours):
        rows = {number for number, row in enumerate(wanted) if row.covers(*difference)}
        needed |= rows
        if not rows:
            left.append(difference)
    return left, needed


def told(left):
    """For people."""
    return "\n" + "\n".join(f"{where}: {how}\n  spark-submit: {json.dumps(one, ensure_ascii=False)}\n"
                            f"  sparkgate:    {json.dumps(other, ensure_ascii=False)}"
                            for where, how, one, other in left)


def refused_by_us(version, case):
    word, _, versions = REFUSED_BY_US.get(case, (None, None, ()))
    return word if version in versions else None


@functools.cache
def compared(version, case):
    """The differences that no row of the table is for, and the rows that were needed."""
    theirs = recorded.recorded(version, case)
    done = rendered(version, case)
    word = REFUSED[case] if "Refusal" in theirs else refused_by_us(version, case)
    if word is not None or done.returncode != 0:
        good = word is not None and done.returncode == 1 and word in done.stderr
        said = f"{done.returncode}: {done.stderr}"
        return ([] if good else [("", "refused, or not", theirs.get("Refusal"), said)]), set()
    ours = recorded.normalised(json.loads(done.stdout))
    if "ExecutorTemplate" not in ours:
        ours["ExecutorTemplate"] = NO_TEMPLATE
        without_template(theirs)
    return unwanted(theirs, ours, WANTED)


def test_there_are_enough_sets():
    sets = [case for version, case in RECORDED if "Refusal" not in recorded.recorded(version, case)]
    assert len(set(sets)) >= 30


@pytest.mark.parametrize(("version", "case"), RECORDED)
def test_the_same_objects_as_spark_submit(version, case):
    left, _ = compared(version, case)
    assert not left, told(left)


def test_every_wanted_difference_is_needed():
    needed = set().union(*(compared(version, case)[1] for version, case in RECORDED))
    assert [row for number, row in enumerate(WANTED) if number not in needed] == []


def test_every_refusal_of_spark_submit_has_its_word():
    assert set(REFUSED) == {case for version, case in RECORDED if "Refusal" in recorded.recorded(version, case)}


@pytest.mark.parametrize("case", recorded.cases())
def test_a_manifest_in_yaml_means_the_same_as_in_json(case):
    file = recorded.CASES / f"{case}.yaml"
    assert render(file).stdout == render("-", json.dumps(yaml.safe_load(file.read_text()))).stdout
