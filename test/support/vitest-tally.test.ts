import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tallyOf } from './vitest-tally.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ekbaar-tally-'));
  file = join(directory, 'report.json');
});

afterEach(() => rmSync(directory, { recursive: true }));

const write = (...files: [status: string, ...tests: string[]][]) =>
  writeFileSync(
    file,
    JSON.stringify({
      testResults: files.map(([status, ...tests], at) => ({
        name: `file-${at}.test.ts`,
        status,
        message: '',
        assertionResults: tests.map((state) => ({
          ...{ status: state, fullName: `does what is ${state}` },
          failureMessages: state === 'failed' ? ['\u001B[31mAssertionError: 1 is not 2\u001B[39m\n    at node:x'] : [],
        })),
      })),
    }),
  );

test('counts tests by their state, and says why the failed ones failed', () => {
  write(['failed', 'passed', 'failed', 'pending'], ['passed', 'passed', 'skipped', 'todo']);
  expect(tallyOf(file, false)).toEqual({
    ...{ passed: 2, failed: 1, skipped: 3 },
    failures: ['file-0.test.ts', '  does what is failed', '    AssertionError: 1 is not 2', '        at node:x'],
  });
});

test('a file that cannot be loaded is a failure', () => {
  write(['failed'], ['passed', 'passed']);
  expect(tallyOf(file, false)).toMatchObject({ passed: 1, failed: 1, skipped: 0 });
});

test('an exit code other than 0 is a failure even when every test passed', () => {
  write(['passed', 'passed']);
  expect(tallyOf(file, false)).toMatchObject({ passed: 1, failed: 1, skipped: 0 });
});

test('no report, or no test at all, is a failure', () => {
  expect(tallyOf(file, true)).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
  write();
  expect(tallyOf(file, true)).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
});
