import { expect, test } from 'vitest';
import { bossFailure } from './boss-failure.ts';

test('a copy of an error is told as the error would be, and quotes no more', () => {
  const copied = (error: Error): Error => Object.assign({}, error, { message: error.message, stack: error.stack });
  const down = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
  for (const error of [down, copied(down)])
    expect(bossFailure(error)).toMatchObject({ error: `Error: ${down.message}`, cause: 'ECONNREFUSED' });
  expect(bossFailure(copied(down))['stack']).toEqual(bossFailure(down)['stack']);
  const quoting = Object.assign(new Error('invalid input syntax: "canary"'), { code: '22P02', parameters: ['canary'] });
  expect(JSON.stringify(bossFailure(copied(quoting)))).not.toContain('canary');
});
