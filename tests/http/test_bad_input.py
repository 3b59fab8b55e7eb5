# SPDX-License-Identifier: Apache-2.0
"""No request, however broken, ends a worker, and each gets words that say what was wrong."""
import json
import socket
import struct

import pytest
from livy import status_of
from waiting import wait_for

pytestmark = pytest.mark.usefixtures("same_workers")


def head(method="POST", path="/batches", **headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def body_of(answer):
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def count(stack):
    return stack.postgres.value("SELECT count(*) FROM batch")


@pytest.mark.parametrize("size_mb, status", [(1, 413), (10, 413), (20, 413)])
def test_large_bodies_are_refused_with_the_limit(stack, livy, size_mb, status):
    before = count(stack)
    body = b'{"file": "local:///a.py", "args": ["' + b"x" * (size_mb * 1024 * 1024) + b'"]}'
    answer = livy.raw(head(Content_Length=len(body)) + body)
    assert status_of(answer) == status and "larger than" in body_of(answer)["msg"]
    assert count(stack) == before


def test_a_body_of_nearly_1_mib_is_taken(kube, livy):
    answer = livy.post({"file": "local:///a.py", "args": ["x" * 1_000_000]})
    assert answer.status in (201, 400), answer.text
    assert answer.status == 201 or "too large" in answer.json()["msg"].lower(), answer.text


def test_a_truncated_body_makes_no_batch(stack, livy):
    before = count(stack)
    answer = livy.raw(head(Content_Length=100) + b'{"file": "local:///a.py"}', half_close=True)
    assert status_of(answer) in (None, 400)
    assert count(stack) == before


def test_a_chunked_body_is_taken(kube, livy):
    body = b'{"file": "local:///a.py"}'
    chunks = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (5, body[:5], len(body) - 5, body[5:])
    answer = livy.raw(head(Transfer_Encoding="chunked") + chunks)
    assert status_of(answer) == 201, answer


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"5\r\nab", b"ffffffffffffffffff\r\nx"])
def test_broken_chunks_are_refused(stack, livy, chunks):
    before = count(stack)
    answer = livy.raw(head(Transfer_Encoding="chunked") + chunks, half_close=True)
    assert status_of(answer) in (None, 400) and count(stack) == before


def test_expect_100_continue_is_answered(kube, livy):
    body = b'{"file": "local:///a.py"}'
    with livy.connect() as connection:
        connection.sendall(head(Content_Length=len(body), Expect="100-continue"))
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert status_of(connection.recv(65536)) == 201


NESTED = [
    b"[" * 100_000, b'{"conf":' * 50_000, b'{"file": ' + b"[" * 33 + b"]" * 33 + b"}",
    b'{"args": [' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"]}",
]


@pytest.mark.parametrize("body", NESTED, ids=lambda body: f"{len(body)} bytes")
def test_deep_nesting_is_refused(livy, body):
    answer = livy.post(body)
    assert answer.status == 400 and answer.json()["msg"]


BYTES = {
    "nul bytes": b"\x00" * 100, "nul inside": b'{"file": "local:///a\x00.py"}', "overlong": b'{"file": "\xc0\xae"}',
    "half a character": b'{"file": "\xe2\x82"}', "utf-16": '{"file": "local:///a.py"}'.encode("utf-16"),
    "surrogate bytes": b'{"file": "\xed\xa0\x80"}', "bom alone": b"\xef\xbb\xbf", "blanks": b" \n\t " * 1000,
    "gzip magic": b"\x1f\x8b\x08\x00" + b"\x00" * 20, "random": bytes(range(256)) * 16,
}


@pytest.mark.parametrize("body", BYTES.values(), ids=BYTES)
def test_bytes_that_are_no_json_are_refused(stack, livy, body):
    before = count(stack)
    answer = livy.post(body)
    assert answer.status == 400 and answer.json()["msg"] and count(stack) == before


NUMBERS = ["1" * 100_000, "-" + "9" * 400, "1e400", "-1e-400", "0." + "0" * 10_000 + "1", "00", "1.", "+1", "0x1",
           "Infinity"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:12])
def test_odd_numbers_are_refused(livy, number):
    answer = livy.post(f'{{"file": "local:///a.py", "driverCores": {number}}}')
    assert answer.status == 400 and answer.json()["msg"]


