import { defineConfig } from 'vitest/config';

const runDirectory = 'test/support/run-directory.ts';
const globalSetup = ['test/support/postgres-global-setup.ts', runDirectory];

// What is polled for comes when the machine has time for it; Vitest's own limit is one second.
const patient = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000 } } };
// Two files at a time: they wait more than they work. In a group of their own: those that kill processes
// and look at who is still there, one file at a time.
const alone = ['test/overload/*.system.test.ts', 'test/chaos/{chaos,promotion}.system.test.ts'];
const together = { sequence: { groupOrder: 1 }, maxWorkers: 2 };
// Every file in the process of the one before: PGlite and our modules are compiled once, which is half of the time. Files
// that leave something behind in their process are `*.system.test.ts`.
const oneProcess = { isolate: false };

export default defineConfig({
  // The same compiler options for every file: no search for the nearest tsconfig.json.
  tsconfig: 'tsconfig.base.json',
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{sdk,server,examples,test}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', '**/*.{postgres,browser,system}.test.ts'],
          globalSetup: [runDirectory],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          ...together,
          ...oneProcess,
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: ['{sdk,server,examples,test}/**/*.postgres.test.ts'],
          globalSetup,
          ...patient,
          ...together,
          ...oneProcess,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['{sdk,server,examples,test}/**/*.browser.test.ts'],
          globalSetup,
          ...patient,
          ...together,
          ...oneProcess,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.system.test.ts'],
          exclude: alone,
          globalSetup,
          ...patient,
          ...together,
          testTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: alone,
          globalSetup,
          ...patient,
          sequence: { groupOrder: 2 },
          fileParallelism: false,
          testTimeout: 300_000,
        },
      },
    ],
  },
});
