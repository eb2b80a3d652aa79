import { expect, test, vi } from 'vitest';
import { StatusBoard } from './status.ts';

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
