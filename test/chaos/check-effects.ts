import { describeFailure } from '../../examples/field-ops/src/failure.ts';
import { receiptNumber } from '../../examples/field-ops/src/server/receipt-number.ts';
import type { Evidence, ReceiptRow, SyncedRow } from './evidence.ts';
import type { Violations } from './violation.ts';

type Applied = ReadonlyMap<string, readonly ReceiptRow[]>;

/** I2 and I6: the tables hold what the applied receipts say, each of them once, and the money is right. */
export function checkEffects(evidence: Evidence, violations: Violations): void {
  const applied = evidence.receipts.filter(({ status }) => status === 'applied');
  const of = (name: string, field: string): Applied =>
    Map.groupBy(
      applied.filter((receipt) => receipt.name === name),
      ({ tenant, args }) => `${tenant}/${String(args[field])}`,
    );
  const confirms = of('confirmDelivery', 'deliveryId');
  checkDeliveries(evidence, confirms, of, violations);
  checkDisbursements(evidence, confirms, of('reconcileDisbursement', 'disbursementId'), violations);
  checkMoney(evidence, confirms, violations);
  checkJobs(evidence, applied, violations);
  checkClosings(evidence, applied, violations);
  checkPositions(evidence, violations);
}

function checkDeliveries(
  evidence: Evidence,
  confirms: Applied,
  of: (name: string, field: string) => Applied,
  violations: Violations,
): void {
  const [fails, cancels, assigns] = ['failDelivery', 'cancelDelivery', 'assignDelivery'].map((name) =>
    of(name, 'deliveryId'),
  );
  const rows = rowsOf(evidence, 'deliveries');
  for (const [path, { row }] of rows) {
    const confirmed = confirms.get(path) ?? [];
    const failed = fails?.get(path) ?? [];
    const cancelled = cancels?.get(path) ?? [];
    const wrong = (what: string) => violations.add('I2', `delivery ${path} ${what}`);
    if (confirmed.length > 1) wrong(`was confirmed ${confirmed.length} times`);
    const [confirm] = confirmed;
    const status = confirm
      ? 'confirmed'
      : cancelled.length > 0
        ? 'cancelled'
        : failed.length > 0
          ? 'failed'
          : 'pending';
    if (row['status'] !== status) wrong(`is ${String(row['status'])}; its receipts make it ${status}`);
    if (cancelled.length > 1 || (cancelled.length === 1 && failed.length + confirmed.length > 0)) {
      wrong('was cancelled, and something else was applied to it too');
    }
    if (row['receiptNo'] !== (confirm ? receiptNumber(confirm.key) : null))
      wrong(`has the receipt number ${String(row['receiptNo'])}`);
    if (confirm && (confirm.actor !== row['agentId'] || confirm.args['amountPaise'] !== row['amountPaise'])) {
      wrong('was confirmed by another agent, or with another amount');
    }
    if (confirm && confirm.result?.['receiptNo'] !== row['receiptNo'])
      wrong('has another receipt number than its agent was told');
    const reasons: unknown[] = confirm
      ? [null]
      : cancelled.length > 0
        ? cancelled.map(({ args }) => args['reason'])
        : failed.length > 0
          ? failed.map(({ args }) => describeFailure(args as Parameters<typeof describeFailure>[0]))
          : [null];
    if (!reasons.includes(row['failReason'])) wrong(`has the reason "${String(row['failReason'])}"`);
    const agents = assigns?.get(path)?.map(({ args }) => args['agentId']) ?? [];
    // Only those of the demo day are assigned by ops; a foreign writer gives nobody those.
    if (agents.length > 0 && !agents.includes(row['agentId']))
      wrong(`is with ${String(row['agentId'])}, to whom it was not given`);
  }
  for (const touched of [confirms, fails, cancels]) {
    for (const path of touched?.keys() ?? [])
      if (!rows.has(path)) violations.add('I2', `delivery ${path} has an applied receipt and is gone`);
  }
}

function checkDisbursements(evidence: Evidence, confirms: Applied, reconciles: Applied, violations: Violations): void {
  for (const [path, { tenant, row }] of rowsOf(evidence, 'disbursements')) {
    const receipts = reconciles.get(path) ?? [];
    const final = receipts.filter(({ result }) => result?.['status'] === 'reconciled');
    const status =
      final.length > 0
        ? 'reconciled'
        : receipts.length > 0
          ? 'mismatch'
          : confirms.has(`${tenant}/${String(row['deliveryId'])}`)
            ? 'disbursed'
            : 'open';
    const refs: unknown[] = (final.length > 0 ? final : receipts).map(({ args }) => args['bankRef']);
    if (final.length > 1 || row['status'] !== status || !(refs.length === 0 ? [null] : refs).includes(row['bankRef'])) {
      violations.add(
        'I2',
        `disbursement ${path} is ${JSON.stringify(row)}, after ${JSON.stringify(receipts.map(({ args, result }) => [args, result]))}`,
      );
    }
  }
}

