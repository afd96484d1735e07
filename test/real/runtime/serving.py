"""HTTP servers on this machine, for as long as a test takes."""

from __future__ import annotations

import functools
import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing of it."""

    def log_message(self, *_):
        pass


def files(folder: Path, handler: type[Files] = Files) -> http.server.ThreadingHTTPServer:
    """A server of a folder's files, not running yet."""
    own = functools.partial(handler, directory=str(folder))
    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), own)


@contextmanager
def running(server: http.server.HTTPServer, certificate=None) -> Iterator[str]:
    """The address of a server that runs; `certificate`: paths of one and its key, for https."""
    scheme, host = "http", "127.0.0.1"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme, host = "https", "localhost"
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield f"{scheme}://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
