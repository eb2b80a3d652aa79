const names: Readonly<Record<string, string>> = {
  bfil: 'BFIL',
  lnt: 'L&T',
  greenlight: 'Greenlight',
  spandana: 'Spandana',
  samasta: 'Samasta',
};

export const mfis = Object.keys(names) as [string, ...string[]];

/** The name under which people know a microfinance institution; its id where the app does not know it. */
export function mfiName(id: string): string {
  return names[id] ?? id;
}
