import * as z from 'zod/mini';
import { expect, test } from 'vitest';
import { createClient } from '../create-client.ts';
import { defineModel, mutation } from '../model/index.ts';
import { model } from '../testing/model.ts';
import { World } from '../testing/world.ts';
import { refusalOf } from './refusal.ts';

test('codes of the model and of the engine are given as they came', () => {
  const declared = { code: 'already_confirmed', message: 'by Ravi', details: { at: 'noon' } };
  expect(refusalOf(declared, ['already_confirmed'])).toEqual(declared);
  expect(refusalOf({ code: 'forbidden', message: 'no' }, [])).toEqual({ code: 'forbidden', message: 'no' });
});

test('a rejection without an error has a code all the same', () => {
  expect(refusalOf(undefined, [])).toMatchObject({ code: 'unknown_code', message: '' });
});

test('what only a newer model knows is unknown to this one, and known after the update', async () => {
  const world = new World();
  const error = { code: 'jar_is_full', message: 'The jar is full', details: { most: 5 } };
  world.server.mutators['note'] = () => ({ status: 'rejected', error });
  const old = await world.client();
  const { confirmed } = await old.mutate('note', { text: 'hello' });
  await world.settle(old);
  expect((await confirmed).error).toEqual({
    code: 'unknown_code',
    message: 'The jar is full',
    details: { code: 'jar_is_full', details: { most: 5 } },
  });
  await old.close();

  const note = mutation({ args: z.object({ text: z.string() }), rejects: ['jar_is_full'] });
  const updated = await createClient({
    model: defineModel({ ...model, version: 2, mutations: { note } }),
    ...{ url: 'http://server', actor: old.actor, token: () => 'good', store: world.disk, platform: world.platform },
  });
  expect((await updated.rejections.read())[0]?.error).toEqual(error);
  await updated.close();
});
