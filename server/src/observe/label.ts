/** Names out of a fixed set as they are and all others as one: what clients send must not make new time series. */
export function labelOf(known: Iterable<string>, other: string): (name: string) => string {
  const names = new Set(known);
  return (name) => (names.has(name) ? name : other);
}
