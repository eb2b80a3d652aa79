import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../chaos/chance.ts';
import type { FieldPhone } from './field-phone.ts';
import type { Notebook } from './note.ts';

/** Days are days of the operator's time zone. */
const dayOf = (moment: string) =>
  new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(new Date(moment));

/** One agent: walks from village to village, with one phone or two, and with a signal now and then. */
export class FieldAgent {
  readonly #phones: readonly FieldPhone[];
  readonly #chance: Chance;
  readonly #notebook: Notebook;

  constructor(phones: readonly FieldPhone[], chance: Chance, notebook: Notebook) {
    this.#phones = phones;
    this.#chance = chance;
    this.#notebook = notebook;
  }

  get phones(): readonly FieldPhone[] {
    return this.#phones;
  }

  /** Works off the day's deliveries until `until`, in milliseconds since 1970. */
  async work(until: number): Promise<void> {
    const chance = this.#chance;
    // The first look at the day needs a line; then it comes and goes.
    while (Date.now() < until && !(await this.#hasTheDay())) await sleep(300);
    while (Date.now() < until) {
      const phone = chance.pick(this.#phones);
      if (phone === undefined) return;
      const open = await phone.client.count.read('deliveries', { where: { status: 'pending' } });
      const left = until - Date.now();
      await sleep(Math.max(1, Math.min((left / (open * 0.9 + 2)) * (0.3 + chance.random()), left)));
      for (const one of this.#phones) if (chance.is(0.15)) one.setDark(chance.is(0.4));
      await this.#act(phone);
    }
  }

  /** The day is over: what is left is sent, and the cash is counted. @returns whether all of it was */
  async goHome(until: number): Promise<boolean> {
    for (const phone of this.#phones) phone.setDark(false);
    if (!(await this.#settled(until))) return false;
    const [first] = this.#phones;
    if (first !== undefined) await this.#closeDays(first);
    if (!(await this.#settled(until))) return false;
    for (const phone of this.#phones) {
      await phone.noteShown();
      await phone.client.close();
    }
    return true;
  }

  async #hasTheDay(): Promise<boolean> {
    const counts = await Promise.all(this.#phones.map((phone) => phone.client.count.read('deliveries')));
    return counts.every((count) => count > 0);
  }

  /** Twice in a row: what one phone sent in the first round, the other one has fetched only after the second. */
  async #settled(until: number): Promise<boolean> {
    for (let rounds = 0; Date.now() < until;) {
      const settled = await Promise.all(this.#phones.map((phone) => phone.settle()));
      rounds = settled.every(Boolean) ? rounds + 1 : 0;
      if (rounds === 2) return true;
      if (rounds === 0) await sleep(500);
    }
    return false;
  }

  async #act(phone: FieldPhone): Promise<void> {
    const chance = this.#chance;
    const now = new Date().toISOString();
    if (chance.is(0.35)) {
      const place = { lat: 20 + chance.random(), lng: 78 + chance.random(), accuracyM: chance.below(80) };
      await phone.mutate('recordLocation', { ...place, at: now });
    }
    const again = chance.is(0.08);
    const rows = await phone.client.read('deliveries', { where: { status: again ? 'failed' : 'pending' } });
    const delivery = chance.pick(rows);
    if (delivery === undefined) return;
    const { id: deliveryId, amountPaise } = delivery;
    const confirm = async (on: FieldPhone, paise = amountPaise) => {
      await on.mutate('confirmDelivery', { deliveryId, amountPaise: paise, confirmedAt: now });
    };
    const kind = chance.below(100);
    // A slip of the finger: the server knows the amount.
    if (kind < 2) return confirm(phone, amountPaise + 100);
    if (kind < 11) {
      await phone.mutate('failDelivery', { deliveryId, reason: 'not_home' });
      return;
    }
    await confirm(phone);
    // Impatient thumbs, and two phones in one pocket.
    if (kind < 14) await confirm(phone);
    for (const other of this.#phones) if (other !== phone && chance.is(0.4)) await confirm(other);
  }

  async #closeDays(phone: FieldPhone): Promise<void> {
    const rows = await phone.client.read('deliveries', { where: { status: 'confirmed' } });
    const own = new Map(this.#phones.flatMap(({ applied }) => [...applied]));
    const days = Map.groupBy(
      rows.filter(({ id }) => own.has(id)),
      ({ confirmedAt }) => dayOf(confirmedAt ?? new Date().toISOString()),
    );
    for (const [date, confirmed] of days) {
      const sumOf = (kind: string) =>
        confirmed.filter((row) => row.kind === kind).reduce((sum, { id }) => sum + (own.get(id) ?? 0), 0);
      const counted = {
        ...{ date, collectedPaise: sumOf('collection'), disbursedPaise: sumOf('disbursement') },
        count: confirmed.length,
      };
      const { outcome } = await phone.mutate('closeDay', counted);
      const { state, result } = await outcome;
      const differences = state === 'applied' ? result.differences : state;
      this.#notebook.write({ note: 'closed', phone: phone.name, ...counted, differences });
    }
  }
}
