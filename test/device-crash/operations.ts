import type { FakeServer } from '../../sdk/src/testing/fake-server.ts';
import type { Deed } from './promises.ts';

/** The server's side of a crash world: rows that say how often, and in which order, each thing has happened. */
export class Operations {
  readonly #server: FakeServer;
  /** How many notes have taken effect. */
  order = 0;

  constructor(server: FakeServer) {
    this.#server = server;
    this.mendNotes();
    server.mutators['confirm'] = ({ deliveryId }: { deliveryId: string }) => {
      const row = server.row('deliveries', deliveryId);
      if (row?.['status'] !== 'pending') {
        return { status: 'rejected', error: { code: 'already_confirmed', message: 'It is confirmed already' } };
      }
      server.write('deliveries', deliveryId, { ...row, status: 'confirmed' }, ['agent:a1']);
      return { status: 'applied', result: { receiptNo: `R-${deliveryId}` } };
    };
    for (let at = 1; at <= 4; at += 1) {
      server.write('deliveries', `d${at}`, { id: `d${at}`, status: 'pending', amountPaise: 100 }, ['agent:a1']);
    }
  }

  /** From now on notes become dead letters. */
  breakNotes(): void {
    this.#server.mutators['note'] = () => ({ status: 'dead', error: { code: 'halted', message: 'It fails' } });
  }

  mendNotes(): void {
    this.#server.mutators['note'] = ({ text }: { text: string }) => {
      this.#write(text);
      return { status: 'applied' };
    };
  }

  /** They close a dead letter: it will never be run. */
  close({ key = '' }: Deed): void {
    const closed = { key, ...this.#server.receipts.get(key), closeReason: 'paid by hand' };
    this.#server.write('receipts', key, closed, ['actor:a1']);
  }

  /** They have a dead letter run again, and now it works. */
  runAgain({ key = '', label }: Deed): void {
    this.#write(label);
    this.#server.receipts.set(key, { status: 'applied' });
    this.#server.write('receipts', key, { key, status: 'applied' }, ['actor:a1']);
  }

  #write(label: string): void {
    const times = Number(this.#server.row('notes', label)?.['times'] ?? 0);
    const row = { id: label, text: label, times: times + 1, order: (this.order += 1) };
    this.#server.write('notes', label, row, ['agent:a1']);
  }
}
