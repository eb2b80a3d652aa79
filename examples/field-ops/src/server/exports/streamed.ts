import { Readable } from 'node:stream';

/** An answer that is written as it is read, to be saved as a file; the reader's pace is the writer's. */
export function streamed(pieces: AsyncIterable<string | Uint8Array>, fileName: string, type: string): Response {
  const body = Readable.toWeb(Readable.from(encoded(pieces))) as ReadableStream<Uint8Array>;
  return new Response(body, {
    headers: {
      'Content-Type': type,
      'Content-Disposition': `attachment; filename="${fileName.replaceAll(/[^\w.-]/g, '_')}"`,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    },
  });
}

async function* encoded(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const piece of pieces) yield typeof piece === 'string' ? encoder.encode(piece) : piece;
}
