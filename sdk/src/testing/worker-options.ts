import type { ClientOptions } from '../client-options.ts';
import { idbStore } from '../store/idb/index.ts';
import { model, type TestModel } from './model.ts';

/** The client that a page and its service worker both open. */
export const options: ClientOptions<TestModel> = {
  model,
  url: '',
  actor: { tenant: 'pennco', id: 'a1' },
  token: () => 'good',
  store: idbStore(),
};
