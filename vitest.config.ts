import { defineConfig } from 'vitest/config';
import { partsEnvironment } from './scripts/parts.mjs';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/ceph-shared.ts'],
    setupFiles: ['test/support/loopback.ts'],
    // Where `npm run test:real` and `node scripts/parts.mjs` install to: a single file can be run without them.
    env: partsEnvironment(),
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Two cores, and tests that start processes: one file at a time.
    fileParallelism: false,
    restoreMocks: true,
  },
});
