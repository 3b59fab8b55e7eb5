# SPDX-License-Identifier: Apache-2.0
"""The request/answer pairs of tests/data: read, sent by any transport, compared.

A file holds a list of cases; those of one file run in order.
  it       what is shown, for the test's name
  request  method (GET), path, headers, body: a text is sent as it is, anything else as JSON; body_hex: bytes
  answer   status, headers, body; in it "@int", "@text", "@list", "@time", "@any" stand for any such value,
           "@has WORDS" for a text with these words in it; members that are not named are not looked at
  keep     {name: member of the answer}; later paths and texts may have ${name} in them
"""
import json
import pathlib
import re
import string

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
EVERY_ANSWER = {
    "Content-Type": "application/json;charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "X-XSS-Protection": "1; mode=block",
    "Cache-Control": "no-store",
    "X-Request-Id": "@text",
}
KINDS = {
    "@int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "@text": lambda value: isinstance(value, str) and value != "",
    "@list": lambda value: isinstance(value, list),
    "@time": lambda value: isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value),
    "@any": lambda value: True,
}


def files(protocol):
    return sorted((DATA / protocol).glob("*.json"))


def cases(file):
    return json.loads(file.read_text(encoding="utf-8"))


def fill(value, kept):
    if isinstance(value, str):
        return string.Template(value).safe_substitute(kept)
    if isinstance(value, dict):
        return {fill(key, kept): fill(item, kept) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, kept) for item in value]
    return value


def body_bytes(request):
    if "body_hex" in request:
        return bytes.fromhex(request["body_hex"])
    body = request.get("body")
    if body is None:
        return None
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def compare(where, wanted, got):
    if isinstance(wanted, str) and wanted in KINDS:
        assert KINDS[wanted](got), f"{where}: {got!r} is not {wanted}"
    elif isinstance(wanted, str) and wanted.startswith("@has "):
        assert isinstance(got, str) and wanted[5:] in got, f"{where}: {got!r} has no {wanted[5:]!r} in it"
    elif isinstance(wanted, dict):
        assert isinstance(got, dict), f"{where}: {got!r} is no object"
        for key, value in wanted.items():
            assert key in got, f"{where}: no {key} in {got!r}"
            compare(f"{where}.{key}", value, got[key])
    else:
        assert got == wanted, f"{where}: {got!r}, not {wanted!r}"


def words(header):
    return {word.strip() for word in header.split(",")}


def check(case, answer):
    wanted = case["answer"]
    shown = f"{case['it']}: {answer.status} {answer.body[:2000]!r}"
    assert answer.status == wanted["status"], shown
    for name, value in {**EVERY_ANSWER, **wanted.get("headers", {})}.items():
        got = answer.headers.get(name.lower())
        if name == "Allow":
            assert words(got or "") == words(value), f"{shown}\nAllow: {got}"
        elif value is None:
            assert got is None, f"{shown}\n{name}: {got}"
        else:
            compare(name, value, got)
    if case["request"].get("method") == "HEAD":
        assert answer.body == b"" and int(answer.headers["content-length"]) > 0, shown
    else:
        assert int(answer.headers["content-length"]) == len(answer.body), shown
        if "body" in wanted:
            compare("body", wanted["body"], answer.json())
    if answer.status >= 400 and answer.body:
        assert list(answer.json()) == ["msg"] and answer.json()["msg"], f"one error shape: {shown}"


def run(case, kept, send):
    """send(method, path, body, headers) -> Answer."""
    case = fill(case, kept)
    request = case["request"]
    answer = send(request.get("method", "GET"), request["path"], body_bytes(request), request.get("headers", {}))
    check(case, answer)
    for name, member in case.get("keep", {}).items():
        kept[name] = answer.json()[member]
