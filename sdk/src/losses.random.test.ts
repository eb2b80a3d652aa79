import { expect, test } from 'vitest';
import type { Client } from './client.ts';
import { NotSavedError, StoreFullError } from './errors.ts';
import type { Store } from './store/store.ts';
import { readLog } from './tabs/catch-up.ts';
import { idle } from './testing/fake-clock.ts';
import { fakeOrigin } from './testing/fake-origin.ts';
import type { TestModel } from './testing/model.ts';
import { World } from './testing/world.ts';
import { wrapStore } from './testing/wrap-store.ts';

/** What can befall a transaction; the last two only one that writes. */
const fates = ['not begun', 'answer lost', 'taken back', 'disk full'] as const;

/** One phone with some tabs, on which whatever can be lost is lost now and then. */
class Phone {
  readonly world = new World();
  /** How often each note was written by the server. */
  readonly ran = new Map<string, number>();
  /** How many of a hundred transactions and requests are lost. */
  losses = 0;
  #random: number;

  constructor(seed: number) {
    this.#random = (seed * 2654435761) >>> 0;
    const { server } = this.world;
    server.mutators['note'] = ({ text }: { text: string }) => {
      this.ran.set(text, (this.ran.get(text) ?? 0) + 1);
      server.write('notes', text, { id: text, text });
      return { status: 'applied' };
    };
    server.pageSize = 10;
    for (let at = 0; at < 40; at += 1) server.write('notes', `n${at}`, { id: `n${at}`, text: `${at}` });
  }

  /** From 0, below `below`. */
  random(below: number): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return Math.floor(((this.#random >>> 8) / 2 ** 24) * below);
  }

  async turns(most: number): Promise<void> {
    for (let left = this.random(most); left > 0; left -= 1) await new Promise((resolve) => setTimeout(resolve));
  }

  async tabs(): Promise<Client<TestModel>[]> {
    const platform = { ...fakeOrigin(), fetch: this.#fetch };
    const tabs: Client<TestModel>[] = [];
    for (let count = 1 + this.random(3); count > 0; count -= 1) {
      tabs.push(await this.world.client({ platform, store: this.#open, keepOutcomesMs: 1e12 }));
    }
    return tabs;
  }

  get #isLost(): boolean {
    return this.random(100) < this.losses;
  }

  readonly #open = async (name: string): Promise<Store> => {
    const store = await this.world.disk(name);
    return wrapStore(store, async (tables, mode, body) => {
      const fate = this.#isLost ? fates[this.random(mode === 'read' ? 2 : 4)] : undefined;
      const lost = () => new DOMException('Connection to Indexed Database server lost', 'UnknownError');
      if (fate === 'not begun') throw lost();
      await this.turns(3);
      const result = await store.transaction(tables, mode, async (tx) => {
        const given = await body(tx);
        if (fate === 'taken back') throw lost();
        if (fate === 'disk full') throw new StoreFullError(new Error('QuotaExceeded'));
        return given;
      });
      await this.turns(3);
      if (fate === 'answer lost') throw lost();
      return result;
    });
  };

  readonly #fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (!this.#isLost) return this.world.server.fetch(url, init);
    if (this.random(2) === 0) await this.world.server.fetch(url, init);
    throw new TypeError('fetch failed');
  };
}

test.for(Array.from({ length: 6 }, (_, at) => ({ seed: 128 + at })))(
  'transactions, their answers and requests are lost, seed $seed: what was saved happens once, and nothing else',
  { timeout: 60_000 },
  async ({ seed }) => {
    const phone = new Phone(seed);
    const { world, ran } = phone;
    const tabs = await phone.tabs();
    const shown = tabs.map((tab) => {
      const screen: { rows?: readonly unknown[] } = {};
      tab.watch('notes', {}, (rows) => (screen.rows = rows));
      return screen;
    });
    const saved: string[] = [];
    const untold: string[] = [];
    /** As a person does: again when it is said not to be saved; in one tab, which knows what it has sent. */
    const make = async (tab: Client<TestModel>, text: string): Promise<void> => {
      const note = await tab.mutate('note', { text }).catch((error: unknown) => {
        if (!(error instanceof NotSavedError)) throw error;
      });
      if (!note) return tabs.length === 1 ? make(tab, text) : undefined;
      saved.push(text);
      note.confirmed.catch(() => untold.push(text));
    };
    const under: Promise<void>[] = [];
    for (let step = 0; step < 40; step += 1) {
      phone.losses = [0, 0, 10, 40][phone.random(4)] ?? 0;
      const tab = tabs[phone.random(tabs.length)] as Client<TestModel>;
      const deed = phone.random(8);
      if (deed < 4) under.push(make(tab, `t${step}`));
      else if (deed === 4) {
        for (let rows = 1 + phone.random(30); rows > 0; rows -= 1) {
          const id = `n${phone.random(60)}`;
          world.server.write('notes', id, phone.random(6) > 0 ? { id, text: `${step}` } : null);
        }
      } else if (deed === 5) await world.clock.pass(phone.random(70_000));
      else if (deed === 6) void tab.sync().catch(() => {});
      else world.tell('visible');
      if (deed < 2) await under.at(-1);
      await phone.turns(4);
    }
    await Promise.all(under);

    phone.losses = 0;
    await world.clock.pass(1_400_000);
    world.tell('visible');
    await idle();
    for (const tab of tabs) await tab.sync();
    await world.clock.pass(100_000);
    await idle();
    expect(untold).toEqual([]);
    expect(saved.filter((text) => ran.get(text) !== 1)).toEqual([]);
    // Of what was not saved in one of several tabs, another may have sent what nobody could see: once at most.
    expect([...ran].filter(([, times]) => times !== 1)).toEqual([]);
    const lines = [...(world.server.scopes.get('agent:a1')?.lines ?? [])];
    const notes = lines.flatMap(([name, { row }]) => (name.startsWith('notes/') && row ? [row] : []));
    notes.sort((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1));
    const { entries } = await readLog(await world.disk('pennco/a1'));
    const onDisk = entries.filter(({ name }) => name !== '$skip').map(({ key }) => key);
    for (const [at, tab] of tabs.entries()) {
      expect(tab.status.get().pending).toBe(0);
      expect((await tab.readMutations()).map(({ key }) => key)).toEqual(onDisk);
      expect(await tab.read('notes')).toEqual(notes);
      expect(shown[at]?.rows).toEqual(notes);
      await tab.close();
    }
  },
);
