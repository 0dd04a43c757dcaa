"""What no request gets past, on a stack of its own: limits, headers, names, TLS, and request ids."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from stack import Stack, running

LIMITS = {
    "HOLDFAST_MAX_HEAD": "8000", "HOLDFAST_MAX_URL": "2000", "HOLDFAST_HEAD_TIMEOUT": "2",
    "HOLDFAST_BODY_TIMEOUT": "2",
}  # fmt: skip
BAD_APP = """
from fastapi import FastAPI, WebSocket
from fastapi.responses import HTMLResponse, StreamingResponse
app = FastAPI(debug=True)

@app.get("/mine/fails")
async def fails():
    raise ValueError("the password is hunter2")

@app.get("/mine/page")
async def page():
    return HTMLResponse("<script src=https://cdn.example/x.js></script>")

@app.websocket("/mine/talk")
async def talk(socket: WebSocket):
    await socket.accept()
    raise ValueError("the password is hunter2")
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(stack_database: str, app_folder: Path, tmp_path_factory: Any) -> AsyncIterator[Stack]:
    folder = tmp_path_factory.mktemp("door")
    (folder / "bad.py").write_text(BAD_APP)
    config = {
        "graphs": {"echo": f"{app_folder / 'echo.py'}:graph", "fails": f"{app_folder / 'fails.py'}:graph"},
        "http": {"app": "./bad.py:app"},
        "holdfast": {"http": {"headers": {"x-frame-options": "SAMEORIGIN", "x-house": "h"}}},
    }
    path = folder / "langgraph.json"
    path.write_text(json.dumps(config))
    url = stack_database.replace("/house_api?", "/house_door?")
    with psycopg.connect(stack_database.replace("/house_api?", "/postgres?"), autocommit=True) as conn:
        conn.execute("create database house_door template house")
    async with running(url, config=path, env=LIMITS) as stack:
        yield stack


