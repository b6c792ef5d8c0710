"""A server of files on this machine that misbehaves on request, and a Hugging Face hub in miniature."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What is at one path.

    Attributes:
        ranges: whether a part can be asked for.
        cuts: how many bytes the next answers send of what they promised, one number an answer; then all.
        statuses: what the next answers are instead, such as 503.
    """

    content: bytes = b""
    tag: str | None = '"1"'
    kind: str = "application/octet-stream"
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    moved_to: str | None = None
    length: bool = True


@dataclass
class Server:
    """`asked` has the path and the Range of every request."""

    address: str
    files: dict[str, Served] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"

    def add_model(self, name: str, files: dict[str, bytes], commit: str = 40 * "a") -> None:
        """A model of the hub, with what its client asks for."""
        page = {"id": name, "sha": commit, "siblings": [{"rfilename": file} for file in files]}
        tree = [
            {"type": "file", "path": file, "size": len(content), "oid": 40 * "b"} for file, content in files.items()
        ]
        for path in (f"api/models/{name}", f"api/models/{name}/revision/main", f"api/models/{name}/revision/{commit}"):
            self.files[path] = Served(json.dumps(page).encode(), kind="application/json")
        self.files[f"api/models/{name}/tree/{commit}"] = Served(json.dumps(tree).encode(), kind="application/json")
        for file, content in files.items():
            for revision in ("main", commit):
                self.files[f"{name}/resolve/{revision}/{file}"] = Served(content, tag=f'"{content.hex()[:40]}"')


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            path = self.path.lstrip("/").partition("?")[0]
            server.asked.append((path, self.headers.get("Range")))
            content = self.answer()
            cuts = server.files[path].cuts if path in server.files else []
            self.wfile.write(content[: cuts.pop(0)] if cuts else content)

        def answer(self) -> bytes:
            """Send status and headers; returns the content."""
            served = server.files.get(self.path.lstrip("/").partition("?")[0])
            if served is None or served.statuses:
                return self.head(served.statuses.pop(0) if served else 404, b"none", {"X-Error-Code": "RepoNotFound"})
            if served.moved_to:
                return self.head(302, b"", {"Location": server.url(served.moved_to)})
            headers = {"Content-Type": served.kind, "X-Repo-Commit": 40 * "a"}
            headers |= {"ETag": served.tag} if served.tag else {}
            asked = self.headers.get("Range")
            if asked and served.ranges and self.headers.get("If-Range", served.tag) == served.tag:
                return self.part(served, int(asked.removeprefix("bytes=").rstrip("-")), headers)
            return self.head(200, served.content, headers, length=served.length)

        def part(self, served: Served, start: int, headers: dict[str, str]) -> bytes:
            size = len(served.content)
            if start >= size:
                return self.head(416, b"", {"Content-Range": f"bytes */{size}"})
            rest = served.content[start:]
            return self.head(206, rest, headers | {"Content-Range": f"bytes {start}-{size - 1}/{size}"})

        def head(self, status: int, content: bytes, headers: dict[str, str], *, length: bool = True) -> bytes:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if length:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            return content

    return Handler


@contextmanager
def serving() -> Iterator[Server]:
    """A server for as long as the block runs."""
    server = Server("")
    running = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    server.address = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        running.shutdown()
        running.server_close()
        thread.join()
