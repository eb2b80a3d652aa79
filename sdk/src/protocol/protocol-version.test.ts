import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { expect, test } from 'vitest';
import { Poke, Problem, protocolVersion, SyncRequest, SyncResponse } from './index.ts';

/**
 * The hash of the wire schemas of each version that was ever released.
 *
 * If the test fails, the wire has changed. Phones in the field will speak the old one for weeks, so:
 * - nothing was released with this version yet: put the new hash in place of the old one;
 * - else, when old clients and servers understand each other all the same (a new optional field): likewise,
 *   and say so in the changeset;
 * - else raise `protocolVersion`, add a line here, and keep answering the old version.
 */
const released: Record<number, string> = {
  1: '40899b00f6d381cf',
};

test('the wire is that of the recorded version', () => {
  const wire = { SyncRequest, SyncResponse, Poke, Problem };
  const schemas = Object.entries(wire).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input' })]);
  const hash = createHash('sha256').update(JSON.stringify(schemas)).digest('hex').slice(0, 16);
  expect(hash, 'the wire schemas have changed: see the comment above').toBe(released[protocolVersion]);
});
