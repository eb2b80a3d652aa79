/** A Markdown table that can be read as it is; figures stand to the right, the first `texts` columns to the left. */
export function markdownTable(head: readonly string[], lines: readonly (readonly string[])[], texts = 1): string {
  const widths = head.map((name, at) => Math.max(name.length, ...lines.map((line) => line[at]?.length ?? 0)));
  const padded = (cell: string, at: number) =>
    at < texts ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
  const row = (cells: readonly string[]) => `| ${cells.map(padded).join(' | ')} |`;
  const rule = widths.map((width, at) => (at < texts ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|');
  return [row(head), `|${rule}|`, ...lines.map(row)].join('\n');
}
