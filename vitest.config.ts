import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/loopback.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Two cores, and tests that start processes: one file at a time.
    fileParallelism: false,
    restoreMocks: true,
  },
});