def test_many_keys_are_no_harm(kube, livy):
    conf = {f"spark.k{number}": "v" for number in range(20_000)}
    assert livy.post({"file": "local:///a.py", "conf": conf}).status in (201, 400)
    assert livy.post({f"field{number}": 1 for number in range(20_000)}).status == 400
    assert livy.post({"file": "local:///a.py", "args": ["a"] * 100_000}).status in (201, 400)


def test_long_texts_are_cut_in_messages_between_characters(livy):
    for text in ("x" * 100_000, "ü" * 50_000, "😀" * 25_000):
        for body in ({text: 1}, {"file": text}, {"file": "local:///a.py", "name": text},
                     {"file": "local:///a.py", "driverMemory": text}):
            answer = livy.post(body)
            assert answer.status == 400 and 0 < len(answer.json()["msg"]) < 5000


@pytest.mark.parametrize("size, statuses", [
    (4_000, (200,)), (60_000, (200,)), (120_000, (200,)), (140_000, (400, 431, None)),
])
def test_headers_up_to_128_kib_are_taken(livy, size, statuses):
    answer = livy.raw(head("GET", Authorization="Negotiate " + "x" * size))
    assert status_of(answer) in statuses, answer[:300]


def test_130_kb_in_several_headers(livy):
    answer = livy.raw(head("GET", **{f"X-Part-{number}": "x" * 13_000 for number in range(10)}))
    assert status_of(answer) in (200, 400, 431)


def test_a_long_path_is_answered(livy):
    for path in ("/batches/" + "x" * 100_000, "/" + "a/" * 5_000, "/batches?from=" + "1" * 100_000):
        answer = livy.raw(head("GET", path))
        assert status_of(answer) in (400, 404, 414), (path[:20], answer[:200])


@pytest.mark.parametrize("path", ["/batches/a%00b", "/%00", "/batches/..%2f..%2fetc", "/batches/%", "/../../etc/passwd",
                                  "/batches/1/../2", "/batches/\x7f", "/batches/a b"])
def test_odd_paths_are_answered_in_json(livy, path):
    answer = livy.raw(head("GET", path))
    assert status_of(answer) in (400, 404), answer
    assert body_of(answer)["msg"]


@pytest.mark.parametrize("line", [b"GARBAGE\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                                  b"\x16\x03\x01\x02\x00\x01",
                                  b"POST /batches HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                                  b"POST /batches HTTP/1.1\r\nHost: x\r\nContent-Length: 1e9\r\n\r\n",
                                  b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_what_is_no_http_is_no_500(livy, line):
    answer = livy.raw(line, half_close=True)
    assert status_of(answer) is None or 400 <= status_of(answer) < 500 or status_of(answer) == 505, answer


def hang_up(livy, data):
    """Sends, and resets the connection at once."""
    connection = livy.connect()
    connection.sendall(data)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_a_client_that_hangs_up_in_the_middle_of_its_body(stack, livy):
    before = count(stack)
    for sent in (0, 1, 20, 90):
        hang_up(livy, head(Content_Length=100) + b'{"file": "local:///a.py", "args": ["'.ljust(100, b"x")[:sent])
    assert livy.get("/healthz").status == 200 and count(stack) == before


def test_a_client_that_hangs_up_before_its_answer_has_a_whole_batch(stack, kube, livy, clean):
    body = b'{"file": "local:///a.py", "name": "hung up"}'
    hang_up(livy, head(Content_Length=len(body)) + body)
    wait_for("the batch", lambda: stack.postgres.rows("SELECT 1 FROM batch WHERE state = 'starting'"))
    assert len(kube.applications()) == 1 == count(stack)


def test_a_client_that_hangs_up_in_the_middle_of_a_long_answer(stack, kube, livy, clean):
    batch_id = livy.submit()["id"]
    stack.write_log(batch_id, ["x" * 1000] * 10_000)
    for _ in range(5):
        connection = livy.connect()
        connection.sendall(head("GET", f"/batches/{batch_id}/log?size=-1"))
        assert connection.recv(100)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert len(livy.get(f"/batches/{batch_id}/log?size=-1").json()["log"]) == 10_000


def test_slow_clients_hold_no_worker(stack, livy):
    """More half-sent requests than there are workers, all of which are still open when another is answered."""
    slow = [livy.connect() for _ in range(10)]
    for connection in slow:
        connection.sendall(head(Content_Length=1000) + b'{"file": ')
    try:
        assert livy.get("/healthz").status == 200
        for connection in slow:
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1)
    finally:
        for connection in slow:
            connection.close()
