import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type * as reactQuery from '@tanstack/react-query';
import type * as solidQuery from '@tanstack/solid-query';
import type * as svelteQuery from '@tanstack/svelte-query';
import type * as vueQuery from '@tanstack/vue-query';
import { expect, expectTypeOf, test } from 'vitest';
import type { client as pageClient } from './client.ts';

interface Adapters {
  react: typeof reactQuery;
  solid: typeof solidQuery;
  svelte: typeof svelteQuery;
  vue: typeof vueQuery;
}

/** Never called: only what the compiler makes of it counts. The adapters bring four versions of query-core. */
const rowsBy = (client: typeof pageClient, { react, vue, solid, svelte }: Adapters) => ({
  react: react.useQuery(client.query('deliveries')).data,
  vue: vue.useQuery(() => client.query('deliveries')).data.value,
  solid: solid.useQuery(() => client.query('deliveries')).data,
  svelte: svelte.createQuery(() => client.query('deliveries')).data,
});

const countOf = (client: typeof pageClient, { react }: Adapters) =>
  react.useQuery({ ...client.query('deliveries'), select: (rows) => rows.length }).data;

test('every adapter knows the rows', () => {
  type Rows = { id: string; status: 'pending' | 'confirmed'; amountPaise: number }[] | undefined;
  expectTypeOf(rowsBy).returns.toEqualTypeOf<{ react: Rows; vue: Rows; solid: Rows; svelte: Rows }>();
  expectTypeOf(countOf).returns.toEqualTypeOf<number | undefined>();
});

test.each([
  ['vue-tsc', '--noEmit', '--project', 'vue'],
  ['svelte-check', '--workspace', 'svelte', '--tsconfig', './tsconfig.json', '--fail-on-warnings'],
])('%s finds nothing wrong with the page and its template', async (command, ...args) => {
  const bin = join(import.meta.dirname, '../node_modules/.bin', command);
  const problems = await promisify(execFile)(bin, args, { cwd: import.meta.dirname }).then(
    () => '',
    (error: { stdout: string; message: string }) => error.stdout || error.message,
  );
  expect(problems).toBe('');
});
