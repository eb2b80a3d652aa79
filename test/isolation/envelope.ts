/** A mutation as somebody sent it in a log, and whose it was: everything that is needed to send it again. */
export interface Envelope {
  readonly tenant: string;
  readonly sub: string;
  readonly clientId: string;
  readonly id: number;
  readonly key: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export const mutationAt = '2026-11-22T10:04:05.123Z';

/** Body of `POST /v1/sync`. */
export function syncBody(clientId: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ protocol: 1, request: crypto.randomUUID(), sentAt: mutationAt, model: 1 },
    ...{ clientId, mutations: [], ack: 0, cursor: null, limit: 1000, diverged: [], ...more },
  };
}

export function wireOf({ id, key, name, args }: Pick<Envelope, 'id' | 'key' | 'name' | 'args'>) {
  return { id, key, name, args, at: mutationAt, model: 1 };
}
