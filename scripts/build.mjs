// Bundles the entries into dist/: committed, reproducible, and what runs. What is not needed at start is a chunk of its own.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));

export async function build(dir) {
  const bundle = await rolldown({
    input: { action: `${root}src/action.ts`, comment: `${root}src/comment.ts`, cli: `${root}src/cli.ts` },
    cwd: root,
    platform: 'node',
    logLevel: 'warn',
  });
  await bundle.write({
    dir,
    format: 'esm',
    minify: true,
    sourcemap: false,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // What every start loads is one file: a module each costs a millisecond.
    codeSplitting: {
      groups: [
        { name: 'start', test: /[\\/]src[\\/](errors|inputs[\\/]|types[\\/]|model[\\/]exists)/ },
        { name: 'core', test: /[\\/]node_modules[\\/](@actions[\\/](core|exec|io|http-client)|undici|tunnel)[\\/]/ },
      ],
    },
  });
  await bundle.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await rm(`${root}dist`, { recursive: true, force: true });
  await build(`${root}dist`);
}
