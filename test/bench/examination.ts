import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { freePort } from '../support/free-port.ts';
import { type HttpAnswer, httpClient } from '../support/http-client.ts';
import { type Make, secret, startContestant } from './contestants.ts';
import { deliveriesPerAgent, deliveryAt, type PlannedDelivery, tenant } from './plan.ts';
import { checkBooks } from './round.ts';
import { onOneConnection } from './seed.ts';

/**
 * What every contestant must be able to do before its speed counts: a retry gets the first answer, also when it comes
 * at the same moment; nobody confirms twice, for another, or another amount. Confirms some of the first deliveries.
 *
 * @throws AssertionError that says what it did instead
 */
export async function examine(make: Make, databaseUrl: string): Promise<void> {
  const server = await startContestant({
    ...{ make, databaseUrl, port: await freePort(), gunicorn: { processes: 2, threads: 1 } },
  });
  try {
    const http = httpClient(server.url);
    const tokens = bearerTokens(secret);
    const mine = Array.from({ length: 8 }, (_, at) => deliveryAt(at));
    const [first, second, third, fourth] = mine;
    assert(first && second && third && fourth);
    const others = deliveryAt(deliveriesPerAgent);
    const token = await tokens(first.agentId, 'agent');
    const confirmedAt = '2026-11-22T10:04:05.123Z';

    const confirm = (delivery: PlannedDelivery, key: string, by: string | null = token) =>
      http.post(
        `/api/v1/deliveries/${delivery.id}/confirm`,
        by,
        { amountPaise: delivery.amountPaise, confirmedAt },
        { 'idempotency-key': key },
      );
    const key = crypto.randomUUID();
    const told = answered(await confirm(first, key), 200);
    assert.match(told.result.receiptNo, /^[0-9A-Z]{5}-[0-9A-Z]{5}$/);
    assert.deepEqual(answered(await confirm(first, key), 200), told, `${make}: a retry gets another answer`);
    refused(await confirm({ ...first, amountPaise: 1 }, key), 'key_reused');
    refused(await confirm(first, crypto.randomUUID()), 'already_confirmed', 'already_done');
    refused(await confirm(others, crypto.randomUUID()), 'not_assigned');
    refused(await confirm({ ...second, amountPaise: 1 }, crypto.randomUUID()), 'amount_mismatch');
    assert.equal((await confirm(second, crypto.randomUUID(), null)).status, 401);

    const atOnce = crypto.randomUUID();
    const answers = await whileLocked(databaseUrl, second, () =>
      Array.from({ length: 6 }, () => confirm(second, atOnce)),
    );
    // Ekbaar says 409 while the same key is being processed; the retry gets the receipt.
    for (const answer of answers.filter(({ status }) => status !== 409)) answered(answer, 200);
    answered(await confirm(second, atOnce), 200);
    await checkBooks(make, databaseUrl, 2, { alsoRejected: true });
    if (make === 'ekbaar') return;

    const item = ({ id: deliveryId, amountPaise }: PlannedDelivery) => ({
      ...{ key: crypto.randomUUID(), deliveryId, amountPaise, confirmedAt },
    });
    const confirmations = [item(third), item({ ...fourth, amountPaise: 1 }), item(others), item(first)];
    const batch = async () => {
      const answer = await http.post('/api/v1/deliveries/confirm', token, { confirmations });
      assert.equal(answer.status, 200, answer.text);
      return answer.body as { receipts: { status: string; error?: { code: string } }[] };
    };
    const receipts = await batch();
    assert.deepEqual(
      receipts.receipts.map(({ status, error }) => error?.code ?? status),
      ['applied', 'amount_mismatch', 'not_assigned', 'already_confirmed'],
    );
    assert.deepEqual(await batch(), receipts, `${make}: a batch sent again gets other answers`);
    await checkBooks(make, databaseUrl, 3);
  } catch (error) {
    throw new Error(`${make} is not fit to be measured: ${String(error)}\n${server.output()}`, { cause: error });
  } finally {
    await server.stop();
  }
}

/** Sends requests that all find the delivery locked: lets it go when two wait for it, or one is answered without waiting. */
async function whileLocked(
  databaseUrl: string,
  { id }: PlannedDelivery,
  send: () => Promise<HttpAnswer>[],
): Promise<HttpAnswer[]> {
  return onOneConnection(databaseUrl, async (sql) => {
    let answers: Promise<HttpAnswer>[] = [];
    let isAnswered = false;
    await sql.begin(async (tx) => {
      await tx`select from deliveries where tenant = ${tenant} and id = ${id} for update`;
      answers = send();
      void Promise.any(answers).finally(() => (isAnswered = true));
      for (let waiting = 0; waiting < 2 && !isAnswered; await sleep(10)) {
        const [locks] = await tx`select count(*)::int as n from pg_locks where not granted`;
        waiting = locks?.['n'];
      }
    });
    return Promise.all(answers);
  });
}

interface Applied {
  readonly status: string;
  readonly result: { readonly receiptNo: string };
}

function answered({ status, text, body }: HttpAnswer, expected: number): Applied {
  assert.equal(status, expected, text);
  return body as Applied;
}

function refused({ status, text, body }: HttpAnswer, ...codes: string[]): void {
  assert.equal(status, 422, text);
  const { code, error } = body as { code?: string; error?: { code: string } };
  assert(codes.includes(error?.code ?? code ?? ''), `${text}, and not ${codes.join(' or ')}`);
}
