import { expect, test, vi } from 'vitest';
import { StatusBoard } from './status.ts';

test('the error reporter hears of each failure once, until a sync has succeeded, and may throw', () => {
  const told: [unknown, string][] = [];
  const board = new StatusBoard(
    true,
    () => 0,
    (error, code) => {
      told.push([error, code]);
      throw new Error('the reporter is broken');
    },
  );
  const [first, second] = [new Error('no line'), new Error('no room')];
  board.failed('network', first);
  board.failed('network', new Error('still no line'));
  board.failed('not_saved', second);
  expect(told).toEqual([
    [first, 'network'],
    [second, 'not_saved'],
  ]);
  board.set({ lastError: null });
  board.failed('not_saved', second);
  expect(told).toHaveLength(3);
});

test('a listener that throws keeps the news from nobody, and shows in the status', () => {
  const board = new StatusBoard(true, () => 0);
  const heard = vi.fn<() => void>();
  board.subscribe(() => {
    throw new Error('render failed');
  });
  board.subscribe(heard);
  board.set({ pending: 1 });
  expect(heard).toHaveBeenCalledTimes(1);
  expect(board.get()).toMatchObject({ pending: 1, lastError: { code: 'listener_failed', message: 'render failed' } });
});
