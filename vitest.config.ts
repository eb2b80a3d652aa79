import { defineConfig } from 'vitest/config';

const globalSetup = ['test/support/postgres-global-setup.ts'];

// What is polled for comes when the machine has time for it.
const patient = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000 } } };
// These kinds run one file at a time: they share a browser, or need the machine's cores for themselves.
const alone = ['test/{bench,overload}/*.system.test.ts', 'test/chaos/{chaos,promotion}.system.test.ts'];
const oneByOne = { ...patient, fileParallelism: false };

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
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: ['{sdk,server,examples,test}/**/*.postgres.test.ts'],
          globalSetup,
          sequence: { groupOrder: 1 },
          ...patient,
          // Each file has a database of its own on one server, and waits more than it works.
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['{sdk,server,examples,test}/**/*.browser.test.ts'],
          globalSetup,
          sequence: { groupOrder: 2 },
          ...oneByOne,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.system.test.ts'],
          exclude: alone,
          globalSetup,
          sequence: { groupOrder: 3 },
          ...patient,
          maxWorkers: 2,
          testTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: alone,
          globalSetup,
          sequence: { groupOrder: 4 },
          ...oneByOne,
          testTimeout: 900_000,
        },
      },
    ],
  },
});
