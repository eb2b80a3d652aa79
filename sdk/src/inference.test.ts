import * as z from 'zod/mini';
import { expectTypeOf, test } from 'vitest';
import type {
  Client,
  ClientOptions,
  LiveQueryOptions,
  MutationRecord,
  OptimisticEffects,
  Query,
  SavedMutation,
  SettledRecord,
} from './index.ts';
import { type Collection, collection, defineModel, mutation } from './model/index.ts';

/*
 * What the compiler makes of a model. Nothing here runs: `tsc -b` fails when a type is wrong, or when what must not
 * compile does (`@ts-expect-error`).
 */

const model = defineModel({
  version: 1,
  collections: {
    deliveries: collection({
      schema: z.object({
        id: z.string(),
        status: z.enum(['pending', 'confirmed']),
        amountPaise: z.int(),
        note: z.optional(z.string()),
        seen: z.nullable(z.boolean()),
      }),
      key: 'id',
      indexes: ['status'],
    }),
    notes: collection({ schema: z.object({ id: z.string(), text: z.string() }), key: 'id' }),
  },
  mutations: {
    confirm: mutation({
      args: z.object({ deliveryId: z.string(), amountPaise: z._default(z.int(), 0) }),
      result: z.object({ receiptNo: z.string() }),
      rejects: ['already_confirmed', 'amount_mismatch'],
    }),
    note: mutation({ args: z.object({ text: z.string() }) }),
  },
});
type M = typeof model;

interface Delivery {
  id: string;
  status: 'pending' | 'confirmed';
  amountPaise: number;
  note?: string | undefined;
  seen: boolean | null;
}

type Own = 'already_done' | 'forbidden' | 'invalid_args' | 'key_reused' | 'unknown_code';
type Dead = 'after_restore' | 'halted' | 'unknown_mutation' | 'unknown_code';

/** Gives `body` a client for the compiler, and never calls it. */
const typed = (_body: (client: Client<M>) => unknown) => {};

test('rows are what their schema says without being parsed', () => {
  const fine = z.object({
    id: z.string(),
    ref: z.string().brand<'Ref'>(),
    note: z.optional(z.string()),
    seen: z.nullish(z.boolean()),
    tags: z.array(z.record(z.string(), z.unknown())),
    any: z.any(),
  });
  expectTypeOf(collection({ schema: fine, key: 'id', indexes: ['ref'] })).toEqualTypeOf<Collection<typeof fine>>();
  const id = z.string();
  const date = z.pipe(
    z.string(),
    z.transform((text) => new Date(text)),
  );
  const declared = () => [
    // @ts-expect-error nobody makes a Date of it
    collection({ schema: z.object({ id, at: date }), key: 'id' }),
    // @ts-expect-error nobody puts the default in its place
    collection({ schema: z.object({ id, n: z._default(z.int(), 7) }), key: 'id' }),
    // @ts-expect-error nobody makes a number of it
    collection({ schema: z.object({ id, n: z.coerce.number() }), key: 'id' }),
    // @ts-expect-error what comes is its text
    collection({ schema: z.object({ id, at: z.nullable(z.date()) }), key: 'id' }),
    // @ts-expect-error what comes is its text
    collection({ schema: z.object({ id, n: z.optional(z.bigint()) }), key: 'id' }),
    collection({ schema: z.object({ id, any: z.any(), what: z.unknown(), list: z.array(z.string()) }), key: 'id' }),
  ];
  expectTypeOf(declared).toBeFunction();
});

test('arguments and results are what JSON has', () => {
  const mutations = () => [
    // @ts-expect-error no Date is ever kept, and no text fits
    mutation({ args: z.object({ at: z.date() }) }),
    // @ts-expect-error as a Date
    mutation({ args: z.object({ paise: z.optional(z.bigint()) }) }),
    // @ts-expect-error nobody makes a Date of it
    mutation({ args: z.object({}), result: z.object({ at: z.date() }) }),
    mutation({ args: z.object({ at: z.coerce.date(), any: z.any() }), result: z.any() }),
    mutation({ args: z.array(z.string()), result: z.string() }),
    mutation({ args: z.union([z.object({ a: z.string() }), z.object({ b: z.int() })]) }),
  ];
  expectTypeOf(mutations).toBeFunction();
});

