# SPDX-License-Identifier: Apache-2.0
"""How requests and answers are encoded: contract livy.md 1.2."""
import gzip
import json
import zlib

import pytest

BODY = json.dumps({"file": "local:///opt/app.py"}).encode()
ENCODED = [
    ("gzip", gzip.compress(BODY)),
    ("GZIP", gzip.compress(BODY)),
    ("gzip", gzip.compress(BODY[:9]) + gzip.compress(BODY[9:])),
    ("deflate", zlib.compress(BODY)),
    ("deflate", zlib.compress(BODY)[2:-4]),
    ("UTF-8", BODY),
    ("identity", BODY),
    ("br", BODY),
]
BROKEN = [
    ("gzip", BODY), ("gzip", gzip.compress(BODY)[:-9]), ("gzip", b"\x1f\x8b"), ("deflate", BODY),
    ("deflate", zlib.compress(BODY)[:-5]), ("br", gzip.compress(BODY)),
]


@pytest.mark.parametrize("coding,body", ENCODED)
def test_gzip_and_deflate_are_decoded_and_other_codings_ignored(clean, livy, coding, body):
    answer = livy.post(body, headers={"Content-Encoding": coding})
    assert answer.status == 201, answer.text


@pytest.mark.parametrize("coding,body", BROKEN)
def test_a_body_that_is_not_what_it_says_is_400(clean, livy, same_workers, coding, body):
    answer = livy.post(body, headers={"Content-Encoding": coding})
    assert answer.status == 400
    assert list(answer.json()) == ["msg"]
    assert livy.get("/batches").json()["total"] == 0


def test_a_bomb_is_413_like_any_body_of_its_size(clean, livy, same_workers):
    bomb = gzip.compress(b" " * 64 * 1024 * 1024 + BODY)
    answer = livy.post(bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status == 413
    assert livy.post(b" " * (1024 * 1024 + 1)).json() == answer.json()


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/xml", ""])
def test_the_type_of_a_body_is_never_looked_at(clean, livy, content_type):
    assert livy.post(BODY, headers={"Content-Type": content_type}).status == 201


@pytest.mark.parametrize("accept,status", [
    ("application/vnd.livy.v0.1+json", 200),
    ("application/vnd.livy.v1+json", 406),
    ("application/vnd.livy.v0.2+json", 406),
    ("application/vnd.livy.v7", 406),
    ("text/html", 200),
    ("application/json", 200),
    ("*/*", 200),
])
def test_only_version_0_1_is_acceptable(livy, accept, status):
    answer = livy.get("/batches", headers={"Accept": accept})
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    if status == 406:
        assert answer.json()["msg"].startswith("No value found for '")


def test_a_long_answer_is_compressed_for_who_asks(clean, livy):
    for _ in range(5):
        livy.submit()
    plain = livy.get("/batches")
    packed = livy.get("/batches", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(plain.body)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"] == "application/json;charset=utf-8"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2


@pytest.mark.parametrize("accept", ["identity", "gzip"])
def test_head_has_the_length_of_its_get(clean, livy, accept):
    for _ in range(5):
        livy.submit()
    size = len(livy.get("/batches").body)
    head = livy.call("HEAD", "/batches", headers={"Accept-Encoding": accept})
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) == size
    assert "content-encoding" not in head.headers


def test_a_short_answer_is_sent_as_it_is(livy):
    answer = livy.get("/version", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.body)
