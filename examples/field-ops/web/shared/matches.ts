/** Whether every word typed in a search field begins a word somewhere in the texts; upper and lower case are the same. */
export function matches(typed: string, ...texts: readonly string[]): boolean {
  const hay = ` ${texts.join(' ').toLocaleLowerCase('en-IN')}`;
  return typed
    .toLocaleLowerCase('en-IN')
    .split(/\s+/)
    .filter((word) => word !== '')
    .every((word) => hay.includes(` ${word}`));
}
