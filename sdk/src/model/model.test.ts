import * as z from 'zod/mini';
import { expect, expectTypeOf, test } from 'vitest';
import {
  collection,
  defineModel,
  fieldsOf,
  mutation,
  type ArgsOf,
  type ResultOf,
  type RejectOf,
  type RowOf,
} from './index.ts';

const schema = z.object({ id: z.string(), n: z.int() });
const declared = {
  version: 1,
  collections: { things: collection({ schema, key: 'id', indexes: ['n'] }) },
  mutations: {
    set: mutation({ args: z.object({ n: z.int() }), result: z.object({ old: z.int() }), rejects: ['too_big'] }),
    ping: mutation({ args: z.object({}), audit: false }),
  },
};
const model = defineModel(declared);

test('keeps what was declared', () => {
  expect(fieldsOf(schema)).toEqual(['id', 'n']);
  expect(model.collections.things).toMatchObject({ key: 'id', indexes: ['n'] });
  expect(model.mutations.set).toMatchObject({ rejects: ['too_big'], audit: true });
  expect(model.mutations.ping).toMatchObject({ rejects: [], audit: false });
});

test('types follow from it', () => {
  type M = typeof model;
  expectTypeOf<RowOf<M, 'things'>>().toEqualTypeOf<{ id: string; n: number }>();
  expectTypeOf<ArgsOf<M, 'set'>>().toEqualTypeOf<{ n: number }>();
  expectTypeOf<ResultOf<M, 'set'>>().toEqualTypeOf<{ old: number }>();
  expectTypeOf<ResultOf<M, 'ping'>>().toEqualTypeOf<undefined>();
  expectTypeOf<RejectOf<M, 'set'>>().toEqualTypeOf<'too_big'>();
});

test.for([0, -1, 1.5, NaN])('refuses version %s', (version) => {
  expect(() => defineModel({ ...declared, version })).toThrow(TypeError);
});

test.for(['', '1st', 'a-b', '__proto__', 'receipts', 'x'.repeat(64)])('refuses a collection called "%s"', (name) => {
  const collections = Object.fromEntries([[name, declared.collections.things]]);
  expect(() => defineModel({ ...declared, collections })).toThrow(TypeError);
});

test.for(['$skip', 'a b'])('refuses a mutation called "%s"', (name) => {
  expect(() => defineModel({ ...declared, mutations: { [name]: declared.mutations.ping } })).toThrow(TypeError);
});

test('refuses a key or an index that is no field', () => {
  expect(() => collection({ schema, key: 'nope' as 'id' })).toThrow(/"nope" is no field/);
  expect(() => collection({ schema, key: 'id', indexes: ['nope' as 'n'] })).toThrow(TypeError);
});
