import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SQLiteConnection } from '@capacitor-community/sqlite/dist/esm/definitions.js';
import type { StoreFactory } from '@ekbaar/sdk';
import { type OpenSqlite, sqliteStore } from '@ekbaar/sdk/store/sqlite';
import { capacitorSqlite } from '@ekbaar/sdk/store/sqlite/capacitor';
import { expoSqlite } from '@ekbaar/sdk/store/sqlite/expo';
import { opSqlite } from '@ekbaar/sdk/store/sqlite/op';
import { storeContract } from '@ekbaar/sdk/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CapacitorPlugin } from './capacitor-plugin.ts';
import { expoPackage } from './expo-package.ts';
import { opPackage } from './op-package.ts';

const directory = mkdtempSync(join(tmpdir(), 'ekbaar-drivers-'));
afterAll(() => rmSync(directory, { recursive: true }));

let expo: Awaited<ReturnType<typeof expoPackage>>;
beforeAll(async () => {
  expo = await expoPackage(directory);
});

const capacitor = (ios: boolean) => capacitorSqlite(new SQLiteConnection(new CapacitorPlugin(directory, ios)));

/** What the packages' own JavaScript makes of the SDK's calls, and the SDK of its answers. */
const drivers = {
  'expo-sqlite': () => expoSqlite(expo),
  'op-sqlite': () => opSqlite(opPackage(directory)),
  'Capacitor on Android': () => capacitor(false),
  'Capacitor on iOS': () => capacitor(true),
} satisfies Record<string, () => OpenSqlite>;

type Name = keyof typeof drivers;

const factoryOf = (name: Name): StoreFactory =>
  sqliteStore({ open: drivers[name](), prefix: `${name.toLowerCase().replaceAll(' ', '-')}-` });

describe.each(Object.keys(drivers) as Name[])('%s', (name) => {
  test.for(storeContract.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    await expect(one.run(factoryOf(name))).resolves.toBeUndefined();
  });
});

test.each(['expo-sqlite', 'op-sqlite'] as const)('%s deletes a file that cannot be read', async (name) => {
  const factory = factoryOf(name);
  writeFileSync(`${directory}/${name}-broken.db`, 'not what SQLite writes'.repeat(1000));
  await expect(factory('broken')).rejects.toMatchObject({ code: 'store_broken' });
  await factory.destroy?.('broken');
  const store = await factory('broken');
  expect(await store.transaction(['log'], 'read', (tx) => tx.list('log'))).toEqual([]);
  await store.close();
});

test('a key is refused by a build that would ignore it', async () => {
  for (const open of [expoSqlite(expo, { key: "it's" }), opSqlite(opPackage(directory), { encryptionKey: 'secret' })]) {
    await expect(sqliteStore({ open })('plain')).rejects.toThrow('SQLCipher');
  }
});

test('Capacitor’s page is loaded again while the native side lives on', async () => {
  const plugin = new CapacitorPlugin(directory, false);
  const loaded = () => sqliteStore({ open: capacitorSqlite(new SQLiteConnection(plugin)) })('reloaded');
  const before = await loaded();
  await before.transaction(['log'], 'durable', (tx) => tx.put('log', 1, 'kept'));
  const after = await loaded();
  expect(await after.transaction(['log'], 'read', (tx) => tx.list('log'))).toEqual(['kept']);
  await after.close();
});
