import { agentOf, type Promised } from './phone-notes.ts';
import type { TenantBooks } from './tenant-books.ts';

/** What agents counted themselves is what the ledger has of them. */
export function checkClosings(books: TenantBooks, promised: readonly Promised[]): void {
  const closed = books.evidence.notes.flatMap((note) =>
    note.note === 'closed' && note.phone.startsWith(`${books.tenant}/`) ? [note] : [],
  );
  books.stations.push({
    station: 'day closes: counted by agents',
    count: closed.reduce((sum, { count }) => sum + count, 0),
    paise: closed.reduce((sum, one) => sum + one.collectedPaise + one.disbursedPaise, 0),
  });
  for (const { phone, date, differences } of closed) {
    if (JSON.stringify(differences) !== '{"count":0,"collectedPaise":0,"disbursedPaise":0}' && !isZero(differences))
      books.violations.push(`${phone} counted another ${date} than the ledger: ${JSON.stringify(differences)}`);
  }
  const agents = new Set(closed.map(({ phone }) => agentOf(phone)));
  const idle = new Set(
    promised
      .filter(({ name, told }) => name === 'confirmDelivery' && told?.state === 'applied')
      .map(({ agentId }) => agentId),
  );
  for (const agentId of idle) if (!agents.has(agentId)) books.violations.push(`${agentId} has not closed the day`);
}

/** What the phones show is what the server has, and every ping is there. */
export function checkScreens(books: TenantBooks): void {
  const { notes, stations, tracksBefore } = books.evidence;
  const shown = notes.flatMap((note) =>
    note.note === 'shown' && note.phone.startsWith(`${books.tenant}/`) ? [note] : [],
  );
  const rows = Map.groupBy(books.own(stations.deliveries), ({ agentId }) => agentId);
  for (const { phone, deliveries } of shown) {
    books.compareLines(
      `the screen of ${phone}`,
      deliveries.map(({ id, status, amountPaise, receiptNo }) => `${id} ${status} ${amountPaise} ${receiptNo}`),
      'the server',
      (rows.get(agentOf(phone)) ?? []).map(
        ({ id, status, paise, receiptNo }) => `${id} ${status} ${paise} ${receiptNo}`,
      ),
    );
  }
  const own = notes.filter((note) => 'phone' in note && note.phone.startsWith(`${books.tenant}/`));
  const pings = own.flatMap((note) => (note.note === 'saved' && note.name === 'recordLocation' ? [note.key] : []));
  const tried = own.filter((note) => note.note === 'trying' && note.name === 'recordLocation').length;
  const keys = books
    .own(stations.track)
    .map(({ key }) => key)
    .filter((key) => !tracksBefore.has(key));
  books.stations.push({ station: 'phone: pings', count: pings.length, paise: undefined });
  books.stations.push({ station: 'server: positions in the track', count: keys.length, paise: undefined });
  const kept = new Set(keys);
  for (const key of pings) if (!kept.has(key)) books.violations.push(`the ping ${key} left no trace`);
  // Who was killed between saving and noting has one more.
  if (keys.length > Math.max(tried, pings.length))
    books.violations.push(`${tried} pings were tried, and ${keys.length} left a trace`);
}

function isZero(differences: unknown): boolean {
  return (
    typeof differences === 'object' &&
    differences !== null &&
    Object.values(differences as Record<string, unknown>).every((one) => one === 0)
  );
}
