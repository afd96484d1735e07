import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export type Build = (writer: BinaryWriter) => void;

export function message(build: Build): Uint8Array {
  const writer = new BinaryWriter();
  build(writer);
  return writer.finish();
}
export const bytes = (w: BinaryWriter, field: number, value: Uint8Array) =>
  w.tag(field, WireType.LengthDelimited).bytes(value);
export const string = (w: BinaryWriter, field: number, value: string) =>
  w.tag(field, WireType.LengthDelimited).string(value);
const integer = (w: BinaryWriter, field: number, value: number) => w.tag(field, WireType.Varint).int64(value);

export interface TinyModel {
  readonly inputs?: readonly { name: string; type?: number; dims: readonly (number | string | null)[] }[];
  /** Locations of external data of one initializer each. */
  readonly external?: readonly string[];
  readonly opset?: boolean;
  /** A tensor inside a node's attribute, with external data. */
  readonly hidden?: string;
  /** More fields of its GraphProto, and of the ModelProto. */
  readonly graph?: Build;
  readonly model?: Build;
}

function valueInfo(name: string, type: number, dims: readonly (number | string | null)[]): Uint8Array {
  const shape = message((w) => {
    for (const dim of dims) {
      bytes(
        w,
        1,
        message((d) => {
          if (typeof dim === 'string') string(d, 2, dim);
          else if (dim !== null) integer(d, 1, dim);
        }),
      );
    }
  });
  return message((w) => {
    string(w, 1, name);
    bytes(
      w,
      2,
      message((t) =>
        bytes(
          t,
          1,
          message((tensor) => {
            integer(tensor, 1, type);
            bytes(tensor, 2, shape);
          }),
        ),
      ),
    );
  });
}

/** A TensorProto. @param more entries of its external data beside the location */
export function externalTensor(
  name: string,
  location: string,
  more: Readonly<Record<string, string>> = {},
): Uint8Array {
  return message((w) => {
    integer(w, 1, 1);
    integer(w, 2, 1);
    string(w, 8, name);
    for (const [key, value] of Object.entries({ location, ...more }))
      bytes(
        w,
        13,
        message((e) => {
          string(e, 1, key);
          string(e, 2, value);
        }),
      );
    integer(w, 14, 1);
  });
}

/** An ONNX file of one Relu, as small as it gets, for readers of the format. */
export function tinyOnnx(model: TinyModel = {}): Uint8Array {
  const inputs = model.inputs ?? [{ name: 'x', dims: ['N', 3] }];
  const node = message((w) => {
    string(w, 1, inputs[0]?.name ?? 'x');
    string(w, 2, 'y');
    string(w, 4, 'Relu');
    const { hidden } = model;
    if (hidden !== undefined) {
      bytes(
        w,
        5,
        message((a) => {
          string(a, 1, 'value');
          bytes(a, 5, externalTensor('t', hidden));
          integer(a, 20, 4);
        }),
      );
    }
  });
  const graph = message((w) => {
    bytes(w, 1, node);
    string(w, 2, 'tiny');
    for (const [at, location] of (model.external ?? []).entries()) bytes(w, 5, externalTensor(`w${at}`, location));
    for (const { name, type = 1, dims } of inputs) bytes(w, 11, valueInfo(name, type, dims));
    bytes(w, 12, valueInfo('y', 1, inputs[0]?.dims ?? []));
    model.graph?.(w);
  });
  return message((w) => {
    integer(w, 1, 8);
    bytes(w, 7, graph);
    if (model.opset !== false)
      bytes(
        w,
        8,
        message((o) => integer(o, 2, 13)),
      );
    model.model?.(w);
  });
}
