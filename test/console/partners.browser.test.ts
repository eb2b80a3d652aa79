import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumIsMissing } from '../support/chromium.ts';
import { type Office, openOffice } from './office.ts';

describe.skipIf(chromiumIsMissing())('messages and accounts in the console', () => {
  let office: Office;
  let mfi: Server;
  /** What the MFI's server answers next, and what it has heard. */
  let status = 200;
  const heard: string[] = [];

  beforeAll(async () => {
    mfi = createServer((request, answer) => {
      request.resume();
      heard.push(String(request.headers['webhook-id']));
      answer.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    }).listen(0, '127.0.0.1');
    await once(mfi, 'listening');
    office = await openOffice({ EKBAAR_OUTGOING_ALLOWED: '127.0.0.0/8' });
  }, 240_000);
  afterAll(async () => {
    await office.close();
    mfi.closeAllConnections();
    mfi.close();
  });

  const endpoint = '[data-testid=endpoint]';
  /** Until the worker has done it: a message that is looked at says so by itself. */
  const shows = (words: string) => office.page.getByText(words, { exact: true }).first().waitFor();

  test('an MFI’s endpoint is added, hears of a confirmation, and has it replayed under the same id', async () => {
    const { page } = office;
    await office.open('/messages?show=webhooks', '[data-testid=new-endpoint]');
    await page.getByText('No MFI hears of events yet.').waitFor();
    const delivery = office.deliveries.find(({ loanId }) => loanId.startsWith('BFIL'));
    if (delivery === undefined) throw new Error('no delivery of BFIL');
    await page.locator('[data-testid=new-endpoint]').click();
    await page.locator('select[name=mfi]').selectOption('bfil');
    await page.locator('input[name=url]').fill(`http://127.0.0.1:${(mfi.address() as AddressInfo).port}/events`);
    await page.locator('[data-testid=add-endpoint]').click();
    expect(await page.locator('[data-testid=secret]').innerText()).toMatch(/^whsec_/);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.locator(endpoint).waitFor();

    await office.confirm(delivery);
    await expect.poll(() => heard.length).toBe(1);
    await page.locator(`${endpoint} a`, { hasText: 'Its messages' }).click();
    await page.locator('[data-testid=message] a').first().click();
    await shows('Sent');
    await page.locator('[data-testid=again]').click();
    await expect.poll(() => heard.length).toBe(2);
    expect(heard[1]).toBe(heard[0]);
    await expect.poll(() => page.locator('[data-testid=attempts] li').count()).toBe(2);
    await office.open('/messages?show=webhooks', endpoint);
    await page.locator('[data-testid=replay-day]').click();
    await page.getByText('1 on their way again').waitFor();
    await expect.poll(() => heard.length).toBe(3);
  });

  test('what was refused is a dead job: it is tried again and goes, or is given up with a reason', async () => {
    const { page } = office;
    status = 410;
    const [first, second] = office.deliveries.filter(({ loanId }) => loanId.startsWith('BFIL')).slice(1, 3);
    if (first === undefined || second === undefined) throw new Error('too few deliveries of BFIL');
    await office.confirm(first);
    await office.open('/messages?show=dead', '[data-testid=dead-job]');
    status = 200;
    // An endpoint that says that it is no more is switched off.
    await office.open('/messages?show=webhooks', endpoint);
    await page.getByText('it answered 410').waitFor();
    await page.locator('[data-testid=switch]').click();
    await page.getByText('Switch off').waitFor();
    await office.open('/messages?show=dead', '[data-testid=dead-job]');
    const before = heard.length;
    await page.locator('[data-testid=retry-job]').click();
    await expect.poll(() => heard.length).toBe(before + 1);
    await page.locator('[data-testid=dead-job]').waitFor({ state: 'detached' });

    status = 410;
    await office.confirm(second);
    await office.open('/messages?show=dead', '[data-testid=dead-job]');
    await page.locator('[data-testid=close-job]').click();
    await page.locator('input[aria-label="Why it is given up"]').fill('told by telephone');
    await page.locator('[data-testid=close-job-now]').click();
    await page.locator('[data-testid=dead-job]').waitFor({ state: 'detached' });
    await office.open('/messages?status=closed', '[data-testid=message]');
  });

  test('a refusal is closed with a note, and who noted it stays beside it', async () => {
    const { page, http } = office;
    const [delivery] = office.deliveries;
    const body = { amountPaise: 1, confirmedAt: new Date().toISOString() };
    const token = await office.tokenOf(delivery?.agentId ?? '', 'agent');
    const headers = { 'idempotency-key': crypto.randomUUID() };
    expect((await http.post(`/api/v1/deliveries/${delivery?.id}/confirm`, token, body, headers)).status).toBe(422);
    await office.open('/letters?show=rejections', '[data-testid=rejection]');
    await page.locator('[data-testid=note-rejection]').first().click();
    await page.locator('input[aria-label="What was done about it"]').fill('agent called');
    await page.locator('[data-testid=note-now]').click();
    await page.getByText('Nothing waits here').waitFor();
    await page.locator('input[name=closed]').check();
    await page.locator('[data-testid=noted]').waitFor();
    expect(await page.locator('[data-testid=noted]').innerText()).toContain('agent called noted by ops');
  });

  test('an account is made, its owner chooses a password and signs in; then it is closed', async () => {
    const { page } = office;
    const login = 'meera@pennco.example';
    await office.open('/accounts', '[data-testid=account-row]');
    await page.locator('[data-testid=new-account]').click();
    await page.locator('input[name=name]').fill('Meera');
    await page.locator('input[name=login]').fill(login);
    await page.locator('input[name=region]').first().check();
    // A second click would be told that there is such an account, in place of its code.
    await page.locator('[data-testid=make-account]').dblclick();
    const code = await page.locator('[data-testid=code]').innerText();
    const choose = { tenant: 'pennco', login, code, secret: 'monsoon-ledger-77' };
    expect((await office.http.post('/auth/reset', null, choose)).status).toBe(200);
    const signIn = () => office.http.post('/auth/sign-in', null, { tenant: 'pennco', login, secret: choose.secret });
    expect((await signIn()).status).toBe(200);

    await office.open(`/accounts?q=meera`, `[data-testid=account-row][data-id="${login}"]`);
    await page.locator('[data-testid=account-row] a').click();
    await shows('Open');
    await page.locator('[data-testid=change-account]').click();
    await page.locator('input[name=role][value=settlement]').check();
    await page.locator('input[name=all-regions]').check();
    await page.locator('[data-testid=change-now]').click();
    await page.locator('[data-testid=change-now]').waitFor({ state: 'detached' });
    expect((await signIn()).body).toMatchObject({ account: { role: 'settlement', regions: ['*'] } });
    await page.locator('[data-testid=close-account]').click();
    await shows('Closed');
    expect((await signIn()).status).toBe(403);
    await page.locator('[data-testid=open-account]').click();
    await shows('Open');
    await page.locator('[data-testid=issue-code]').click();
    const another = {
      ...choose,
      code: await page.locator('[data-testid=code]').innerText(),
      secret: 'kite-over-gaya-31',
    };
    expect((await office.http.post('/auth/reset', null, another)).status).toBe(200);
    expect((await signIn()).status).toBe(401);
  });

  test('an agent gets a bank account, and payouts to it are switched off', async () => {
    const { page } = office;
    await office.open('/agents/a01', '[data-testid=give-account]');
    await page.locator('[data-testid=give-account]').click();
    await page.locator('input[name=destination]').fill('fa_1234567890');
    await page.locator('[data-testid=give-now]').click();
    await expect.poll(() => page.locator('[data-testid=destination]').innerText()).toBe('•••••••••7890');
    const state = () => page.locator('[data-testid=payouts-state]').innerText();
    expect(await state()).toBe('On');
    await page.locator('[data-testid=switch-payouts]').click();
    await expect.poll(state).toBe('Off');
    expect((await office.http.get('/api/v1/payout-accounts', office.ops)).body).toMatchObject({
      accounts: [{ agentId: 'a01', enabled: false, changedBy: 'ops' }],
    });
  });

  test('the screens are accessible, and fit a phone', async () => {
    const { messages } = (await office.http.get('/api/v1/messages?channel=webhook', office.ops)).body as {
      messages: { id: string }[];
    };
    expect(
      await office.faults([
        ['/messages', '[data-testid=message]'],
        [`/messages/${messages[0]?.id}`, '[data-testid=attempts] li'],
        ['/messages?show=webhooks', endpoint],
        ['/messages?show=payouts', '.nothing'],
        ['/messages?show=incoming', '.nothing'],
        ['/messages?show=dead', '.nothing'],
        ['/accounts', '[data-testid=account-row]'],
        ['/accounts/a01', '#account'],
        ['/agents/a01', '[data-testid=destination]'],
        ['/letters?show=rejections&closed=too', '[data-testid=rejection]'],
      ]),
    ).toEqual([]);
    expect(office.problems).toEqual([]);
  });
});
