import type { Evidence } from './evidence.ts';
import { agentOf, type Promised, promisesOf } from './phone-notes.ts';
import { Purse } from './purse.ts';
import { checkReasons } from './reasons.ts';
import { tenants } from './tenants.ts';

/** A place that money passes, with what stands there for one tenant. */
export interface Station {
  readonly station: string;
  readonly count: number;
  /** Undefined where nothing of money is noted. */
  readonly paise: number | undefined;
}

export interface Books {
  readonly stations: Readonly<Record<string, readonly Station[]>>;
  /** Every rupee is accounted for when there is none. */
  readonly violations: readonly string[];
}

/** Rows that a message names. */
const mostRows = 5;

/** Compares every station with the one before it, row by row, and with what people and partners noted themselves. */
export function closeBooks(evidence: Evidence): Books {
  const violations: string[] = [];
  const stations = Object.fromEntries(
    tenants.map((tenant) => {
      const found: string[] = [];
      const list = new TenantBooks(evidence, tenant, found).close();
      violations.push(...found.map((what) => `${tenant}: ${what}`));
      return [tenant, list];
    }),
  );
  const strangers = evidence.effects.filter(({ tenant }) => !tenants.some((one) => one === tenant));
  for (const { party, key } of strangers) violations.push(`${party} did ${key} for nobody that we know`);
  return { stations, violations };
}

class TenantBooks {
  readonly #evidence: Evidence;
  readonly #tenant: string;
  readonly #found: string[];
  readonly #list: Station[] = [];

  constructor(evidence: Evidence, tenant: string, found: string[]) {
    this.#evidence = evidence;
    this.#tenant = tenant;
    this.#found = found;
  }

  close(): Station[] {
    const given = this.#own(this.#evidence.given);
    const promised = promisesOf(this.#evidence.notes, this.#tenant);
    this.#station(
      'the day as given',
      new Purse(
        'given',
        given.map(({ id, paise }) => [id, paise]),
      ),
    );
    const confirmed = this.#phones(promised);
    this.#receipts(promised);
    checkReasons(this.#evidence, this.#tenant, promised, this.#found);
    this.#server(confirmed, promised);
    this.#outbox(confirmed);
    const paidOut = this.#partner(confirmed);
    this.#bank(paidOut);
    this.#closings(promised);
    this.#screens();
    return this.#list;
  }

  /** @returns what the phones were told has been applied: the measure of everything behind it */
  #phones(promised: readonly Promised[]): Purse {
    const confirmations = promised.filter(({ name }) => name === 'confirmDelivery');
    const purse = (name: string, of: readonly Promised[]) =>
      new Purse(
        name,
        of.map(({ key, amountPaise }) => [key, amountPaise ?? 0]),
      );
    const applied = confirmations.filter(({ told }) => told?.state === 'applied');
    this.#station('phone: confirmations promised by mutate()', purse('promised', confirmations));
    this.#station('phone: told applied', purse('applied', applied));
    const rejected = confirmations.filter(({ told }) => told?.state === 'rejected');
    this.#station('phone: told rejected, with a reason', purse('rejected', rejected));
    for (const { key, name, phone, told } of promised) {
      if (told === undefined && name !== 'recordLocation')
        this.#found.push(`${name} ${key} was promised by ${phone} and never answered`);
    }
    const confirmed = new Purse(
      'phone: told applied',
      applied.map(({ deliveryId, amountPaise }) => [deliveryId ?? '', amountPaise ?? 0]),
    );
    const given = new Map(this.#own(this.#evidence.given).map((row) => [row.id, row.paise]));
    this.#same(
      new Purse(
        'the day as given',
        applied.map(({ deliveryId = '' }) => [deliveryId, given.get(deliveryId) ?? 0]),
      ),
      confirmed,
    );
    return confirmed;
  }

