import { readFileSync } from 'node:fs';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface TestTally extends Tally {
  /** The files and names of the tests that failed. */
  failures: string[];
}

/** The part of vitest's JSON report that counts. */
interface Report {
  testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
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
    .flatMap(({ name, assertionResults }) => [
      name,
      ...assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => `  ${fullName}`),
    ]);
  return {
    failures: failures ?? [],
    passed,
    failed: failed + unexplained,
    skipped: tests.length - count('passed', 'failed'),
  };
}

function read(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
