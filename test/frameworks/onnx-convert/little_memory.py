"""How a runtime's request ends where the process may have only so much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_RUN = """
import json, resource, sys
limit = int(sys.argv[1]) << 20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
import app
try:
    print(app.handler(json.load(sys.stdin))["op"])
except Exception as error:
    print(type(error).__name__)
"""


def ending(request: dict, megabytes: int) -> str:
    """The response's op, the error's name, or the last words of a process that can tell neither."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(megabytes)],
        input=json.dumps(request),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]
