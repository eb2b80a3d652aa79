/** A message of PostgreSQL's protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html */
export interface WireMessage {
  /** Its letter; empty for the first one of a client, which has none. */
  readonly type: string;
  readonly body: Buffer;
  /** All of it, as it was sent. */
  readonly bytes: Buffer;
}

/** Makes messages of what comes in pieces. */
export class WireMessages {
  #rest: Buffer = Buffer.alloc(0);
  #typed: boolean;

  constructor(from: 'client' | 'server') {
    this.#typed = from === 'server';
  }

  add(bytes: Buffer): WireMessage[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const messages: WireMessage[] = [];
    for (;;) {
      const head = this.#typed ? 1 : 0;
      if (this.#rest.length < head + 4) return messages;
      const end = head + this.#rest.readInt32BE(head);
      if (this.#rest.length < end) return messages;
      messages.push({
        type: this.#rest.toString('latin1', 0, head),
        body: this.#rest.subarray(head + 4, end),
        bytes: this.#rest.subarray(0, end),
      });
      this.#typed = true;
      this.#rest = this.#rest.subarray(end);
    }
  }
}

/** Reads the fields of a message's body, one after the other. */
export class WireFields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#bytes = body;
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  short(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  value(): string | null {
    const length = this.int();
    if (length < 0) return null;
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}

/** A message of a letter and a body. */
export function wireMessage(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
