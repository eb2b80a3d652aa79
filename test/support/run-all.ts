/** `npm test`: every check and every test, one after the other; ends with the line `N passed, N failed`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Tally, tallyOf } from './vitest-tally.ts';

const root = join(import.meta.dirname, '..', '..');
const bins = join(root, 'node_modules', '.bin');
const environment = {
  ...process.env,
  // The Node that runs this script, before any other that the machine has.
  PATH: [dirname(process.execPath), bins, process.env['PATH']].join(delimiter),
};

/** Far more than any step takes: one that hangs must not hang everything. */
const stepTimeoutMs = 75 * 60_000;

const steps: { name: string; command: string[] }[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'unused code and dependencies', command: ['knip', '--no-progress'] },
  { name: 'sizes', command: ['node', 'test/size/main.ts'] },
  { name: 'packages', command: ['node', 'test/support/check-packages.ts'] },
];

const results = [...steps.map(runStep), runTests()];
report(results);

interface Result extends Tally {
  name: string;
  seconds: number;
  failures?: string[];
}

function runStep({ name, command }: { name: string; command: string[] }): Result {
  const { ok, seconds } = run(name, command);
  return { name, seconds, passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

function runTests(): Result {
  const directory = mkdtempSync(join(tmpdir(), 'ekbaar-results-'));
  try {
    const file = join(directory, 'vitest.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { ok, seconds } = run('tests', ['vitest', 'run', ...reporters]);
    return { name: 'tests', seconds, ...tallyOf(file, ok) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function run(name: string, [command = '', ...args]: string[]): { ok: boolean; seconds: number } {
  console.log(`\n=== ${name}: ${[command, ...args].join(' ')}`);
  const started = performance.now();
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env: environment,
    stdio: 'inherit',
    timeout: stepTimeoutMs,
  });
  if (error) console.error(error.message);
  return { ok: status === 0, seconds: (performance.now() - started) / 1000 };
}

function report(all: Result[]): void {
  console.log('\n=== summary');
  for (const { name, seconds, passed, failed, skipped, failures = [] } of all) {
    const mark = failed > 0 ? 'FAILED' : 'ok';
    console.log(`${mark.padEnd(7)} ${name}: ${line({ passed, failed, skipped })} (${seconds.toFixed(1)} s)`);
    for (const failure of failures) console.log(`        ${failure}`);
  }
  const sum = (count: (tally: Tally) => number) => all.reduce((total, tally) => total + count(tally), 0);
  const total: Tally = {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
  };
  const skippedInCi = process.env['CI'] !== undefined && total.skipped > 0;
  if (skippedInCi) console.log('In CI nothing may be skipped: a test that does not run proves nothing.');
  process.exitCode = total.failed > 0 || skippedInCi ? 1 : 0;
  console.log(line(total));
}

function line({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
