"""Writes a signature as TFLite: frozen, of the shapes that it is to be compiled for."""

from __future__ import annotations

import re
from pathlib import Path

import tensorflow as tf
from ayci_runtime.adapter import Wanted
from ayci_runtime.errors import ConversionFailed, refused_operators
from ayci_runtime.inputs import check_signature
from saved_model import ConcreteFunction
from signature import Signature
from tensorflow.lite.python.convert import ConverterError

# As the converter tells of an operator that TFLite has none for, or of what else is wrong.
_REFUSED = re.compile(r"'tf\.(\w+)' op ")
_ERROR = re.compile(r"error: ([^\n]+)")
# A flatbuffer ends at 2 GiB.
_MOST_BYTES = (1 << 31) - 1


def write_tflite(
    function: ConcreteFunction, signature: Signature, wanted: Wanted, target: Path
) -> None:
    """Writes the signature for the shapes of `wanted.inputs`; its own signature keeps the names.

    Raises ConversionFailed that names the operators, InvalidInput, or what TensorFlow raises.
    """
    check_signature(wanted.inputs, signature.inputs)
    if sum(wanted.sizes) > _MOST_BYTES:
        raise ConversionFailed("a model of more than 2 GiB does not fit into one TFLite file")
    specs = {
        each["name"]: tf.TensorSpec(each["shape"], each["dtype"], each["name"])
        for each in wanted.inputs
    }
    fixed = tf.function(lambda **given: function(**given)).get_concrete_function(**specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([fixed], function.model)
    try:
        target.write_bytes(converter.convert())
    except ConverterError as error:
        found = _REFUSED.search(str(error))
        if found is not None:
            taken = "those that TFLite has, by which TVM reads TensorFlow"
            raise refused_operators([found[1]], taken) from None
        # The rest is where the graph was traced.
        raise ConversionFailed(
            "; ".join(_ERROR.findall(str(error))) or "TFLite refuses it"
        ) from None
