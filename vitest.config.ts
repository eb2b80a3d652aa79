import { defineConfig } from 'vitest/config';

const globalSetup = ['test/support/postgres-global-setup.ts'];

// These kinds run one file at a time: they share a database server, a browser and the machine's cores.
const oneByOne = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 };

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
          ...oneByOne,
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
          globalSetup,
          sequence: { groupOrder: 3 },
          ...oneByOne,
          testTimeout: 300_000,
        },
      },
    ],
  },
});