test('mutate knows names and arguments, as they are before the schema has parsed them', () => {
  expectTypeOf<Parameters<Client<M>['mutate']>[0]>().toEqualTypeOf<'confirm' | 'note'>();
  typed((client) => [
    expectTypeOf(client.mutate('note', { text: 'x' })).toEqualTypeOf<Promise<SavedMutation<M, 'note'>>>(),
    client.mutate('confirm', { deliveryId: 'd1' }),
    client.mutate('confirm', { deliveryId: 'd1', amountPaise: 5 }),
    // @ts-expect-error the model has no such mutation
    client.mutate('confrim', { deliveryId: 'd1' }),
    // @ts-expect-error an argument of another type
    client.mutate('confirm', { deliveryId: 1 }),
    // @ts-expect-error an argument is missing
    client.mutate('confirm', {}),
    // @ts-expect-error an argument that the schema does not have
    client.mutate('confirm', { deliveryId: 'd1', amount: 5 }),
    // @ts-expect-error the arguments of another mutation
    client.mutate('confirm', { text: 'x' }),
  ]);
});

test('an outcome has its result or its code, told apart by its state', () => {
  type Confirmed = SettledRecord<M, 'confirm'>;
  expectTypeOf<Confirmed['state']>().toEqualTypeOf<'applied' | 'rejected' | 'dead'>();
  typed(async (client) => {
    const record = await (await client.mutate('confirm', { deliveryId: 'd1' })).confirmed;
    expectTypeOf(record).toEqualTypeOf<Confirmed>();
    expectTypeOf(record.name).toEqualTypeOf<'confirm'>();
    expectTypeOf(record.args).toEqualTypeOf<{ deliveryId: string; amountPaise?: number | undefined }>();
    expectTypeOf(record.result).toEqualTypeOf<{ receiptNo: string } | undefined>();
    switch (record.state) {
      case 'applied':
        expectTypeOf(record.result).toEqualTypeOf<{ receiptNo: string }>();
        expectTypeOf(record.error).toEqualTypeOf<undefined>();
        break;
      case 'rejected':
        expectTypeOf(record.error.code).toEqualTypeOf<'already_confirmed' | 'amount_mismatch' | Own>();
        expectTypeOf(record.error.message).toEqualTypeOf<string>();
        // @ts-expect-error no such code
        return record.error.code === 'already_confrimed';
      case 'dead':
        expectTypeOf(record.error.code).toEqualTypeOf<Dead>();
        break;
      default:
        expectTypeOf(record).toEqualTypeOf<never>();
    }
    // @ts-expect-error nothing else is an outcome
    return record.state === 'saved';
  });
});

test('records of several mutations are told apart by their names', () => {
  typed(async (client) => {
    for (const record of await client.readMutations()) {
      expectTypeOf(record).toEqualTypeOf<MutationRecord<M>>();
      expectTypeOf(record.name).toEqualTypeOf<'confirm' | 'note'>();
      if (record.name === 'note') {
        expectTypeOf(record.args).toEqualTypeOf<{ text: string }>();
        expectTypeOf(record.result).toEqualTypeOf<undefined>();
        if (record.state === 'rejected') expectTypeOf(record.error.code).toEqualTypeOf<Own>();
      }
    }
    for (const { error } of await client.rejections.read()) {
      expectTypeOf(error.code).toEqualTypeOf<'already_confirmed' | 'amount_mismatch' | Own>();
    }
    for (const { error } of await client.deadLetters.read()) expectTypeOf(error.code).toEqualTypeOf<Dead>();
  });
});

test('filters of the log know the names, and narrow the records', () => {
  typed((client) => [
    expectTypeOf(client.readMutations({ name: 'note' })).toEqualTypeOf<Promise<MutationRecord<M, 'note'>[]>>(),
    expectTypeOf(client.mutations({ name: 'note' })).toEqualTypeOf<LiveQueryOptions<MutationRecord<M, 'note'>[]>>(),
    client.watchMutations({ name: 'confirm' }, (records) =>
      expectTypeOf(records).toEqualTypeOf<MutationRecord<M, 'confirm'>[]>(),
    ),
    // @ts-expect-error the model has no such mutation
    client.readMutations({ name: 'deliveries' }),
    // @ts-expect-error nothing to filter by
    client.mutations({ named: 'note' }),
  ]);
});

