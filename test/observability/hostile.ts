/** What a database chokes on that takes its text for a number, a moment, an id or a text. */
export const hostile = [
  ...['', '\0', 'a\0b', '\uD800', '-1', '1e9', '99999999999999999999', 'NaN', "'", 'abc', 'x'.repeat(5000)],
  ...['0000-01-01', '9999-12-31', '2026-02-31', '+275760-09-13T00:00:00Z', '0000-01-01T00:00:00Z'],
  ...['2026-99-99T99:99:99Z', '9999-12-31T23:59:59.999999999Z', '00000000-0000-0000-0000-00000000000g'],
];

const moment = '2026-11-22T10:00:00.000Z';
const id = '00000000-0000-0000-0000-000000000000';
/** What is in the cursors of lists that may be empty here. */
const known = [
  [moment, id],
  [moment, 'stripe', id],
  ['receipts', moment, id],
];

/** Cursors like `next`, or like those of the lists here where there is none, each with one value that is hostile. */
export function hostileCursors(next: unknown): string[] {
  const text = typeof next === 'string' ? Buffer.from(next, 'base64url').toString() : '';
  const shapes = text.startsWith('[') ? [JSON.parse(text) as unknown[]] : known;
  return shapes
    .flatMap((shape) => shape.flatMap((_, at) => hostile.map((value) => shape.with(at, value))))
    .map((values) => Buffer.from(JSON.stringify(values)).toString('base64url'))
    .concat(`2026-99-99T99:99:99.999Z~${id}`, `${moment}~${'-'.repeat(36)}`, `${moment}~${id}`);
}

/** Bodies like `body`, each with one value that is hostile, however deep it lies. */
export function* hostileBodies(body: unknown): Iterable<unknown> {
  yield* ['a\0b', '\uD800', '0000-01-01T00:00:00Z', '2026-99-99', -1, 1e300, 0.5, null, [], {}, 'x'.repeat(5000)];
  if (typeof body !== 'object' || body === null) return;
  for (const [name, value] of Object.entries(body)) {
    for (const instead of hostileBodies(value)) {
      yield Array.isArray(body) ? body.with(Number(name), instead) : { ...body, [name]: instead };
    }
  }
}
