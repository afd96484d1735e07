"""What the tests of images share: a server of models, and requests as the other tests make them."""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "runtime"))
sys.path.insert(0, str(HERE.parents[2] / "frameworks" / "support"))


@pytest.fixture(scope="session")
def www(tmp_path_factory):
    """A folder, and the address at which an image can read it."""
    folder = tmp_path_factory.mktemp("www")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
