/** The least that an app bundles: the client, a store, a model, and the cache of TanStack Query that its adapter brings. */
import { QueryClient } from '@tanstack/query-core';
import { client } from './client.ts';

Object.assign(globalThis, { client, queries: new QueryClient() });
