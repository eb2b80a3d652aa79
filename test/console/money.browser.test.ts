import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumIsMissing } from '../support/chromium.ts';
import { type Office, type OfficeDelivery, openOffice } from './office.ts';

describe.skipIf(chromiumIsMissing())('settlement, day close and exports in the console', () => {
  let office: Office;
  let paid: OfficeDelivery[];
  const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kolkata' }).format(new Date());

  beforeAll(async () => {
    office = await openOffice();
    paid = office.deliveries.filter(({ kind }) => kind === 'disbursement').slice(0, 5);
    for (const one of paid) await office.confirm(one);
  }, 240_000);
  afterAll(() => office.close());

  const lineOf = ({ loanId, amountPaise }: OfficeDelivery, at: number, more = 0) =>
    `${day},UTR${at},NEFT/${loanId}/customer,${((amountPaise + more) / 100).toFixed(2)}`;
  const upload = (name: string, lines: readonly string[]) =>
    office.page.locator('[data-testid=bank-file]').setInputFiles({
      ...{ name, mimeType: 'text/csv' },
      buffer: Buffer.from(lines.join('\r\n')),
    });
  const count = (group: string) => office.page.locator(`[data-testid=group-${group}] strong`).innerText();

  test('the bank’s file is uploaded, its run reports what fits and what does not, and a decision is kept', async () => {
    const { page } = office;
    await office.open('/settlement', '.nothing');
    const [missing, other, again, ...fits] = paid;
    if (missing === undefined || other === undefined || again === undefined) throw new Error('too few');
    await upload('bank.csv', [
      'Date,UTR,Narration,Amount',
      lineOf(other, 1, 10_000),
      ...[lineOf(again, 2), lineOf(again, 3)],
      ...fits.map((one, at) => lineOf(one, 10 + at)),
      `${day},UTR9,somebody else,5.00`,
    ]);
    await page.locator('[data-testid=group-matched]').waitFor();
    await page.getByText('People have to look').waitFor();
    expect(await Promise.all(['matched', 'missing', 'mismatched', 'early', 'doubled', 'unknown'].map(count))).toEqual([
      ...[String(fits.length + 1), '1', '1', '0', '1', '1'],
    ]);
    // What waits: the missing one, the one with another amount, the one that was paid besides.
    expect(await page.locator('[data-testid=item]').count()).toBe(3);
    // On a small office screen the way to decide stands beside whatever the bank calls it.
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.locator('[data-testid=item] .reference').evaluateAll((all) => {
      for (const one of all) one.textContent = 'line-1f30db37f4238081b65c0b5b';
    });
    expect(await page.locator('.scroll').evaluate((part) => part.scrollWidth - part.clientWidth)).toBe(0);
    await page.setViewportSize({ width: 1440, height: 900 });
    expect(await page.locator('.screen-top .dim').innerText()).toMatch(/up to \d+ \w+$/);
    await page.locator('[data-testid=group-mismatched]').click();
    await expect.poll(() => page.locator('[data-testid=item]').count()).toBe(1);
    expect(await page.locator('[data-testid=item]').innerText()).toContain('+₹100.00');
    await page.locator('[data-testid=decide]').click();
    await page.locator('input[value=accepted]').check();
    await page.locator('input[name=reason]').fill('charges of the bank');
    await page.locator('[data-testid=decide-now]').click();
    await page.getByText('charges of the bank').waitFor();
    await page.locator('[data-testid=tab-open]').click();
    await expect.poll(() => page.locator('[data-testid=item]').count()).toBe(2);
    await page.locator('[data-testid=group-unknown]').click();
    await page.locator('[data-testid=line]').filter({ hasText: 'somebody else' }).waitFor();
    const { runs } = (await office.http.get('/api/v1/settlement/runs', office.ops)).body as { runs: { id: string }[] };
    const [report] = await Promise.all([page.waitForEvent('download'), page.locator('[data-testid=report]').click()]);
    expect(report.suggestedFilename()).toMatch(/^settlement-.*\.csv$/);
    expect(await readFile(await report.path(), 'utf8')).toContain('somebody else');
    expect(new URL(page.url()).pathname).toBe(`/console/settlement/${runs[0]?.id}`);
    const vishi = await office.tokenOf('ops', 'ops', 'vishi');
    expect((await office.http.get(`/api/v1/settlement/runs/${runs[0]?.id}`, vishi)).status).toBe(404);
  });

  test('a file that cannot be read says so, and what to do', async () => {
    await office.open('/settlement', '[data-testid=run]');
    await upload('letter.csv', ['Dear operator,', 'we have paid.']);
    await office.page.getByText('Upload a better file').waitFor();
    expect(await office.page.locator('[data-testid=run-state]').innerText()).toBe('Not readable');
  });

  test('deliveries are exported as the list shows them, and the file comes down', async () => {
    const { page } = office;
    const agent = paid[0]?.agentId ?? '';
    const fit = office.deliveries.filter(({ agentId, kind }) => agentId === agent && kind === 'collection').length;
    await office.open(`/deliveries?agent=${agent}&kind=collection`, '[data-testid=delivery]');
    await page.locator('[data-testid=export-deliveries]').click();
    await page.locator('input[value=jsonl]').check();
    await page.locator('[data-testid=export-now]').click();
    await page.locator('[data-testid=export][data-state=done]').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('[data-testid=download]').click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^deliveries-.*\.jsonl$/);
    const rows = (await readFile(await download.path(), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { agentId: string; kind: string });
    expect(rows).toHaveLength(fit);
    expect(rows.every((row) => row.agentId === agent && row.kind === 'collection')).toBe(true);
    await office.open('/exports', '[data-testid=export][data-state=done]');
    await page.locator('[data-testid=end-export]').click();
    await page.locator('[data-testid=export][data-state=expired]').waitFor();
  });

  test('an agent whose count differs from the ledger is seen in the day close', async () => {
    const { page } = office;
    const token = await office.tokenOf('a01', 'agent');
    const date = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(new Date());
    const close = { date, collectedPaise: 12_300, disbursedPaise: 0, count: 1 };
    await office.http.post('/v1/mutations/closeDay', token, close, { 'idempotency-key': crypto.randomUUID() });
    await office.open('/day-close?state=differs', '[data-testid=agent-close]');
    const line = await page.locator('[data-testid=agent-close][data-id=a01]').innerText();
    expect(line).toContain('₹123.00 counted');
  });

  test('the screens are accessible, and fit a phone', async () => {
    const { runs } = (await office.http.get('/api/v1/settlement/runs', office.ops)).body as {
      runs: { id: string; state: string }[];
    };
    const done = runs.find(({ state }) => state === 'done')?.id ?? '';
    expect(
      await office.faults([
        ['/settlement', '[data-testid=run]'],
        [`/settlement/${done}`, '[data-testid=item]'],
        [`/settlement/${done}?show=lines`, '[data-testid=line]'],
        ['/day-close', '[data-testid=agent-close]'],
        ['/exports', '[data-testid=export]'],
      ]),
    ).toEqual([]);
    expect(office.problems).toEqual([]);
  });
});
