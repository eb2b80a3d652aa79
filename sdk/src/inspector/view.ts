import type { InspectedMutation, InspectedReceipt, Inspection } from '../support/index.ts';
import { element, facts, section, table } from './elements.ts';
import { ago, bytes, clockInWords, duration } from './in-words.ts';

type Kind = 'good' | 'wait' | 'bad' | 'calm';

/** What the panel shows of a client. It is built once; each inspection only changes what it says. */
export interface View {
  readonly chip: HTMLElement;
  readonly body: readonly HTMLElement[];
  show(seen: Inspection): void;
}

export function createView(): View {
  const chip = element('span', { class: 'chip' });
  const tiles = facts({
    unsent: 'Not sent',
    oldest: 'Oldest of them',
    attention: 'Needs attention',
    synced: 'Last full sync',
    clock: 'This clock',
    trip: 'Last round trip',
  });
  tiles.list.className = 'tiles';
  const queueCount = element('span', { class: 'chip' });
  const queue = table('mutations', 'Queue', ['No.', 'Mutation', 'State', 'Age']);
  const receiptCount = element('span', { class: 'chip' });
  const receipts = table('mutations', 'Outcomes', ['No.', 'Mutation', 'Outcome', 'Stored']);
  const errors = table('errors', 'Errors', ['Error', 'Times', 'Last']);
  const scopes = table('scopes', 'Scopes', ['Scope', 'Rows', 'Version']);
  const replica = facts({ revision: 'Revision', cursor: 'Cursor', progress: 'Still to come' });
  const line = facts({
    batch: 'Mutations a request',
    page: 'Changes an answer',
    rate: 'Carries',
    wait: 'Waits for an answer',
    trip: 'Last round trip',
    tab: 'This tab',
  });
  const device = facts({
    actor: 'Person',
    client: 'Client id',
    model: 'Model',
    storage: 'Storage',
    persisted: 'Kept when space is low',
  });
  const grouped = (...parts: HTMLElement[]) => element('div', { class: 'facts' }, ...parts);
  const left = element(
    'div',
    {},
    section('Queue', queueCount, queue.frame),
    section('Outcomes', receiptCount, receipts.frame),
    section('Errors', undefined, errors.frame),
  );
  const right = element(
    'div',
    {},
    section('Line', undefined, grouped(line.list)),
    section('Replica', undefined, scopes.frame, grouped(replica.list)),
    section('Device', undefined, grouped(device.list)),
  );
  return {
    chip,
    body: [tiles.list, element('div', { class: 'columns' }, left, right)],
    show(seen) {
      const { at, status, line: figures, storage } = seen;
      const [kind, words] = lineOf(seen);
      chip.dataset['kind'] = kind;
      chip.textContent = words;
      const trip = figures.lastRoundTripMs === null ? '–' : duration(figures.lastRoundTripMs);
      tiles.show({
        unsent: String(status.pending),
        oldest: ago(status.oldestUnsentAt, at),
        attention: String(status.needsAttention),
        synced: ago(status.lastSyncedAt, at),
        clock: clockInWords(status.clockErrorMs),
        trip,
      });
      queueCount.textContent = String(seen.queue.length);
      queue.show(
        seen.queue.first.map((entry) => [
          String(entry.id),
          named(entry, seen.model),
          state(entry),
          duration(entry.ageMs),
        ]),
        'Everything has its outcome.',
      );
      receiptCount.textContent = String(seen.receipts.kept);
      receipts.show(
        seen.receipts.last.map((entry) => [
          String(entry.id),
          named(entry, seen.model),
          outcome(entry),
          ago(entry.settledAt, at),
        ]),
        'No outcome is kept.',
      );
      errors.show(
        [...seen.errors]
          .reverse()
          .map(({ code, message, lastAt, times }) => [
            element('span', {}, code, element('small', {}, message)),
            `${times}×`,
            ago(lastAt, at),
          ]),
        'Nothing has gone wrong.',
      );
      scopes.show(
        Object.entries(seen.scopes).map(([scope, { rows, version }]) => [scope, String(rows), String(version)]),
        'No rows yet.',
      );
      replica.show({
        revision: String(seen.revision),
        cursor: seen.cursor ?? '–',
        progress: status.progress ? `${status.progress.of - status.progress.rows} rows` : 'nothing',
      });
      line.show({
        batch: String(figures.batch),
        page: String(figures.page),
        rate: `${bytes(figures.bytesPerSecond)} a second`,
        wait: duration(figures.waitMs),
        trip,
        tab: seen.tab === 'leads' ? 'syncs' : 'leaves syncing to another tab',
      });
      device.show({
        actor: `${seen.actor.id} (${seen.actor.tenant})`,
        client: seen.clientId,
        model: String(seen.model),
        storage: storage ? `${bytes(storage.usage)} of ${bytes(storage.quota)}` : 'not known',
        persisted: storage ? (storage.persisted ? 'yes' : 'no: the browser may clear it') : 'not known',
      });
    },
  };
}

function lineOf({ status }: Inspection): [Kind, string] {
  if (status.signedOut) return ['calm', 'Signed out'];
  if (status.updateRequired) return ['bad', 'Update required'];
  if (status.needsToken) return ['bad', 'Needs a token'];
  if (!status.online) return ['calm', 'Offline'];
  if (status.syncing) return ['wait', 'Syncing'];
  return status.lastError ? ['bad', status.lastError.code] : ['good', 'Online'];
}

/** @param current the app's model; one of another is worth saying */
function named({ name, key, model, replaces }: InspectedMutation, current: number): HTMLElement {
  const more = [
    key,
    ...(model === current ? [] : [`model ${model}`]),
    ...(replaces === undefined ? [] : [`instead of ${shortened(replaces)}`]),
  ];
  return element('span', {}, name, element('small', {}, more.join(' · ')));
}

/** Enough of a key to find it by. */
function shortened(key: string): string {
  return `${key.slice(0, 13)}…`;
}

function state({ state }: InspectedMutation): HTMLElement {
  const words = state === 'saved' ? 'saved' : state === 'sent' ? 'handed to the network' : 'sent again';
  return element('span', { class: 'chip', 'data-kind': state === 'saved' ? 'calm' : 'wait' }, words);
}

function outcome({ state, error, needsAttention, replacedBy }: InspectedReceipt): HTMLElement {
  const kind = state === 'applied' ? 'good' : needsAttention ? 'bad' : 'calm';
  const more = [error, replacedBy && `done again as ${shortened(replacedBy)}`].filter(Boolean).join(' · ');
  return element('span', {}, element('span', { class: 'chip', 'data-kind': kind }, state), element('small', {}, more));
}
