# SPDX-License-Identifier: Apache-2.0
"""The README's table of differences is the suite's: none that is not shown, none that is not told."""
import collections
import pathlib
import re

import pytest
from case import Case
from given import ANYWHERE, OPERATED
from tables import CASES
from tables.faults import ELSEWHERE

TESTS = pathlib.Path(__file__).resolve().parents[1]
SECTIONS = {"1.1", "1.2", "2", "3", "4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "6", "9"}
FAULTS = set(range(1, 25))


def told():
    """The table's first cells: name to what stands in brackets after it."""
    readme = (TESTS.parent / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| rule | Livy | sparkgate | why |\n")[2].partition("\n\n")[0]
    cells = [line.split(" | ") for line in table.splitlines()[1:]]
    assert cells and all(len(row) == 4 for row in cells), [row for row in cells if len(row) != 4]
    names = [re.fullmatch(r"\| (.+) \((.+)\)", row[0]) for row in cells]
    assert all(names), [row[0] for row, name in zip(cells, names) if not name]
    assert len({name[1] for name in names}) == len(names), "a name twice"
    return {name[1]: name[2] for name in names}


def numbers(sections):
    """The faults in "1.1, faults 7, 8"."""
    return {int(number) for number in re.findall(r"\d+", sections.partition("fault")[2])}


def test_every_difference_of_the_suite_is_told_and_every_one_told_is_shown():
    shown = {case.difference for case in CASES if case.difference} | set(ELSEWHERE)
    assert shown == set(told())


def test_every_known_fault_has_its_row():
    assert set().union(*map(numbers, told().values())) == FAULTS


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_other_tests_show_they_show(name):
    file, _, function = ELSEWHERE[name].partition("::")
    assert re.search(rf"^def {function}\(", (TESTS / file).read_text(encoding="utf-8"), re.M)


def test_the_tables_are_sound():
    twice = [key for key, count in collections.Counter((case.section, case.it) for case in CASES).items() if count > 1]
    assert not twice
    assert {case.section for case in CASES} == SECTIONS
    for case in CASES:
        assert isinstance(case, Case) and case.cites.split(maxsplit=1)[1:], case.it
        assert case.given in {**ANYWHERE, **OPERATED}, case.it
        assert (case.difference is not None) == any(step.sparkgate is not None for step in case.steps), case.it
