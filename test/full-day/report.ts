import type { Books } from './books.ts';
import { tenants } from './tenants.ts';

const grouped = new Intl.NumberFormat('en-IN');

/** The table of counts and paise at each station, as Markdown. */
export function tableOf({ stations }: Books): string {
  const names = stations[tenants[0]]?.map(({ station }) => station) ?? [];
  const head = ['station', ...tenants.flatMap((tenant) => [tenant, 'paise'])];
  const rows = names.map((name) => [
    name,
    ...tenants.flatMap((tenant) => {
      const found = stations[tenant]?.find(({ station }) => station === name);
      if (found === undefined) return ['', ''];
      return [grouped.format(found.count), found.paise === undefined ? '' : grouped.format(found.paise)];
    }),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${tenants.map(() => '--:|--:|').join('')}`, ...rows.map(line)].join('\n');
}
