import type { PushResults } from './push-bench.ts';
import type { Round } from './round.ts';

/** The results, one line for each contestant: the median round, its range, and how it compares. */
export function pushTable(results: PushResults): string {
  const rateOf = (name: string) => {
    for (const [contestant, rounds] of results) if (contestant.name === name) return median(rounds, 'perSecond');
    return undefined;
  };
  const lines = [...results].map(([{ kind, title }, rounds]) => {
    const rates = rounds.map(({ perSecond }) => perSecond);
    const rate = median(rounds, 'perSecond');
    const suffix = kind === 'single' ? 'single' : 'batch';
    const ratio = (to: number | undefined) => (to === undefined ? '' : (rate / to).toFixed(2));
    return [
      title,
      ...[rate, Math.min(...rates), Math.max(...rates)].map((value) => String(Math.round(value))),
      ...[median(rounds, 'p50').toFixed(1), median(rounds, 'p95').toFixed(1)],
      ...[median(rounds, 'serverCpu').toFixed(2), median(rounds, 'postgresCpu').toFixed(2)],
      ...[ratio(rateOf(`drf-${suffix}`)), ratio(rateOf(`hand-written-${suffix}`))],
    ];
  });
  const head = [
    ...['contestant', 'per s', 'min', 'max', 'p50 ms', 'p95 ms', 'server CPU s/1000', 'PostgreSQL CPU s/1000'],
    ...['x DRF', 'x hand-written'],
  ];
  const widths = head.map((name, at) => Math.max(name.length, ...lines.map((line) => line[at]?.length ?? 0)));
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, at) => (at === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [row(head), rule, ...lines.map(row)].join('\n');
}

/** The middle one of a figure; the mean of the two in the middle for an even number of rounds. */
export function median(rounds: readonly Round[], figure: keyof Round): number {
  const sorted = rounds.map((round) => round[figure]).toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}
