import type { ExportColumn, ExportRow } from './sources.ts';

/** JSON Lines for programs: an object in each line, under the columns' own names, whole paise, times in UTC. */
export async function* jsonLinesFile(
  columns: readonly ExportColumn[],
  batches: AsyncIterable<readonly ExportRow[]>,
): AsyncGenerator<string> {
  for await (const rows of batches) {
    yield rows
      .map((row) => `${JSON.stringify(Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])))}\n`)
      .join('');
  }
}
