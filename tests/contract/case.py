# SPDX-License-Identifier: Apache-2.0
"""One rule of Livy's API as data: a request, and what Livy and sparkgate answer. tables/ holds them by topic.

Matchers stand in an expected body wherever a value does; they compare by ==.
"""
import dataclasses
import json

DIALECTS = ("livy", "sparkgate")
JSON = "application/json;charset=utf-8"
EMPTY = b""


class Matches:
    """Equal to whatever passes; what has not even the shape does not."""

    def __init__(self, what, passes):
        self.what, self.passes = what, passes

    def __eq__(self, other):
        try:
            return bool(self.passes(other))
        except (AttributeError, KeyError, TypeError):
            return False

    __hash__ = object.__hash__

    def __repr__(self):
        return f"<{self.what}>"


class Bytes(Matches):
    """Of a body that is no JSON."""


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value):
    return isinstance(value, str)


ANY = Matches("anything", lambda value: True)
INT = Matches("a number", is_int)
TEXT = Matches("a text", lambda value: is_text(value) and value != "")
TEXT_OR_NULL = Matches("a text or null", lambda value: value is None or is_text(value))
TEXTS = Matches("a list of texts", lambda value: isinstance(value, list) and all(map(is_text, value)))
MSG = {"msg": TEXT}
HTML = Bytes("HTML", lambda body: body.lstrip().startswith(b"<"))
ANY_TYPE = {"Content-Type": ANY}
# Livy's second shape of an error: a JSON string and no object.
BARE = Matches("a bare string", is_text)


def has(*words):
    return Matches(f"a text with {words}", lambda value: is_text(value) and all(word in value for word in words))


def msg(*words):
    return {"msg": has(*words)}


def listing(allow):
    """A header that is a list, in whatever order."""
    wanted = {word.strip() for word in allow.split(",")}
    return Matches(f"the list {allow}", lambda value: is_text(value) and
                   {word.strip() for word in value.split(",")} == wanted)


def ids_are(ids):
    """Sessions of these ids and no other, in this order."""
    return Matches(f"sessions {ids}", lambda value: isinstance(value, list) and [row.get("id") for row in value] == ids)


FIELDS = ["id", "name", "owner", "proxyUser", "state", "appId", "appInfo", "log"]
LINKS = ["driverLogUrl", "sparkUiUrl", "executorLogUrls"]
STATES = ("starting", "running", "success", "dead", "killed", "error")


def is_batch(value):
    return (isinstance(value, dict) and list(value)[:len(FIELDS)] == FIELDS and is_int(value["id"]) and
            all(value[name] == TEXT_OR_NULL for name in ("name", "owner", "proxyUser", "appId")) and
            value["state"] in STATES and value["log"] == TEXTS and
            isinstance(value["appInfo"], dict) and list(value["appInfo"]) == LINKS and
            all(link == TEXT_OR_NULL for link in value["appInfo"].values()))


def batch(**members):
    """All eight fields of 4.1, in its order, of its types, with these values. Further fields may follow."""
    return Matches(f"a batch with {members}", lambda value: is_batch(value) and
                   all(value[name] == wanted for name, wanted in members.items()))


def only_batch(**members):
    """The eight and no other."""
    return Matches(f"a batch of eight fields with {members}", lambda value: value == batch(**members) and
                   list(value) == FIELDS)


def list_of(what, count=None):
    return Matches(f"a list of {'any number' if count is None else count} {what!r}", lambda value:
                   isinstance(value, list) and count in (None, len(value)) and all(item == what for item in value))


def in_order(body):
    """An object whose members stand in this order, too."""
    return Matches(f"in order {body}", lambda value: isinstance(value, dict) and list(value) == list(body) and
                   value == body)


@dataclasses.dataclass(frozen=True)
class Request:
    """`path` and texts in `body` may hold ${id}, ${name} and what else its case is given."""
    method: str
    path: str
    body: object = None             # bytes to the letter; anything else as JSON
    headers: dict = dataclasses.field(default_factory=dict)     # None: without this header
    chunked: bool = False
    waits_for_100: bool = False     # sends the body when the server has said 100 Continue


def get(path, **more):
    return Request("GET", path, **more)


def head(path, **more):
    return Request("HEAD", path, **more)


def delete(path, **more):
    return Request("DELETE", path, **more)


def post(body, path="/batches", **more):
    return Request("POST", path, body, **more)


FILE = "local:///opt/app.py"


def submit(**fields):
    """A right POST with these fields besides."""
    return post({"file": FILE, **fields})


@dataclasses.dataclass(frozen=True)
class Reply:
    status: int
    body: object = ANY      # bytes: the body to the letter; a function: of what the case was given; else JSON
    headers: dict = dataclasses.field(default_factory=dict)     # None: no such header; replaces what every reply has

    def problem(self, answer, known, every):
        """What is not as expected, or None."""
        if answer.status != self.status:
            return f"status {answer.status}, not {self.status}"
        for name, wanted in {**every, **self.headers}.items():
            got = answer.headers.get(name.lower())
            if got != (wanted(known) if callable(wanted) else wanted):
                return f"header {name}: {got!r}, not {wanted!r}"
        return self._body_problem(answer, self.body(known) if callable(self.body) else self.body)

    @staticmethod
    def _body_problem(answer, wanted):
        if isinstance(wanted, (bytes, Bytes)):
            return None if answer.body == wanted else f"body {answer.body!r}, not {wanted!r}"
        if wanted is ANY:
            return None
        try:
            got = answer.json()
        except ValueError as why:
            return f"body is no JSON ({why}): {answer.body[:300]!r}"
        return None if got == wanted else f"body {json.dumps(got)[:1000]}, not {wanted!r}"


@dataclasses.dataclass(frozen=True)
class Step:
    """One request; sparkgate's reply where it is not Livy's."""
    request: Request
    livy: Reply
    sparkgate: Reply = None

    def reply(self, dialect):
        return self.sparkgate if dialect == "sparkgate" and self.sparkgate is not None else self.livy


@dataclasses.dataclass(frozen=True)
class Case:
    it: str                     # what is shown, for the test's name
    cites: str                  # section and rule of contracts/livy.md
    request: Request
    livy: Reply
    sparkgate: Reply = None     # where it differs on purpose
    difference: str = None      # the name of that, as the README's table has it
    given: str = None           # what there is beforehand: a function of given.py
    then: tuple = ()            # further steps
    spec: object = None         # what the SparkApplication is to hold; looked at where there is one

    @property
    def steps(self):
        return (Step(self.request, self.livy, self.sparkgate), *self.then)

    @property
    def section(self):
        return self.cites.split()[0]
