import { MutationObserver, onlineManager, QueryClient } from '@tanstack/query-core';
import { afterEach, expect, test } from 'vitest';

/** Why the guide says to call `client.mutate` itself: what `useMutation` does with it while there is no network. */
const saving = async (options: { networkMode?: 'always' }) => {
  let saved = false;
  const mutationFn = async () => void (saved = true);
  const observer = new MutationObserver(new QueryClient(), { mutationFn, ...options });
  onlineManager.setOnline(false);
  void observer.mutate();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { saved, paused: observer.getCurrentResult().isPaused };
};

afterEach(() => onlineManager.setOnline(true));

test('TanStack Query pauses a mutation before it is saved', async () => {
  expect(await saving({})).toEqual({ saved: false, paused: true });
});

test('with networkMode always, it is saved at once', async () => {
  expect(await saving({ networkMode: 'always' })).toEqual({ saved: true, paused: false });
});
