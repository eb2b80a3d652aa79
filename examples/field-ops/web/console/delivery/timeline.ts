import type { DeliveryHistory, LoggedReceipt } from '../../../src/record-answers.ts';
import { mfiName } from '../../shared/mfi.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { failureInWords } from '../failure-in-words.ts';
import { spanInWords, timesInWords } from '../frame/units.ts';
import { channelInWords } from '../messages/message-words.ts';
import { refusalInWords } from '../refusal-in-words.ts';

/** One thing that happened to a delivery. */
export interface TimelineEvent {
  readonly id: string;
  /** By the server's clock. */
  readonly at: string;
  readonly tone: 'done' | 'plain' | 'refused' | 'dead' | 'money' | 'message';
  readonly title: string;
  /** Who did it, in words. */
  readonly who: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** A receipt's key, for who wants to see what was sent. */
  readonly receipt?: LoggedReceipt;
}

const titles: Readonly<Record<string, Readonly<Record<LoggedReceipt['status'], string>>>> = {
  confirmDelivery: { applied: 'Confirmed', rejected: 'Confirmation refused', dead: 'Confirmation broke' },
  failDelivery: { applied: 'Not delivered', rejected: 'Failure refused', dead: 'Failure broke' },
  assignDelivery: { applied: 'Assigned', rejected: 'Assignment refused', dead: 'Assignment broke' },
  cancelDelivery: { applied: 'Cancelled', rejected: 'Cancelling refused', dead: 'Cancelling broke' },
};

/** Everything that is known of a delivery as one story, the latest first. */
export function timelineOf(history: DeliveryHistory): TimelineEvent[] {
  const events = [
    ...history.receipts.map((receipt) => ofReceipt(history, receipt)),
    ...ofLedger(history),
    ...(history.messages ?? []).map((message): TimelineEvent => ({
      ...{ id: message.id, at: message.createdAt, tone: 'message', who: message.provider ?? 'worker' },
      title: `${channelInWords(message.channel)} ${message.status}`,
      facts: compact([
        ['To', message.channel === 'webhook' ? mfiName(message.recipient) : message.recipient],
        ['Tries', String(message.attempts)],
        ['Taken by the provider', message.sentAt],
        ['Last error', message.lastError],
      ]),
    })),
    ...history.byHand.map((entry, at): TimelineEvent => ({
      ...{ id: `${entry.subject}-${at}`, at: entry.at, tone: 'plain', who: entry.actor },
      title: entry.action.replace('dead_letter.', 'Dead letter ').replaceAll('_', ' '),
      facts: compact([['Details', entry.details === null ? null : JSON.stringify(entry.details)]]),
    })),
    ...ofBank(history),
  ];
  return events.sort((a, b) => b.at.localeCompare(a.at));
}

function ofReceipt({ phones, agents, delivery }: DeliveryHistory, receipt: LoggedReceipt): TimelineEvent {
  const { key, name, status, role, actor, actorName, clientId, deviceAt, serverAt, clockErrorMs } = receipt;
  const args = fieldsOf(receipt.args);
  const error = fieldsOf(receipt.error);
  const phone = phones.find((other) => other.clientId === clientId);
  const agentId = args['agentId'];
  const amount = args['amountPaise'];
  const location = fieldsOf(args['location']);
  const reason = typeof args['reason'] === 'string' ? args['reason'] : null;
  const note = typeof args['note'] === 'string' ? `${reason}: ${args['note']}` : reason;
  return {
    ...{ id: key, at: serverAt, receipt, who: `${actorName} (${role}${actorName === actor ? '' : ` ${actor}`})` },
    tone:
      status === 'applied' ? (name === 'confirmDelivery' ? 'done' : 'plain') : status === 'dead' ? 'dead' : 'refused',
    title: titles[name]?.[status] ?? `${name}: ${status}`,
    facts: compact([
      ['To', typeof agentId === 'string' ? (agents[agentId] ?? agentId) : null],
      ['Amount', typeof amount === 'number' ? formatRupees(amount) : null],
      ['Receipt no.', status === 'applied' && name === 'confirmDelivery' ? delivery.receiptNo : null],
      ['Why', note === null ? null : name === 'failDelivery' ? failureInWords(note) : note],
      ['Refused with', typeof error['code'] === 'string' ? `${error['code']}: ${refusalInWords(receipt)}` : null],
      ['Phone', clientId === null ? 'none: sent by a program' : phone ? `${phone.name} (${clientId})` : clientId],
      ['Device time', deviceAt],
      ['Clock error', clockErrorMs === null ? null : spanInWords(clockErrorMs)],
      ['Delay', deviceAt === null ? null : delayOf(deviceAt, serverAt, clockErrorMs ?? 0)],
      [
        'Where',
        typeof location['lat'] === 'number'
          ? `${location['lat'].toFixed(5)}, ${Number(location['lng']).toFixed(5)} (±${Math.round(Number(location['accuracyM']))} m)`
          : null,
      ],
      ['Tried', receipt.tries > 0 ? timesInWords(receipt.tries) : null],
      ['Threw', receipt.lastError],
      ['Retried by hand', receipt.retriedAt],
      ['Dealt with', receipt.note === null ? null : `${receipt.note} (${receipt.notedBy ?? ''})`],
      ['Closed', receipt.closedAt],
      ['Closed because', receipt.closeReason],
    ]),
  };
}

/** How long it was on the phone, by the server's clock. */
function delayOf(deviceAt: string, serverAt: string, clockErrorMs: number): string {
  const ms = Date.parse(serverAt) - (Date.parse(deviceAt) - clockErrorMs);
  return ms < 1000 ? 'at once' : spanInWords(ms);
}

function ofLedger({ ledger, agents, delivery, receipts }: DeliveryHistory): TimelineEvent[] {
  const [first] = ledger;
  if (first === undefined) return [];
  // The pair stands at the time that the device said; it was written with the confirmation.
  const receipt = receipts.find(({ name, status }) => name === 'confirmDelivery' && status === 'applied');
  const account = (id: string) =>
    id.startsWith('agent_cash:') ? `cash of ${agents[id.slice(11)] ?? id.slice(11)}` : mfiName(id.replace('mfi:', ''));
  return [
    {
      ...{ id: `ledger-${delivery.id}`, at: receipt?.serverAt ?? first.at, tone: 'money', who: 'ledger' },
      title: `${formatRupees(first.amountPaise)} booked`,
      facts: ledger.map(({ kind, accountId }) => [kind === 'debit' ? 'Debit' : 'Credit', account(accountId)] as const),
    },
  ];
}

function ofBank({ disbursement }: DeliveryHistory): TimelineEvent[] {
  if (disbursement?.reconciledAt == null) return [];
  const { id, status, bankRef, amountPaise, reconciledAt } = disbursement;
  return [
    {
      ...{ id, at: reconciledAt, who: 'settlement', tone: status === 'mismatch' ? 'refused' : 'money' },
      title: status === 'mismatch' ? 'The bank’s amount differs' : 'Reconciled with the bank',
      facts: compact([
        ['Bank reference', bankRef],
        ['Amount', formatRupees(amountPaise)],
      ]),
    },
  ];
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function compact(facts: readonly (readonly [string, string | null])[]): (readonly [string, string])[] {
  return facts.filter((fact): fact is readonly [string, string] => fact[1] !== null && fact[1] !== '');
}
