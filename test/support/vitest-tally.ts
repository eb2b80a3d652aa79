import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface TestTally extends Tally {
  /** The files and names of the tests that failed, and the first lines of why. */
  failures: string[];
}

interface Assertion {
  status: string;
  fullName: string;
  failureMessages: string[];
}

/** The part of vitest's JSON report that counts. */
interface Report {
  testResults: { name: string; status: string; message: string; assertionResults: Assertion[] }[];
}

/**
 * Counts the tests of a vitest run. What fails outside a test counts as one failure too: a file that cannot be loaded,
 * an unhandled error, a runner that left no report.
 *
 * @param ok whether vitest ended with exit code 0
 */
export function tallyOf(reportFile: string, ok: boolean): TestTally {
  const report = read(reportFile);
  const tests = report?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? [];
  const count = (...states: string[]) => tests.filter(({ status }) => states.includes(status)).length;
  const brokenFiles = report?.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  const passed = count('passed');
  const failed = count('failed') + (brokenFiles?.length ?? 0);
  const unexplained = failed === 0 && (!ok || passed === 0) ? 1 : 0;
  const failures = report?.testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => [
      name,
      ...firstLines(message),
      ...assertionResults.filter(({ status }) => status === 'failed').flatMap(told),
    ]);
  return {
    failures: failures ?? [],
    passed,
    failed: failed + unexplained,
    skipped: tests.length - count('passed', 'failed'),
  };
}

function told({ fullName, failureMessages }: Assertion): string[] {
  return [`  ${fullName}`, ...failureMessages.flatMap(firstLines)];
}

/** What a log that keeps only its end can afford to say of one failure. */
function firstLines(message: string): string[] {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('/node_modules/'));
  return lines.slice(0, 12).map((line) => `    ${line.slice(0, 300)}`);
}

function read(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
