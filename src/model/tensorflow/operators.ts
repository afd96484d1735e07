import { RefusedModel } from '../facts.ts';
import { fieldsOf } from '../wire.ts';
import type { GraphNode } from './graph.ts';

/** What an operator does that computes nothing. Names of operators: tensorflow/core/api_def. */
const REACHING: readonly (readonly [RegExp, string])[] = [
  [/^(?:Eager)?PyFunc(?:Stateless)?$|^PyFunc/, 'calls Python'],
  [
    /^(?:Read|Write|Print)File$|^MatchingFiles$|^WholeFileReader|^ImmutableConst$|^GenerateVocabRemapping$|^LoadAndRemapMatrix$/,
    'reads or writes files',
  ],
  [/^(?:TextLine|FixedLengthRecord|TFRecord|Identity|LMDB)Reader/, 'reads files'],
  [/^(?:Save|SaveSlices|Restore|RestoreSlice|CheckpointExists|.*DeleteOldDirs)$/, 'reads or writes files'],
  [
    /(?:TextLine|TFRecord|FixedLengthRecord|Csv|CSV|Sql|LMDB|Save|Load|Snapshot|Cache|Bigtable|Kafka|Parquet|Generator|MatchingFiles).*Dataset/,
    'reads or writes files',
  ],
  [/^(?:DistributedSave|SaveDataset|LoadDataset|SnapshotDataset|DatasetTo(?:TFRecord|Graph))/, 'reads or writes files'],
  [
    /DataService|^(?:Try)?Rpc|^Rpc|^RegisterDataset|^CollectiveInitializeCommunicator|^ConfigureDistributed|^CreateSummaryDbWriter/,
    'reaches other machines',
  ],
  [/^(?:CreateSummaryFileWriter|SummaryWriter|Write\w*Summary|FlushSummaryWriter|ImportEvent)$/, 'writes files'],
  [/^Debug/, 'writes files or reaches other machines'],
  [/^(?:FileSystemSetConfiguration|GcsConfigure\w*)$/, 'changes the file system'],
  [
    /^(?:XlaHostCompute|XlaRecvFromHost|XlaSendToHost|OutfeedEnqueue\w*|InfeedDequeue\w*|KernelLabel\w*)$/,
    'calls code outside of the graph',
  ],
];
/** Those that save and restore variables: every SavedModel has them beside its signatures. */
const SAVING = /^(?:SaveV2|RestoreV2|MergeV2Checkpoints|ShardedFilespec|ShardedFilename)$/;
const VOCABULARY = /^InitializeTableFromTextFile(?:V2)?$/;

/** The string of an AttrValue (`s` 2). */
function stringOf(attribute: Uint8Array | undefined): string {
  for (const field of attribute === undefined ? [] : fieldsOf(attribute))
    if (field.kind === 'bytes' && field.no === 2) return Buffer.from(field.value).toString('latin1');
  return '';
}

function reasonOf({ op, attributes }: GraphNode): string | null {
  const reaching = REACHING.find(([name]) => name.test(op));
  if (reaching !== undefined) return reaching[1];
  if (op === 'PrintV2' && /^file:/i.test(stringOf(attributes.get('output_stream')))) return 'writes files';
  const descriptors = stringOf(attributes.get('descriptor_source'));
  if (/^(?:Decode|Encode)Proto/.test(op) && descriptors !== '' && !/^(?:local|bytes):\/\//.test(descriptors))
    return 'reads files';
  return null;
}

/**
 * @param all every node of the graph and its functions
 * @param running those that signatures, initializers and other callable functions run
 * @param hasAssets whether the model brings files for tables
 * @throws RefusedModel that names what reaches out of the model
 */
export function checkOperators(all: Iterable<GraphNode>, running: ReadonlySet<GraphNode>, hasAssets: boolean): void {
  const found = new Map<string, string>();
  for (const node of all) {
    const reason = reasonOf(node);
    if (reason !== null) found.set(node.op, reason);
    else if (SAVING.test(node.op) && running.has(node)) found.set(node.op, 'reads or writes files');
    else if (VOCABULARY.test(node.op) && !hasAssets) found.set(node.op, 'reads a file that is no asset of the model');
  }
  if (found.size === 0) return;
  const list = [...found].slice(0, 5).map(([op, reason]) => `${op.slice(0, 60)} (${reason})`);
  throw new RefusedModel(
    `has operators that AYCI does not run: ${list.join(', ')}${found.size > 5 ? `, and ${found.size - 5} more` : ''}`,
    'Save a signature that only computes.',
  );
}
