"""A conversion as somebody would write it whose tool has no command line: python bare_convert.py MODEL.pt2 TARGET"""

from __future__ import annotations

import sys

import torch

program = torch.export.load(sys.argv[1])
torch.onnx.export(program, (), sys.argv[2], dynamo=True, external_data=False)
