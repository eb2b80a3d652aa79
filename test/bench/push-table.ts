import { markdownTable } from './markdown-table.ts';
import { middleOf } from './middle.ts';
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
  return markdownTable(head, lines);
}

/** The middle one of a figure over the rounds. */
export function median(rounds: readonly Round[], figure: keyof Round): number {
  return middleOf(rounds.map((round) => round[figure]));
}
