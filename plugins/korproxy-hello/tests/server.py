"""Stands in for a model server: ``python tests/server.py [PORT]`` says hello to everybody, and what it was asked for."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer


class SaysHello(BaseHTTPRequestHandler):
    """Answers as ``/chat/completions`` does."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message = {"role": "assistant", "content": f"Hello from {asked['model']} at {self.path}"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"], "choices": [choice]}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(TCPServer):
    """``HTTPServer`` would do as well, but it asks the name service who 127.0.0.1 is, and that can take seconds."""

    allow_reuse_address = True


if __name__ == "__main__":
    with Server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 1234), SaysHello) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}/v1\n")
        sys.stdout.flush()
        server.serve_forever()
