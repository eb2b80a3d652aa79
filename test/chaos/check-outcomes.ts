import { isDeepStrictEqual } from 'node:util';
import { model } from '../../examples/field-ops/src/model.ts';
import { receiptNumber } from '../../examples/field-ops/src/server/receipt-number.ts';
import type { Evidence, ReceiptRow } from './evidence.ts';
import type { Promised } from './promises.ts';
import type { Violations } from './violation.ts';

/** What the engine itself may refuse with, beside what a mutation declares. */
const refusals = ['already_done', 'invalid_args', 'forbidden', 'key_reused'];

/** I1, I3 and I7: exactly one receipt for each promise, in each client's order, and a reason where nothing was done. */
export function checkOutcomes(
  { receipts, track }: Evidence,
  promises: readonly Promised[],
  violations: Violations,
): void {
  const byKey = new Map(receipts.map((receipt) => [`${receipt.tenant}/${receipt.key}`, receipt]));
  const sent = track.filter(({ demo }) => !demo);
  const traces = new Set(sent.map(({ tenant, agentId, key }) => `${tenant}/${agentId}/${key}`));
  const expected = new Set<string>();
  let pings = 0;
  for (const promised of promises) {
    const { person, key, name, told, audit } = promised;
    const what = `${name} ${key} of ${person.tenant}/${person.id}`;
    if (told === undefined) violations.add('I1', `${what} was promised and never answered`);
    if (!audit) {
      pings++;
      if (told?.status === 'applied' && !traces.has(`${person.tenant}/${person.id}/${key}`)) {
        violations.add('I1', `${what} was applied and left no trace`);
      }
      continue;
    }
    expected.add(`${person.tenant}/${key}`);
    const receipt = byKey.get(`${person.tenant}/${key}`);
    if (receipt === undefined) violations.add('I1', `${what} has no receipt`);
    else compare(promised, receipt, what, violations);
  }
  // The receipts' primary key keeps two from standing under one key; this finds those that nobody asked for.
  for (const path of byKey.keys())
    if (!expected.has(path)) violations.add('I1', `the receipt ${path} is of nobody's mutation`);
  if (traces.size !== pings) violations.add('I2', `${pings} positions were sent, ${traces.size} left a trace`);

  for (const receipt of receipts) {
    const { status, error, name } = receipt;
    const what = `${name} ${receipt.key}`;
    if (status === 'applied') {
      if (error !== null) violations.add('I7', `${what} is applied and has the error ${error.code}`);
    } else if (!error?.code || !error.message) violations.add('I7', `${what} is ${status} without a reason`);
    else if (status === 'rejected' && ![...refusals, ...declared(name)].includes(error.code)) {
      violations.add('I7', `${what} was rejected with "${error.code}", which "${name}" does not declare`);
    }
  }
  checkOrder(receipts, violations);
}

function declared(name: string): readonly string[] {
  const mutations: Readonly<Record<string, { readonly rejects: readonly string[] }>> = model.mutations;
  return mutations[name]?.rejects ?? [];
}

function compare(
  { person, args, name, told }: Promised,
  receipt: ReceiptRow,
  what: string,
  violations: Violations,
): void {
  if (
    receipt.actor !== person.id ||
    receipt.role !== person.role ||
    receipt.name !== name ||
    !isDeepStrictEqual(receipt.args, args)
  ) {
    violations.add(
      'I1',
      `the receipt of ${what} is of another mutation: ${receipt.name} ${JSON.stringify(receipt.args)}`,
    );
  }
  if (told === undefined) return;
  const { status, result, error } = receipt;
  const kept = { status, ...(result === null ? {} : { result }), ...(error === null ? {} : { error }) };
  if (!isDeepStrictEqual(told, kept)) {
    violations.add('I7', `${what} was answered ${JSON.stringify(told)}, and its receipt says ${JSON.stringify(kept)}`);
  }
}

/** I3: a client's receipts committed in the order of its log, and none of its mutations saw a later one's effect. */
function checkOrder(receipts: readonly ReceiptRow[], violations: Violations): void {
  const clients = Map.groupBy(
    receipts.filter(({ clientId }) => clientId !== null),
    ({ tenant, clientId }) => `${tenant}/${clientId}`,
  );
  for (const [client, unsorted] of clients) {
    const log = unsorted.toSorted((a, b) => (a.mutationId ?? 0) - (b.mutationId ?? 0));
    for (const [at, receipt] of log.entries()) {
      const before = log[at - 1];
      if (before === undefined) continue;
      if (before.mutationId === receipt.mutationId) {
        violations.add('I3', `${client} has two mutations ${receipt.mutationId}: ${before.key} and ${receipt.key}`);
      }
      if ((before.committedAt ?? 0) > (receipt.committedAt ?? Infinity)) {
        violations.add('I3', `${client}: ${before.mutationId} committed after ${receipt.mutationId}`);
      }
    }
    const confirmedBy = new Map(
      log
        .filter(({ name, status }) => name === 'confirmDelivery' && status === 'applied')
        .map((receipt) => [receiptNumber(receipt.key), receipt]),
    );
    for (const { error, mutationId } of log) {
      const details = error?.details as { receiptNo?: string } | undefined;
      const first = details?.receiptNo === undefined ? undefined : confirmedBy.get(details.receiptNo);
      if (first !== undefined && (first.mutationId ?? 0) > (mutationId ?? 0)) {
        violations.add('I3', `${client}: ${mutationId} was refused because of ${first.mutationId}, which came later`);
      }
    }
  }
}