function checkMoney({ ledger, once, rows }: Evidence, confirms: Applied, violations: Violations): void {
  const deliveries = new Map(
    rows.filter(({ collection }) => collection === 'deliveries').map((row) => [`${row.tenant}/${row.id}`, row.row]),
  );
  const entries = Map.groupBy(ledger, ({ tenant, deliveryId }) => `${tenant}/${deliveryId}`);
  for (const path of new Set([...entries.keys(), ...confirms.keys()])) {
    const pair = entries.get(path) ?? [];
    const [confirm] = confirms.get(path) ?? [];
    const kinds = pair
      .map(({ kind }) => kind)
      .toSorted()
      .join();
    const right = pair.every(
      ({ amountPaise, key, agentId }) =>
        amountPaise === confirm?.args['amountPaise'] && key === confirm.key && agentId === confirm.actor,
    );
    if (confirm === undefined || kinds !== 'credit,debit' || !right) {
      violations.add(
        'I6',
        `delivery ${path} has ${confirm ? 'one confirmation' : 'no confirmation'} and the ledger entries ${JSON.stringify(pair)}`,
      );
    }
  }
  for (const tenant of new Set(ledger.map((entry) => entry.tenant))) {
    const sum = (kind: string) =>
      ledger.reduce(
        (total, entry) => (entry.tenant === tenant && entry.kind === kind ? total + entry.amountPaise : total),
        0,
      );
    if (sum('debit') !== sum('credit'))
      violations.add('I6', `${tenant} has debits of ${sum('debit')} and credits of ${sum('credit')} paise`);
  }
  const claims = new Map(once.map(({ tenant, value, key }) => [`${tenant}/${key}`, value]));
  let instalments = 0;
  for (const [path, [confirm]] of confirms) {
    const delivery = deliveries.get(path);
    if (confirm === undefined || delivery?.['kind'] !== 'collection') continue;
    instalments++;
    const value = `${String(delivery['loanId'])}/${String(delivery['instalmentNo'])}`;
    if (claims.get(`${confirm.tenant}/${confirm.key}`) !== value)
      violations.add('I6', `${path} was collected without the claim on ${value}`);
  }
  // Each claim is unique by its primary key: as many claims as collections means no instalment was paid twice.
  if (instalments !== once.length)
    violations.add('I6', `${instalments} instalments were collected under ${once.length} claims`);
}

function checkJobs({ jobs }: Evidence, applied: readonly ReceiptRow[], violations: Violations): void {
  const byKey = Map.groupBy(jobs, ({ tenant, key }) => `${tenant}/${key}`);
  for (const { name, tenant, key } of applied) {
    if (name !== 'confirmDelivery') continue;
    const queues = (byKey.get(`${tenant}/${key}`) ?? [])
      .map((job) => job.name)
      .toSorted()
      .join();
    if (queues !== 'mfi-webhook,sms') violations.add('I2', `the confirmation ${key} has the jobs "${queues}"`);
    byKey.delete(`${tenant}/${key}`);
  }
  for (const path of byKey.keys()) violations.add('I2', `there are jobs of ${path}, which was not applied`);
}

function checkClosings({ closings }: Evidence, applied: readonly ReceiptRow[], violations: Violations): void {
  const receipts = Map.groupBy(
    applied.filter(({ name }) => name === 'closeDay'),
    ({ tenant, actor, args }) => `${tenant}/${actor}/${String(args['date'])}`,
  );
  for (const { tenant, agentId, date, counted, ledger } of closings) {
    const path = `${tenant}/${agentId}/${date}`;
    const found = receipts.get(path) ?? [];
    const [receipt] = found;
    const fields = ['collectedPaise', 'disbursedPaise', 'count'] as const;
    const differences = receipt?.result?.['differences'] as Record<(typeof fields)[number], number> | undefined;
    const right = fields.every(
      (field, at) =>
        counted[at] === receipt?.args[field] && differences?.[field] === (counted[at] ?? 0) - (ledger[at] ?? 0),
    );
    if (found.length !== 1 || !right)
      violations.add('I2', `the day ${path} was closed ${found.length} times, or not as told`);
    receipts.delete(path);
  }
  for (const path of receipts.keys()) violations.add('I2', `the day ${path} was closed and has no closing`);
}

/** An agent is where the newest ping says. */
function checkPositions(evidence: Evidence, violations: Violations): void {
  const newest = new Map<string, string>();
  for (const { tenant, agentId, at } of evidence.track) {
    const path = `${tenant}/${agentId}`;
    if (at > (newest.get(path) ?? '')) newest.set(path, at);
  }
  const shown = rowsOf(evidence, 'agentPositions');
  for (const [path, at] of newest) {
    const said = shown.get(path)?.row['at'];
    if (said !== at) violations.add('I2', `${path} was last seen at ${at}, and the map says ${String(said)}`);
  }
}

function rowsOf({ rows }: Evidence, collection: string): Map<string, SyncedRow> {
  return new Map(rows.filter((row) => row.collection === collection).map((row) => [`${row.tenant}/${row.id}`, row]));
}
