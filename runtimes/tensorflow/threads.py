"""How many threads TensorFlow may use: it takes one answer in the life of a process."""

from __future__ import annotations

import tensorflow as tf
from ayci_runtime.errors import InvalidRequest


def use_threads(threads: int) -> None:
    """`threads` within an operator, one operator at a time.

    Raises InvalidRequest where this process has begun with another number.
    """
    config = tf.config.threading
    if config.get_intra_op_parallelism_threads() == threads:
        return
    try:
        config.set_intra_op_parallelism_threads(threads)
        config.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        raise InvalidRequest(
            f"threads: got {threads}; expected {config.get_intra_op_parallelism_threads()}, with"
            " which TensorFlow began in this process. Ask a new sandbox"
        ) from None
