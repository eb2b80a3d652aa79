/** A line of a file as it stands there; the first one has number 1. */
export interface TextLine {
  readonly no: number;
  readonly text: string;
  /** The line was longer than `longestLine`: `text` is only its beginning. */
  readonly cut: boolean;
}

/** In characters. No bank writes such lines; a file that has them is none of lines. */
export const longestLine = 16_384;

/**
 * The lines of a file of text, whatever program wrote it: UTF-8 or UTF-16, with a byte order mark or without, lines that
 * end with LF, CRLF or CR. A line that is no UTF-8 is read as Windows-1252, as older banking software writes it. Holds one
 * line at a time.
 */
export async function* textLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TextLine> {
  let encoding: Encoding | undefined;
  let decoder: TextDecoder | undefined;
  const lines = new LineSplitter();
  for await (const chunk of atLeast(4, bytes)) {
    if (encoding === undefined) {
      encoding = encodingOf(chunk);
      // Of 8-bit encodings each byte is a character at first: where a line ends is the same in all of them.
      decoder = new TextDecoder(encoding === 'bytes' ? 'latin1' : encoding, { ignoreBOM: true });
    }
    const text = encoding === 'bytes' ? latin1(chunk) : (decoder?.decode(chunk, { stream: true }) ?? '');
    for (const line of lines.push(text)) yield decoded(line, encoding);
  }
  if (encoding === undefined) return;
  if (encoding !== 'bytes') for (const line of lines.push(decoder?.decode() ?? '')) yield decoded(line, encoding);
  for (const line of lines.end()) yield decoded(line, encoding);
}

type Encoding = 'bytes' | 'utf-16le' | 'utf-16be';

function encodingOf(start: Uint8Array): Encoding {
  const [first = -1, second = -1, third = -1, fourth = -1] = start;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // Without a mark: every other byte of Latin text in UTF-16 is zero.
  if (second === 0 && fourth === 0 && first > 0) return 'utf-16le';
  if (first === 0 && third === 0 && second > 0) return 'utf-16be';
  return 'bytes';
}

/** One character for each byte. `TextDecoder` has no such encoding: its `latin1` is Windows-1252. */
function latin1(chunk: Uint8Array): string {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
}

function decoded(line: TextLine, encoding: Encoding): TextLine {
  let { text } = line;
  if (encoding === 'bytes') {
    const bytes = Buffer.from(line.no === 1 ? text.replace(/^\xef\xbb\xbf/, '') : text, 'latin1');
    try {
      text = new TextDecoder('utf-8', { fatal: !line.cut, ignoreBOM: true }).decode(bytes);
    } catch {
      text = new TextDecoder('windows-1252').decode(bytes);
    }
  }
  if (line.no === 1) text = text.replace(/^\ufeff/, '');
  // What no database keeps as text.
  return { ...line, text: text.replaceAll('\0', '\ufffd').toWellFormed() };
}

/** Cuts text into lines, wherever the pieces that it comes in end. */
class LineSplitter {
  #rest = '';
  #no = 0;
  #cut = false;
  /** The last piece ended with CR: an LF that comes next belongs to it. */
  #afterReturn = false;

  *push(piece: string): Generator<TextLine> {
    if (piece === '') return;
    const text = this.#afterReturn && piece.startsWith('\n') ? piece.slice(1) : piece;
    this.#afterReturn = piece.endsWith('\r');
    let from = 0;
    for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) {
      this.#add(text.slice(from, index));
      yield this.#line();
      from = index + end.length;
    }
    this.#add(text.slice(from));
  }

  *end(): Generator<TextLine> {
    if (this.#rest !== '') yield this.#line();
  }

  #add(text: string): void {
    const room = longestLine - this.#rest.length;
    if (text.length > room) this.#cut = true;
    this.#rest += text.slice(0, Math.max(0, room));
  }

  #line(): TextLine {
    const line = { no: ++this.#no, text: this.#rest, cut: this.#cut };
    this.#rest = '';
    this.#cut = false;
    return line;
  }
}

/** The same bytes, but the first piece has `count` of them if there are so many. */
async function* atLeast(count: number, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined = new Uint8Array();
  for await (const chunk of bytes) {
    if (held === undefined) {
      yield chunk;
      continue;
    }
    held = Buffer.concat([held, chunk]);
    if (held.length < count) continue;
    yield held;
    held = undefined;
  }
  if (held !== undefined && held.length > 0) yield held;
}