async def raw(stack: Stack, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What comes back for these bytes until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    answer = asyncio.create_task(_all_of(reader))
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
    try:
        return await asyncio.wait_for(answer, 10)
    finally:
        writer.close()


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    read = b""
    # Whoever is cut off while they still send may hear it as a reset.
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(4096):
            read += piece
    return read


async def test_a_line_or_headers_that_are_too_long_are_refused(door: Stack) -> None:
    async with door.http() as http:
        long = await http.get("/threads/" + "x" * 3000)
        assert (long.status_code, "2000 bytes" in long.json()["detail"]) == (414, True)
        fat = await http.get("/ok", headers={"x-fat": "x" * 9000})
        assert (fat.status_code, "8000 bytes" in fat.json()["detail"]) == (431, True)
        assert fat.headers["x-request-id"]


async def test_headers_without_end_are_cut_off(door: Stack) -> None:
    begun = b"GET /ok HTTP/1.1\r\nhost: localhost\r\n"
    one = b"x-more: " + b"x" * 4000 + b"\r\n"
    assert (await raw(door, begun, one, one, pause=0.05)).startswith(b"HTTP/1.1 431")
    assert (await raw(door, begun + b"x: ", *([b"x" * 4200] * 2), pause=0.05)).startswith(b"HTTP/1.1 431")
    assert b"HTTP/1.1 200" not in await raw(door, begun, *([one] * 5000))


async def test_a_client_that_trickles_is_let_go(door: Stack) -> None:
    assert (await raw(door)).startswith(b"HTTP/1.1 408")
    drip = [bytes([letter]) for letter in b"GET /ok HTTP/1.1\r\nhost: localhost\r\nx-slow: 12345"]
    assert (await raw(door, *drip, pause=0.05)).startswith(b"HTTP/1.1 408")
    head = b"POST /threads HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n"
    assert (await raw(door, head, *([b" "] * 40), pause=0.05)).startswith(b"HTTP/1.1 408")
    idle = b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n"
    assert (await raw(door, idle, *([b"\r\n"] * 40), pause=0.05)).startswith(b"HTTP/1.1 200")
    # Answered before its body came: what does not come then keeps no connection.
    nowhere = head.replace(b"/threads", b"/nowhere")
    assert (await raw(door, nowhere)).startswith(b"HTTP/1.1 404")


async def test_what_comes_after_a_body_is_no_header(door: Stack) -> None:
    head = b"POST /threads/search HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    trailers = b"2\r\n{}\r\n0\r\nx-request-id: late\r\nhost: evil.example\r\n\r\n"
    answer = await raw(door, head + trailers)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"late" not in answer


async def test_what_is_no_request_is_told_so_in_json(door: Stack) -> None:
    answer = await raw(door, b"GET /x y HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["detail"]


async def test_a_client_that_sends_one_request_after_the_other_is_not_slow(door: Stack) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    for _ in range(10):
        writer.write(b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert head.startswith(b"HTTP/1.1 200")
        assert b"server:" not in head.lower()
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
        await asyncio.sleep(0.25)
    writer.close()


async def test_json_that_is_too_much_is_refused_everywhere(door: Stack) -> None:
    deep, many = b"[" * 10_000 + b"]" * 10_000, b"[" + b"0," * 600_000 + b"0]"
    async with door.http() as http:
        thread = (await http.post("/threads", json={})).json()["thread_id"]
        for path in ("/threads", "/runs/wait", f"/threads/{thread}/state", "/store/items", "/runs/batch"):
            for body in (deep, many):
                answer = await http.request("PUT" if "store" in path else "POST", path, content=body)
                assert (answer.status_code, list(answer.json())) == (422, ["detail"]), path
        for path in ("/mcp", "/a2a/echo"):
            answer = await http.post(path, content=deep)
            assert answer.status_code in (200, 400)
            assert "nested deeper" in answer.json()["error"]["message"]
        batch = await http.post("/runs/batch", json=[{"assistant_id": "echo"}] * 1001)
        assert (batch.status_code, "at most 1000" in batch.json()["detail"]) == (422, True)
    async with websockets.connect(f"ws://127.0.0.1:{door.port}/threads/{thread}/stream/events") as socket:
        await socket.send(deep.decode())
        assert "nested deeper" in json.loads(await socket.recv())["message"]
        await socket.send(" " * (17 * 1024 * 1024))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def test_answers_carry_the_headers_that_keep_browsers_in_bounds(door: Stack) -> None:
    async with door.http() as http:
        data = await http.post("/threads", json={})
        assert data.headers["x-content-type-options"] == "nosniff"
        assert data.headers["referrer-policy"] == "no-referrer"
        assert data.headers["cache-control"] == "no-store"
        assert (data.headers["x-frame-options"], data.headers["x-house"]) == ("SAMEORIGIN", "h")
        assert "server" not in data.headers
        assert "strict-transport-security" not in data.headers
        docs = await http.get("/docs")
        assert "script-src 'self' 'sha256-" in docs.headers["content-security-policy"]
        assert "max-age" in (await http.get("/docs/swagger-ui.css")).headers["cache-control"]
        theirs = await http.get("/mine/page")
        assert theirs.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" not in theirs.headers
        assert "cache-control" not in theirs.headers


async def test_pages_and_names_of_others_are_refused_without_authentication(door: Stack) -> None:
    evil = {"origin": "https://evil.example"}
    url = f"ws://127.0.0.1:{door.port}/threads/01a1fe20-0000-7000-8000-000000000000/stream/events"
    async with door.http() as http:
        plain = evil | {"content-type": "text/plain"}
        for path in ("/threads", "/mcp", "/mine/page"):
            assert (await http.post(path, content=b"{}", headers=plain)).status_code == 403
        assert (
            await http.post("/threads", json={}, headers={"host": "evil.example:2024"})
        ).status_code == 421
        assert (await http.get("/ok", headers={"host": "pod"})).status_code == 200
        metrics = (await http.get("/metrics")).text
        assert 'holdfast_http_refused_total{reason="origin"}' in metrics
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(url, additional_headers=evil).__aenter__()
    assert refused.value.response.status_code == 403
    async with websockets.connect(url, origin=websockets.Origin("http://localhost:3000")) as good:
        assert good.response is not None
        assert good.response.headers["x-request-id"]


async def test_a_fault_in_a_route_of_the_users_shows_no_trace_and_its_request(door: Stack) -> None:
    async with door.http() as http:
        answer = await http.get("/mine/fails", headers={"x-request-id": "req-77", "accept": "text/html"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (500, "req-77")
        assert answer.json() == {
            "detail": "Internal error (ValueError); the server's log has the details under request req-77"
        }
    async with websockets.connect(f"ws://127.0.0.1:{door.port}/mine/talk") as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert "hunter2" not in str(closed.value)
    assert "request=req-77" in door.api.log.read_text()


async def test_a_request_can_be_followed_into_the_log_of_the_worker(door: Stack) -> None:
    async with door.http() as http:
        body = {"assistant_id": "fails", "input": {}}
        answer = await http.post("/runs/wait", json=body, headers={"x-request-id": "req-88"})
        run_id = answer.headers.get("content-location", "").rpartition("/runs/")[2].partition("/")[0]
    lines = [line for line in door.workers[0].log.read_text().splitlines() if "request=req-88" in line]
    assert lines
    assert f"run={run_id}" in lines[0]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName("agents.localhost")])
    cert = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, plain))
    return paths


async def test_tls_is_served_from_1_2_on_and_a_named_proxy_is_believed(door: Stack, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["--port", str(port), "--tls-cert", str(cert), "--tls-key", str(key)]
    secure = door._spawn("tls", "serve", *arguments, "--trusted-proxy", "127.0.0.0/8")
    door.more_apis.append(secure)
    trust = ssl.create_default_context(cafile=str(cert))
    async with httpx.AsyncClient(base_url=f"https://localhost:{port}", verify=trust, timeout=30) as http:
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(httpx.ConnectError):
                    assert (await http.get("/ok")).status_code == 200
                    break
                await asyncio.sleep(0.05)
        assert "strict-transport-security" not in (await http.get("/ok")).headers, "never for this machine"
        said = {"x-forwarded-host": "agents.example.com", "x-forwarded-for": "203.0.113.9"}
        named = await http.get("/ok", headers=said)
        assert named.headers["strict-transport-security"] == "max-age=31536000"
        card = (await http.get("/a2a/echo/.well-known/agent-card.json")).json()
        assert card["url"].startswith(f"https://localhost:{port}/a2a/")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(cert)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("localhost", port, ssl=old)
