import { readFileSync } from 'node:fs';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** The part of vitest's JSON report that counts. */
interface Report {
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

/**
 * Counts the tests of a vitest run. What fails outside a test counts as one failure too: a file that cannot be loaded,
 * an unhandled error, a runner that left no report.
 *
 * @param ok whether vitest ended with exit code 0
 */
export function tallyOf(reportFile: string, ok: boolean): Tally {
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
  return { passed, failed: failed + unexplained, skipped: tests.length - count('passed', 'failed') };
}

function read(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
