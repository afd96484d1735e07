/** Which operators a PyTorch model may name: those that compute. torch finds a target attribute by attribute, so that others could be any function. */
const NAMESPACES = new Set(
  'aten prim prims quantized _quantized quantized_decomposed mkldnn mkldnn_prepacked onednn mkl sparse quantization'.split(
    ' ',
  ),
);
/** They read and write files, call Python or another machine. */
export const REFUSED: ReadonlySet<string> = new Set([
  'aten.from_file',
  'aten.save',
  'prim.PythonOp',
  'prim.IgnoredPythonOp',
  'prim.rpc_async',
  'prim.rpc_sync',
  'prim.rpc_remote',
]);
const HIGHER_ORDER =
  'cond|while_loop|map_impl|scan|associative_scan|out_dtype|flex_attention|wrap_with_(?:set_grad_enabled|autocast)';
/** On sizes, and of control flow. */
const PLAIN = new RegExp(
  `^(?:torch\\.ops\\.higher_order\\.(?:${HIGHER_ORDER})|torch\\.(?:sym_(?:max|min|not|ite|float|int|sqrt)|_sym_sqrt)|math\\.trunc|_operator\\.(?:add|sub|mul|floordiv|truediv|mod|pow|neg|pos|eq|ne|lt|le|gt|ge|and_|or_|lshift|rshift|getitem))$`,
);

/** Without attributes that every object of Python has, such as `__globals__`. */
const OVERLOADED = /^torch\.ops\.(\w+)\.((?!__)\w+|__i?(?:and|or|xor|lshift|rshift)__)\.(?!__)\w+$/;

export function isAllowed(namespace: string, name: string): boolean {
  return NAMESPACES.has(namespace) && !REFUSED.has(`${namespace}.${name}`);
}

/** The short name (`aten.add`) of a target of an exported program (`torch.ops.aten.add.Tensor`); null: it is refused. */
export function operatorOf(target: string): string | null {
  const [, namespace, name] = OVERLOADED.exec(target) ?? [];
  if (namespace !== undefined && name !== undefined && namespace !== 'higher_order')
    return isAllowed(namespace, name) ? `${namespace}.${name}` : null;
  return PLAIN.test(target) ? target.replace(/^torch\.ops\./, '') : null;
}
