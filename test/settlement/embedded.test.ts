import { expect, test } from 'vitest';
import { startFieldOps } from '../support/field-ops.ts';

test('on the embedded database, with its single connection, a file is taken and a run done again', async () => {
  const fieldOps = await startFieldOps();
  const token = await fieldOps.token('settlement', 'settlement');
  const path = '/api/v1/settlement/runs';
  const sent = await fieldOps.post(path, token, 'UTR,Reference,Amount\nU1,b0001,500\n', { 'content-type': 'text/csv' });
  expect(sent.status).toBe(201);
  const { id } = sent.body as { id: string };
  expect((await fieldOps.post(`${path}/${id}/again`, token, {})).status).toBe(202);
  await fieldOps.close();
});
