import { createHash } from 'node:crypto';
import type { Server } from '@ekbaar/server';

/**
 * The endpoint under the name that it had with Django, for apps that know nothing of a key: what they send is its own key,
 * so a second try gets the answer of the first. They are answered in Django's words.
 */
export function oldRoutes({ app, mutationRoute }: Server): void {
  app.post(
    '/ekbaar/visits/:id/confirm',
    mutationRoute('confirmVisit', (body, { id }) => ({
      visitId: Number(id),
      amountPaise: body['amount_paise'],
    })),
  );
  app.post('/api/visits/:id/confirm', async (c) => {
    const body = await c.req.text();
    const headers = new Headers(c.req.raw.headers);
    // It is read here before it is compressed.
    headers.delete('accept-encoding');
    if (!headers.has('Idempotency-Key'))
      headers.set('Idempotency-Key', keyOf(headers.get('authorization'), c.req.param('id'), body));
    const url = new URL(`/ekbaar/visits/${c.req.param('id')}/confirm`, c.req.url);
    const answer = await app.fetch(new Request(url, { method: 'POST', headers, body }), c.env);
    if (answer.status !== 200 && answer.status !== 422) return answer;
    const { result, error } = (await answer.json()) as { result?: object; error?: { code: string; message: string } };
    if (error === undefined) return c.json(result ?? {});
    return c.json({ detail: error.message }, error.code === 'not_found' ? 404 : 409);
  });
}

/** A UUID of what was sent and by whom. */
function keyOf(...parts: (string | null)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return [8, 4, 4, 4, 12]
    .reduce<{ at: number; groups: string[] }>(
      ({ at, groups }, length) => ({ at: at + length, groups: [...groups, hex.slice(at, at + length)] }),
      { at: 0, groups: [] },
    )
    .groups.join('-');
}
