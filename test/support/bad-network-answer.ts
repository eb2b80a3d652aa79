import type { Readable } from 'node:stream';

export interface AnswerHead {
  status: number;
  reason: string;
  /** Names and values in turn, as `http.IncomingMessage` has them. */
  rawHeaders: readonly string[];
}

/** An HTTP answer as the proxy holds it: whole, or still coming. */
export interface Answer extends AnswerHead {
  body: Buffer | Readable;
}

/** About the connection to the target, not about the one to the client. */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** The head in bytes, ending in the empty line. Without `bodyLength` the body comes in chunks: see `chunk`. */
export function answerHead({ status, reason, rawHeaders }: AnswerHead, method: string, bodyLength?: number): Buffer {
  // An answer to HEAD says how long the body would have been; one without content must not say anything.
  const ownLength = method !== 'HEAD' && status !== 204 && status !== 304;
  const lines = [`HTTP/1.1 ${status} ${reason}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (hopByHop.has(name.toLowerCase())) continue;
    if (ownLength && name.toLowerCase() === 'content-length') continue;
    lines.push(`${name}: ${value}`);
  }
  if (ownLength) lines.push(bodyLength === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${bodyLength}`);
  lines.push('Connection: close', '', '');
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

/** One chunk of a body of unknown length; an empty one ends it. */
export function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** What the Wi-Fi of a tea stall says to everybody who has not logged in. */
export function captivePortal(): Answer {
  return {
    status: 200,
    reason: 'OK',
    rawHeaders: ['Content-Type', 'text/html; charset=utf-8'],
    body: Buffer.from('<!doctype html><title>Welcome</title><p>Log in to use this network.</p>\n'),
  };
}
