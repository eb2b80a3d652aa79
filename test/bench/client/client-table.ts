import { stripVTControlCharacters } from 'node:util';
import { markdownTable } from '../markdown-table.ts';
import { middleOf } from '../middle.ts';
import type { ClientResults, Outcome } from './client-bench.ts';
import type { ClientRound, Sizes } from './client-round.ts';
import { type Entry, rawIdb, rawIdbOne } from './line-up.ts';

type OfRate = ReadonlyMap<Entry, Outcome>;

interface Column {
  readonly title: string;
  readonly figure: keyof ClientRound;
  readonly show?: (value: number) => string;
  /** With whom it is compared; raw idb when not said. */
  readonly to?: readonly string[];
}

/** The medians of all rounds, and how they compare with raw IndexedDB: three tables for each throttling rate. */
export function clientTables(results: ClientResults, sizes: Sizes): string {
  const count = (n: number) => n.toLocaleString('en-US');
  const milliseconds = 'milliseconds at the median';
  const parts: string[] = [];
  for (const [rate, outcomes] of results) {
    parts.push(rate === 1 ? '## CPU as it is' : `## CPU ${rate} × slower`);
    parts.push(
      `### What a person does (${milliseconds})`,
      tableOf(outcomes, [
        { title: 'one mutation, durable and shown', figure: 'mutate' },
        { title: `${count(sizes.queued)} queued, durable`, figure: 'queue', to: [rawIdb, rawIdbOne] },
        { title: 'CPU', figure: 'queueCpu', to: [rawIdb, rawIdbOne] },
      ]),
      `### What comes from the server (${milliseconds})`,
      tableOf(outcomes, [
        { title: `${count(sizes.rows)} rows, shown`, figure: 'allVisible' },
        { title: 'durable', figure: 'allDurable' },
        { title: 'CPU', figure: 'allCpu' },
        { title: `${count(sizes.rows / 10)} changed, shown`, figure: 'raisedVisible' },
        { title: 'durable', figure: 'raisedDurable' },
        { title: 'CPU', figure: 'raisedCpu' },
      ]),
      `### What is shown (${milliseconds})`,
      tableOf(
        outcomes,
        [
          { title: '20 live queries, one change', figure: 'watched' },
          { title: `reload on ${count(sizes.rows)} rows`, figure: 'reload' },
          { title: `on ${count(sizes.manyRows)}`, figure: 'reloadMany' },
          { title: `heap MB on ${count(sizes.manyRows)}`, figure: 'heap', show: (bytes) => (bytes / 1e6).toFixed(1) },
        ],
        false,
      ),
    );
  }
  return parts.join('\n\n');
}

function tableOf(outcomes: OfRate, columns: readonly Column[], saysDurable = true): string {
  const texts = ['contestant', ...(saysDurable ? ['durable when'] : [])];
  const head = [...texts, ...columns.flatMap(({ title, to }) => [title, ...ratioTitles(to)])];
  const lines = [...outcomes].flatMap(([entry, outcome]) => {
    const values = columns.map(({ figure }) => valueOf(outcome, figure));
    if (outcome.error === undefined && values.every(Number.isNaN)) return [];
    const title = outcome.error === undefined ? entry.title : `${entry.title}: FAILED: ${onOneLine(outcome.error)}`;
    const cells = columns.flatMap((column, at) => cellsOf(outcomes, column, values[at] ?? Number.NaN));
    return [[title, ...(saysDurable ? [entry.durable] : []), ...cells]];
  });
  return markdownTable(head, lines, texts.length);
}

function cellsOf(outcomes: OfRate, { figure, show = shortly, to = [rawIdb] }: Column, value: number): string[] {
  const ratios = to.map((name) => {
    const [, measure] = [...outcomes].find(([entry]) => entry.name === name) ?? [];
    const ratio = value / (measure ? valueOf(measure, figure) : Number.NaN);
    return Number.isNaN(ratio) ? '–' : ratio.toFixed(2);
  });
  return [Number.isNaN(value) ? '–' : show(value), ...ratios];
}

function ratioTitles(to: readonly string[] = [rawIdb]): string[] {
  return to.map((name) => (name === rawIdb ? '× raw' : '× raw as one'));
}

function valueOf({ rounds }: Outcome, figure: keyof ClientRound): number {
  return middleOf(rounds.flatMap((round) => round[figure] ?? []));
}

function shortly(ms: number): string {
  return ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en-US');
}

function onOneLine(error: string): string {
  return stripVTControlCharacters(error).replaceAll('|', '/').replaceAll(/\s+/g, ' ').slice(0, 300);
}