test('reads know the rows', () => {
  typed((client) => [
    expectTypeOf(client.read('deliveries')).toEqualTypeOf<Promise<Delivery[]>>(),
    expectTypeOf(client.query('deliveries')).toEqualTypeOf<LiveQueryOptions<Delivery[]>>(),
    client.watch('notes', {}, (rows) => expectTypeOf(rows).toEqualTypeOf<{ id: string; text: string }[]>()),
    // @ts-expect-error the model has no such collection
    client.read('delivery'),
    // @ts-expect-error mutations are no collections
    client.query('confirm'),
  ]);
});

test('conditions are on fields, with values of theirs', () => {
  type Deliveries = Query<Delivery>;
  const fitting: Deliveries[] = [
    { where: { status: 'pending', amountPaise: { gte: 100, lt: 500 } } },
    { where: { status: { in: ['pending', 'confirmed'] }, note: undefined, seen: null } },
    { orderBy: 'status', limit: 5 },
    { orderBy: '-amountPaise' },
    { orderBy: ['status', { field: 'amountPaise', desc: true }] },
  ];
  const unfit: Deliveries[] = [
    // @ts-expect-error no such field
    { where: { state: 'pending' } },
    // @ts-expect-error not one of its values
    { where: { status: 'pendign' } },
    // @ts-expect-error one of them is none of its values
    { where: { status: { in: ['pending', 'lost'] } } },
    // @ts-expect-error a bound of another type
    { where: { amountPaise: { gte: '100' } } },
    // @ts-expect-error no such bound
    { where: { amountPaise: { from: 100 } } },
    // @ts-expect-error no such field to order by
    { orderBy: 'amount' },
    // @ts-expect-error nor backwards
    { orderBy: '-amount' },
    // @ts-expect-error nor in a list
    { orderBy: ['status', { field: 'amount' }] },
  ];
  expectTypeOf(fitting).toEqualTypeOf(unfit);
  // As they are asked, which must infer no wider a row.
  typed((client) => [
    client.read('deliveries', { where: { status: 'pending' }, orderBy: ['-status', 'id'] }),
    // @ts-expect-error a field of another collection
    client.query('notes', { where: { status: 'pending' } }),
  ]);
});

test('optimistic effects get parsed arguments, and rows of the collection they name', () => {
  const effects: OptimisticEffects<M> = {
    confirm: (replica, args, meta) => {
      expectTypeOf(args).toEqualTypeOf<{ deliveryId: string; amountPaise: number }>();
      expectTypeOf(meta).toEqualTypeOf<{ readonly key: string; readonly at: string }>();
      expectTypeOf(replica.get('deliveries', 'd1')).toEqualTypeOf<Delivery | undefined>();
      replica.update('deliveries', args.deliveryId, { status: 'confirmed' });
      replica.put('notes', { id: meta.key, text: 'x' });
      // @ts-expect-error no such field
      replica.update('deliveries', 'd1', { state: 'confirmed' });
      // @ts-expect-error not one of its values
      replica.update('deliveries', 'd1', { status: 'done' });
      // @ts-expect-error not a whole row
      replica.put('notes', { id: 'n1' });
      // @ts-expect-error no such collection
      replica.delete('delivery', 'd1');
    },
  };
  // @ts-expect-error no such mutation
  const misspelt: OptimisticEffects<M> = { confrim: () => {} };
  expectTypeOf(effects).toEqualTypeOf(misspelt);
  type Effect = NonNullable<ClientOptions<M>['optimistic']>['confirm'];
  expectTypeOf<() => Promise<void>>().not.toExtend<Effect>();
  expectTypeOf<() => PromiseLike<void> | undefined>().not.toExtend<Effect>();
  expectTypeOf<() => false | undefined | Map<string, string> | string[]>().toExtend<Effect>();
  const late: OptimisticEffects<M> = {
    // @ts-expect-error its work would come too late
    note: async (replica, { text }, { key }) => replica.put('notes', { id: key, text }),
  };
  const short: OptimisticEffects<M> = { note: (replica, { text }) => text !== '' && replica.delete('notes', text) };
  expectTypeOf(late).toEqualTypeOf(short);
});
