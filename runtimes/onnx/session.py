"""ONNX Runtime sessions, set up so that their CPU time is the model's and nothing else's."""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort

Level = ort.GraphOptimizationLevel
# Warnings about devices that a sandbox does not have would fill the log's last 4 KB.
ort.set_default_logger_severity(3)


def options(level: Level, threads: int) -> ort.SessionOptions:
    """Session options: `threads` within an operator, one operator at a time."""
    made = ort.SessionOptions()
    made.graph_optimization_level = level
    made.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    made.intra_op_num_threads = threads
    made.inter_op_num_threads = 1
    # A spinning thread counts as CPU time and would hide what the model takes.
    made.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Else a file's first bytes may choose a format that is read with fewer checks.
    made.add_session_config_entry("session.load_model_format", "ONNX")
    made.log_severity_level = 3
    return made


def session(path: Path, made: ort.SessionOptions) -> ort.InferenceSession:
    """A session on the CPU. Raises what ONNX Runtime raises."""
    return ort.InferenceSession(str(path), made, providers=["CPUExecutionProvider"])
