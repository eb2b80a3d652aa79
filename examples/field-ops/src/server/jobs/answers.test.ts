import { describe, expect, test } from 'vitest';
import { ask, retryAfterMs } from './answers.ts';
import { CallFailed, type HttpCall } from './http-call.ts';
import { derivedKey } from './idempotency-key.ts';
import { confirmationText } from './message-text.ts';
import { gatewayNumber, maskedNumber } from './phone-number.ts';

const now = new Date('2026-11-22T10:00:00Z');
const asked = (call: HttpCall) =>
  ask(
    call,
    { method: 'POST', url: 'https://gateway.example/send?key=secret', signal: new AbortController().signal },
    {
      shown: 'key k1',
      now,
      read: (json) => ('id' in json ? { outcome: 'done', providerId: String(json.id) } : undefined),
    },
  );
const answered = (status: number, text: string, headers: Record<string, string> = {}) =>
  asked(() => Promise.resolve({ status, text, headers }));

describe('what an answer means', () => {
  test.each([
    [200, '{"id":"m1"}', 'done'],
    [200, '<html>Wi-Fi</html>', 'unknown'],
    [200, '{"hello":1}', 'unknown'],
    [500, '{}', 'unknown'],
    [502, '<html>', 'unknown'],
    [429, '{}', 'retry'],
    [408, '', 'retry'],
    [409, '{}', 'retry'],
    // Our own credentials: somebody mends them, and the message was right all along.
    [401, '{}', 'retry'],
    [403, '{}', 'retry'],
    [400, '{}', 'refused'],
    [404, '{}', 'refused'],
    [422, '{}', 'refused'],
    [302, '', 'refused'],
  ])('%i %s: %s', async (status, text, outcome) => expect((await answered(status, text)).outcome).toBe(outcome));

  test('a line that broke may have been heard, one that was never there was not', async () => {
    const failing = (sent: boolean, refused = false) =>
      asked(() => Promise.reject(new CallFailed('broke', { sent, refused, cause: undefined })));
    expect((await failing(true)).outcome).toBe('unknown');
    expect((await failing(false)).outcome).toBe('retry');
    expect((await failing(false, true)).outcome).toBe('refused');
  });

  test('what is kept for people has no query, and is not long', async () => {
    const answer = await answered(422, 'x'.repeat(10_000));
    expect(answer.request).toBe('POST https://gateway.example/send key k1');
    expect(answer.answer?.length).toBeLessThan(600);
  });

  test('Retry-After in seconds, as a date, and as nonsense', async () => {
    expect(await answered(429, '', { 'retry-after': '7' })).toMatchObject({ afterMs: 7000 });
    expect(retryAfterMs('Sun, 22 Nov 2026 10:01:00 GMT', now)).toBe(60_000);
    expect(retryAfterMs('Sun, 22 Nov 2020 10:01:00 GMT', now)).toBe(0);
    expect(retryAfterMs('soon', now)).toBeUndefined();
    expect(retryAfterMs('99999999', now)).toBe(3_600_000);
  });
});

test('an idempotency key is the same for each try, another for each purpose, and one that providers take', () => {
  const cause = '0197b3a0-6a0c-7cc0-9d4f-3a1b2c3d4e5f';
  const key = derivedKey(cause, 'sms');
  expect(derivedKey(cause.toUpperCase(), 'sms')).toBe(key);
  expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const purposes = ['sms', 'whatsapp', 'payout', 'webhook', 'webhook:1'];
  expect(new Set([cause, ...purposes.map((purpose) => derivedKey(cause, purpose))]).size).toBe(6);
});

test('numbers go to gateways in one form, and to screens without most of their digits', () => {
  for (const written of ['+91 98765 43210', '09876543210', '9876543210', '919876543210', '0091-98765-43210'])
    expect(gatewayNumber(written)).toBe('919876543210');
  for (const wrong of ['', '12345', '+1 202 555 0100 99', '98765432101234'])
    expect(gatewayNumber(wrong)).toBeUndefined();
  expect(maskedNumber('+919876543210')).toBe('•••••••••3210');
  expect(maskedNumber('123')).toBe('••••');
});

test('a text has Indian digit grouping, and may be the operator’s own', () => {
  const confirmed = {
    tenant: 'pennco',
    kind: 'collection' as const,
    amountPaise: 123_456_700,
    receiptNo: 'AB123-CD456',
  };
  expect(confirmationText(confirmed)).toBe(
    'PennCo: Rs 12,34,567.00 received in cash. Receipt AB123-CD456. Please keep this message.',
  );
  expect(confirmationText(confirmed, { collection: '{receipt} {amount} {other}' })).toBe(
    'AB123-CD456 12,34,567.00 {other}',
  );
});
