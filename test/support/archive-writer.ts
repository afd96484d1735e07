// A process of its own that adds one measurement to an archive: node archive-writer.ts FOLDER RUN
import { folderArchive } from '../../src/archive/folder.ts';
import { keepResults } from '../../src/archive/records.ts';
import { LOCAL_SCOPE } from '../../src/github/context.ts';
import { measurement } from './measurements.ts';

const [folder = '', run = ''] = process.argv.slice(2);
const one = measurement([0, 0, 0], { run });
await keepResults(folderArchive(folder), LOCAL_SCOPE, one.candidateKey, [one]);
