import { Poke } from '@ekbaar/sdk/protocol';

/** A stream of `GET /v1/events` that is being read. */
export interface EventStream {
  readonly response: Response;
  /** What came until now, as text. */
  readonly text: () => string;
  /** Scopes and versions of the pokes that came until now. */
  readonly pokes: () => Record<string, number>[];
  /** Settles when the server ends the stream, or when it was closed here. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens a stream and waits for its first bytes: from then on no poke is missed. */
export async function openEvents(url: string, token: string): Promise<EventStream> {
  const abort = new AbortController();
  const response = await fetch(`${url}/v1/events`, {
    headers: { authorization: `Bearer ${token}` },
    signal: abort.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error(`GET /v1/events: ${response.status} without a body`);
  let text = (await reader.read()).value ?? '';
  const read = async () => {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
  };
  return {
    response,
    text: () => text,
    pokes: () => text.split('\n\n').flatMap(pokeIn),
    ended: read(),
    close: () => abort.abort(),
  };
}

function pokeIn(event: string): Record<string, number>[] {
  const lines = event.split('\n');
  const data = lines.find((line) => line.startsWith('data:'));
  if (!lines.includes('event: poke') || data === undefined) return [];
  return [Poke.parse(JSON.parse(data.slice('data:'.length))).scopes];
}