  /** Each promise has one receipt that says what the phone was told; and there is no receipt that nobody asked for. */
  #receipts(promised: readonly Promised[]): void {
    const receipts = this.#own(this.#evidence.stations.receipts);
    const confirmations = receipts.filter(({ name }) => name === 'confirmDelivery');
    for (const status of ['applied', 'rejected']) {
      const of = confirmations.filter((receipt) => receipt.status === status);
      this.#station(
        `receipts: ${status}`,
        new Purse(
          status,
          of.map(({ key, paise }) => [key, paise ?? 0]),
        ),
      );
    }
    const said = (name: string, status: string, code: string | undefined | null, what: string | undefined | null) =>
      `${name} ${status} ${code ?? ''} ${what ?? ''}`;
    const byKey = new Map(
      receipts.map((one) => [one.key, said(one.name, one.status, one.code, one.receiptNo ?? one.deliveryId)]),
    );
    const asked = new Map<string, string>();
    for (const { key, name, told, deliveryId } of promised) {
      if (name === 'recordLocation') continue;
      asked.set(key, said(name, told?.state ?? 'never told', told?.code, told?.receiptNo ?? deliveryId));
    }
    for (const { key, name, status, code, deliveryId } of this.#own(this.#evidence.office))
      asked.set(key, said(name, status, code, deliveryId));
    for (const key of new Set([...byKey.keys(), ...asked.keys()])) {
      const [receipt, person] = [byKey.get(key), asked.get(key)];
      if (receipt !== person)
        this.#found.push(
          `receipt ${key}: ${person === undefined ? 'nobody asked for it' : `whoever asked was told "${person}"`}, and ${receipt === undefined ? 'there is no receipt' : `the receipt says "${receipt}"`}`,
        );
    }
  }

  #server(confirmed: Purse, promised: readonly Promised[]): void {
    const { stations } = this.#evidence;
    const rows = this.#own(stations.deliveries);
    for (const status of ['confirmed', 'failed', 'cancelled', 'pending']) {
      const of = rows.filter((row) => row.status === status);
      const purse = new Purse(
        `deliveries: ${status}`,
        of.map(({ id, paise }) => [id, paise]),
      );
      this.#station(purse.name, purse);
      if (status === 'confirmed') this.#same(confirmed, purse);
    }
    const total = this.#own(this.#evidence.given).reduce((sum, { paise }) => sum + paise, 0);
    const now = rows.reduce((sum, { paise }) => sum + paise, 0);
    if (total !== now) this.#found.push(`the day was given with ${total} paise, and its deliveries have ${now}`);
    const ledger = this.#own(stations.ledger);
    for (const kind of ['debit', 'credit']) {
      const of = ledger.filter((entry) => entry.kind === kind);
      const purse = new Purse(
        `ledger: ${kind}s`,
        of.map(({ deliveryId, paise }) => [deliveryId, paise]),
      );
      this.#station(purse.name, purse);
      this.#same(confirmed, purse);
    }
    // Whose purse, by the rules of the operation: a collection fills the agent's, a disbursement empties it.
    const kinds = new Map(this.#own(this.#evidence.given).map((row) => [row.id, row]));
    const should = promised.flatMap(({ name, told, deliveryId = '', agentId, key }) => {
      const row = kinds.get(deliveryId);
      if (name !== 'confirmDelivery' || told?.state !== 'applied' || row === undefined) return [];
      const [debit, credit] = [`agent_cash:${agentId}`, `mfi:${row.mfiId}`];
      const [from, to] = row.kind === 'collection' ? [debit, credit] : [credit, debit];
      return [`${deliveryId} debit ${from} ${key}`, `${deliveryId} credit ${to} ${key}`];
    });
    const does = ledger.map(({ deliveryId, kind, accountId, key }) => `${deliveryId} ${kind} ${accountId} ${key}`);
    this.#sameLines('whose cash it is', should, 'the ledger', does);
  }

  #outbox(confirmed: Purse): void {
    const { stations, effects, heard } = this.#evidence;
    const jobs = this.#own(stations.jobs);
    for (const name of ['sms', 'mfi-webhook']) {
      const of = jobs.filter((job) => job.name === name);
      const purse = new Purse(
        `outbox: ${name} jobs`,
        of.map(({ deliveryId, paise }) => [deliveryId, paise ?? 0]),
      );
      this.#station(purse.name, purse);
      this.#same(confirmed, purse);
    }
    for (const { name, deliveryId } of jobs.filter((job) => job.name.endsWith('-dead')))
      this.#found.push(`there is a dead letter in ${name}, of ${deliveryId}`);
    // By its receipt's number in the text: the partner knows nothing of deliveries.
    const numbers = new Map(
      this.#own(stations.deliveries).flatMap(({ id, receiptNo }) => (receiptNo === null ? [] : [[receiptNo, id]])),
    );
    const texts = this.#own(effects).filter(({ paise }) => paise === 0);
    const sms = texts.map(({ what }) => {
      const [, rupees = '', number = ''] = /Rs ([\d,.]+) .*Receipt ([0-9A-Z]{5}-[0-9A-Z]{5})/.exec(what) ?? [];
      return [numbers.get(number) ?? what, Math.round(Number(rupees.replaceAll(',', '')) * 100)] as const;
    });
    const purse = new Purse('partner: SMS taken', sms);
    this.#station(purse.name, purse);
    this.#same(confirmed, purse);
    const events = new Map(
      heard
        .filter(({ endpoint, valid }) => valid && endpoint.startsWith(`${this.#tenant}-`))
        .map(({ webhookId, body }) => [
          webhookId,
          JSON.parse(body) as { data: { deliveryId: string; amountPaise: number } },
        ]),
    );
    const webhooks = new Purse(
      'partner: webhooks heard, each id once',
      [...events.values()].map(({ data }) => [data.deliveryId, data.amountPaise]),
    );
    this.#station(webhooks.name, webhooks);
    this.#same(confirmed, webhooks);
  }

  /** @returns what the partner really paid, by disbursement */
  #partner(confirmed: Purse): Purse {
    const { stations, effects } = this.#evidence;
    const given = new Map(this.#own(this.#evidence.given).map((row) => [row.id, row]));
    const disbursed = confirmed.only('phone: disbursements applied', (id) => given.get(id)?.kind === 'disbursement');
    this.#station(disbursed.name, disbursed);
    const payouts = this.#own(stations.payouts);
    const jobs = this.#own(stations.jobs).filter(({ name }) => name === 'payment');
    const paise = new Map(payouts.map(({ deliveryId, paise: amount }) => [deliveryId, amount]));
    const requested = new Purse(
      'outbox: payment jobs',
      jobs.map(({ deliveryId }) => [deliveryId, paise.get(deliveryId) ?? 0]),
    );
    this.#station(requested.name, requested);
    this.#same(disbursed, requested);
    const paid = new Purse(
      'payouts: paid',
      payouts.filter(({ status }) => status === 'paid').map(({ deliveryId, paise: amount }) => [deliveryId, amount]),
    );
    this.#station(paid.name, paid);
    this.#same(disbursed, paid);
    const orders = this.#own(effects).filter((effect) => effect.paise > 0);
    const partner = new Purse(
      'partner: really paid',
      orders.map(({ what, paise: amount }) => [what.split(' ')[1] ?? what, amount]),
    );
    this.#list.push({
      station: partner.name,
      count: orders.length,
      paise: orders.reduce((sum, order) => sum + order.paise, 0),
    });
    this.#same(disbursed, partner);
    for (const { what, to } of orders) {
      const deliveryId = what.split(' ')[1] ?? '';
      const agentId = payouts.find((payout) => payout.deliveryId === deliveryId)?.agentId;
      if (to !== `fa_${this.#tenant}${agentId}`)
        this.#found.push(`the partner paid ${deliveryId} to ${to}, not to ${agentId}`);
    }
    return new Purse(
      partner.name,
      orders.map(({ what, paise: amount }) => [given.get(what.split(' ')[1] ?? '')?.disbursementId ?? what, amount]),
    );
  }

  #bank(partner: Purse): void {
    const night = this.#evidence.nights.get(this.#tenant);
    if (night === undefined) return;
    const { stations } = this.#evidence;
    const { entries } = night;
    const lines = entries.filter(({ line }) => line !== 'missing');
    const told = lines.flatMap((entry) => (entry.line === 'told twice' ? [entry, entry] : [entry]));
    this.#list.push({
      station: 'bank: lines of the file',
      count: told.length,
      paise: told.reduce((sum, { bankPaise }) => sum + bankPaise, 0),
    });
    this.#same(
      partner,
      new Purse(
        'bank: what it is of',
        entries.map(({ disbursementId, paise }) => [disbursementId, paise]),
      ),
    );
    const items = this.#own(stations.items);
    const groups = [
      ['matched', ['fits', 'told twice']],
      ['mismatched', ['wrong']],
      ['missing', ['missing']],
    ] as const;
    for (const [group, planted] of groups) {
      const of = entries.filter(({ line }) => planted.some((one) => one === line));
      const banks = new Purse(
        `bank: ${planted.join(' or ')}`,
        of.map(({ disbursementId, bankPaise }) => [disbursementId, bankPaise]),
      );
      this.#station(banks.name, banks);
      const found = items.filter((item) => item.group === group);
      const report = new Purse(
        `settlement report: ${group}`,
        found.map(({ disbursementId, banks: paise }) => [disbursementId, paise ?? 0]),
      );
      this.#station(report.name, report);
      this.#same(banks, report);
    }
    for (const { group, disbursementId } of items.filter((item) => !groups.some(([name]) => name === item.group)))
      this.#found.push(`the settlement has ${disbursementId} as ${group}, and nobody planted that`);
    const doubled = this.#own(stations.lines).filter(({ group }) => group === 'doubled');
    const twice = entries.filter(({ line }) => line === 'told twice');
    this.#list.push({
      station: 'settlement report: lines told twice',
      count: doubled.length,
      paise: doubled.reduce((sum, { paise }) => sum + (paise ?? 0), 0),
    });
    this.#sameLines(
      'the bank told twice',
      twice.map(({ disbursementId }) => disbursementId),
      'the report',
      doubled.map(({ disbursementId }) => disbursementId ?? 'nothing'),
    );
    const states = new Map<string, string>(
      entries.map(({ disbursementId, line }) => [
        disbursementId,
        line === 'wrong' ? 'mismatch' : line === 'missing' ? 'disbursed' : 'reconciled',
      ]),
    );
    const disbursements = this.#own(stations.disbursements);
    for (const status of ['reconciled', 'mismatch', 'disbursed', 'open']) {
      const of = disbursements.filter((row) => row.status === status);
      this.#station(
        `disbursements: ${status}`,
        new Purse(
          status,
          of.map(({ id, paise }) => [id, paise]),
        ),
      );
    }
    this.#sameLines(
      'the bank’s file',
      disbursements.map(({ id }) => `${id} ${states.get(id) ?? 'open'}`),
      'disbursements',
      disbursements.map(({ id, status }) => `${id} ${status}`),
    );
    this.#sameLines(
      'the bank’s file',
      lines.map(({ disbursementId, bankPaise }) => `${disbursementId} applied ${bankPaise}`),
      'posted reconciliations',
      this.#own(stations.posted).map(({ disbursementId, status, paise }) => `${disbursementId} ${status} ${paise}`),
    );
    const [run] = this.#own(stations.runs);
    if (run?.state !== 'done') this.#found.push(`the settlement run is ${run?.state ?? 'not there'}`);
  }

  /** What agents counted themselves is what the ledger has of them. */
  #closings(promised: readonly Promised[]): void {
    const closed = this.#evidence.notes.flatMap((note) =>
      note.note === 'closed' && note.phone.startsWith(`${this.#tenant}/`) ? [note] : [],
    );
    this.#list.push({
      station: 'day closes: counted by agents',
      count: closed.reduce((sum, { count }) => sum + count, 0),
      paise: closed.reduce((sum, one) => sum + one.collectedPaise + one.disbursedPaise, 0),
    });
    for (const { phone, date, differences } of closed) {
      if (JSON.stringify(differences) !== '{"count":0,"collectedPaise":0,"disbursedPaise":0}' && !isZero(differences))
        this.#found.push(`${phone} counted another ${date} than the ledger: ${JSON.stringify(differences)}`);
    }
    const agents = new Set(closed.map(({ phone }) => agentOf(phone)));
    const idle = new Set(
      promised
        .filter(({ name, told }) => name === 'confirmDelivery' && told?.state === 'applied')
        .map(({ agentId }) => agentId),
    );
    for (const agentId of idle) if (!agents.has(agentId)) this.#found.push(`${agentId} has not closed the day`);
  }

  /** What the phones show is what the server has, and every ping is there. */
  #screens(): void {
    const { notes, stations, tracksBefore } = this.#evidence;
    const shown = notes.flatMap((note) =>
      note.note === 'shown' && note.phone.startsWith(`${this.#tenant}/`) ? [note] : [],
    );
    const rows = Map.groupBy(this.#own(stations.deliveries), ({ agentId }) => agentId);
    for (const { phone, deliveries } of shown) {
      this.#sameLines(
        `the screen of ${phone}`,
        deliveries.map(({ id, status, amountPaise, receiptNo }) => `${id} ${status} ${amountPaise} ${receiptNo}`),
        'the server',
        (rows.get(agentOf(phone)) ?? []).map(
          ({ id, status, paise, receiptNo }) => `${id} ${status} ${paise} ${receiptNo}`,
        ),
      );
    }
    const own = notes.filter((note) => 'phone' in note && note.phone.startsWith(`${this.#tenant}/`));
    const pings = own.flatMap((note) => (note.note === 'saved' && note.name === 'recordLocation' ? [note.key] : []));
    const tried = own.filter((note) => note.note === 'trying' && note.name === 'recordLocation').length;
    const keys = this.#own(stations.track)
      .map(({ key }) => key)
      .filter((key) => !tracksBefore.has(key));
    this.#list.push({ station: 'phone: pings', count: pings.length, paise: undefined });
    this.#list.push({ station: 'server: positions in the track', count: keys.length, paise: undefined });
    const kept = new Set(keys);
    for (const key of pings) if (!kept.has(key)) this.#found.push(`the ping ${key} left no trace`);
    // Who was killed between saving and noting has one more.
    if (keys.length > Math.max(tried, pings.length))
      this.#found.push(`${tried} pings were tried, and ${keys.length} left a trace`);
  }

  #own<Row extends { readonly tenant: string }>(rows: readonly Row[]): Row[] {
    return rows.filter(({ tenant }) => tenant === this.#tenant);
  }

  #station(station: string, purse: Purse): void {
    this.#list.push({ station, count: purse.count, paise: purse.paise });
  }

  #same(one: Purse, other: Purse): void {
    const rows = one.differences(other);
    if (rows.length > 0)
      this.#found.push(
        `"${one.name}" (${one.count}, ${one.paise} paise) is not "${other.name}" (${other.count}, ${other.paise} paise), in ${rows.length} rows: ${rows.slice(0, mostRows).join('; ')}`,
      );
  }

  #sameLines(one: string, ones: readonly string[], other: string, others: readonly string[]): void {
    const missing = surplus(ones, others);
    const extra = surplus(others, ones);
    const rows = [...missing.map((row) => `only in ${one}: ${row}`), ...extra.map((row) => `only in ${other}: ${row}`)];
    if (rows.length > 0)
      this.#found.push(`${one} and ${other} differ in ${rows.length} rows: ${rows.slice(0, mostRows).join('; ')}`);
  }
}

/** What the first has more often than the second. */
function surplus(ones: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1);
  return ones.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  });
}

function isZero(differences: unknown): boolean {
  return (
    typeof differences === 'object' &&
    differences !== null &&
    Object.values(differences as Record<string, unknown>).every((one) => one === 0)
  );
}
