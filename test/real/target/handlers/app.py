"""Handlers that behave in one way each, for the embedded Lambda's tests."""

import ctypes
import os
import resource
import signal
import time


def _cpu_group():
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        lines = file.read().splitlines()
    v1 = [line.split(":", 2)[2] for line in lines if "cpu" in line.split(":")[1].split(",")]
    return (v1 or [line.split(":", 2)[2] for line in lines])[0]


INIT_GROUP = _cpu_group()
REQUESTS = 0


class InvalidModel(Exception):
    pass


def _answer(event, **more):
    return {"protocol": 1, "op": "measure", "nonce": event["nonce"], "pid": os.getpid(), **more}


def echo(event, context):
    global REQUESTS
    REQUESTS += 1
    return _answer(
        event,
        requests=REQUESTS,
        environment=dict(os.environ),
        initGroup=INIT_GROUP,
        group=_cpu_group(),
        dataLimit=resource.getrlimit(resource.RLIMIT_DATA)[0],
        remainingMs=context.get_remaining_time_in_millis(),
        arn=context.invoked_function_arn,
        sandbox={"retired": event.get("retire", False)},
    )


def other_nonce(event, _context):
    return _answer({"nonce": "not " + event["nonce"]})


def chatty(event, _context):
    for number in range(event["lines"]):
        print(f"line {number}")
    return _answer(event)


def raises(_event, _context):
    raise InvalidModel("no graph in it")


def exits(_event, _context):
    os._exit(3)


def leaves(_event, _context):
    os._exit(0)


def kills_itself(_event, _context):
    os.kill(os.getpid(), signal.SIGKILL)


def sleeps(event, _context):
    with open(event["file"] + ".part", "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    os.rename(event["file"] + ".part", event["file"])
    time.sleep(event["seconds"])
    return _answer(event)


def hoards(_event, _context):
    kept = []
    while True:
        kept.append(bytearray(16 << 20))


def _segfault():
    ctypes.CDLL(None).memset(None, 0, 1)


def stumbles(event, _context):
    # As a library that never looks at what an allocator gave it.
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    if libc.malloc(ctypes.c_size_t(400 << 20)) is None:
        _segfault()
    return _answer(event)


def falls(_event, _context):
    _segfault()


def holds(event, _context):
    kept = bytearray(b"x" * (event["megabytes"] << 20))
    return _answer(event, kept=len(kept))


def big(event, _context):
    return _answer(event, filler="x" * 7_000_000)


def spans(event, _context):
    start = time.monotonic()
    time.sleep(0.3)
    return _answer(event, start=start, end=time.monotonic())


def busy(event, _context):
    start, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - start < 2:
        pass
    return _answer(event, share=(time.process_time() - cpu) / (time.monotonic() - start))
