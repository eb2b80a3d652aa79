import { ProblemError } from '@ekbaar/server';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

const cookie = 'ekbaar_session';
/** A header that a form cannot send, and a page of another site only after asking. */
const consoleHeader = 'X-Ekbaar-Console';

/**
 * What the console's cookie is used for comes from the console itself: with its header, and not from a page of another
 * site. `SameSite=Strict` says so too; this holds where a browser does not know it.
 *
 * @throws ProblemError `forbidden`
 */
export function checkSameSite(c: Context): void {
  const { host = '' } = Object.fromEntries(['host'].map((name) => [name, c.req.header(name)]));
  const site = c.req.header('Sec-Fetch-Site');
  const origin = c.req.header('Origin');
  const foreign =
    (site !== undefined && site !== 'same-origin') ||
    // A proxy may leave out the port.
    (origin !== undefined && hostnameOf(origin) !== hostnameOf(`http://${host}`));
  if (foreign) throw new ProblemError('forbidden', 'This request comes from a page of another site');
  if (c.req.header(consoleHeader) === undefined)
    throw new ProblemError('forbidden', `Send the header "${consoleHeader}: 1"`);
}

/** The refresh token of the console; `undefined` when there is none. */
export function readSessionCookie(c: Context): string | undefined {
  return getCookie(c, cookie);
}

/** Keeps it where no script reads it, and where only these routes get it. */
export function setSessionCookie(c: Context, token: string): void {
  setCookie(c, cookie, token, { ...attributes(c), maxAge: 7 * 24 * 3600 });
}

export function dropSessionCookie(c: Context): void {
  deleteCookie(c, cookie, attributes(c));
}

function attributes(c: Context) {
  const hostname = hostnameOf(`http://${c.req.header('host') ?? ''}`);
  const local = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  // TLS ends at a proxy: what this server sees of the scheme says nothing.
  return { httpOnly: true, sameSite: 'Strict', path: '/auth', secure: !local } as const;
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
