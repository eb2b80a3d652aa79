/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The text as it came, to compare two answers to the letter. */
  readonly text: string;
  /** The JSON in it; undefined when it is none. */
  readonly body: unknown;
}

export interface HttpClient {
  /** @param token of the bearer; null sends none */
  get(path: string, token: string | null, headers?: Record<string, string>): Promise<HttpAnswer>;
  /** @param body sent as it is when it is text or bytes, otherwise as JSON */
  post(path: string, token: string | null, body: unknown, headers?: Record<string, string>): Promise<HttpAnswer>;
}

export function httpClient(url: string): HttpClient {
  const send = async (
    path: string,
    token: string | null,
    given: Record<string, string>,
    init: RequestInit = {},
  ): Promise<HttpAnswer> => {
    const headers = token === null ? given : { authorization: `Bearer ${token}`, ...given };
    const response = await fetch(`${url}${path}`, { ...init, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: json(text) };
  };
  return {
    get: (path, token, headers = {}) => send(path, token, headers),
    post: (path, token, body, headers = {}) =>
      send(
        path,
        token,
        { 'content-type': 'application/json', ...headers },
        {
          method: 'POST',
          body: typeof body === 'string' || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
        },
      ),
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
