import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { build, type PluginOption } from 'vite';

/** A page on 127.0.0.1 that runs one bundled module. */
export interface ServedPage {
  readonly url: string;
  close(): void;
}

const html = '<!doctype html><div id="app"></div><script type="module" src="/page.js"></script>';

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How a page's script is made. */
interface Bundling {
  readonly plugins?: PluginOption[];
  readonly production?: boolean;
  readonly alias?: Readonly<Record<string, string>>;
  readonly worker?: string;
}

/**
 * Bundles `entry` for the browser and serves a page that runs it.
 *
 * @param api answers what is asked below `/v1/`.
 * @param options.plugins of vite, for what browsers don't read by themselves.
 * @param options.production minified, and kept by the browser's cache, as an app's script would be.
 * @param options.worker the entry of a service worker, which is served as `/worker.js`.
 * @param options.alias files that stand in for modules that browsers have not.
 */
export async function servePage(entry: string, api?: Fetch, options: Bundling = {}): Promise<ServedPage> {
  const script = await bundle(entry, options);
  const worker = options.worker === undefined ? undefined : await bundle(options.worker, options);
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (api && path.startsWith('/v1/')) {
      answerWith(api, request, response).catch(() => response.destroy());
      return;
    }
    const isScript = path.endsWith('.js');
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    if (isScript && options.production) response.setHeader('cache-control', 'max-age=86400');
    response.end(path === '/worker.js' ? worker : isScript ? script : html);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answerWith(api: Fetch, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const method = request.method ?? 'GET';
  const headers = new Headers(request.headers as Record<string, string>);
  const bytes = new Uint8Array(await buffer(request));
  const body = headers.has('content-encoding') ? bytes : new TextDecoder().decode(bytes);
  const answer = await api(request.url ?? '/', { method, headers, body, signal: gone.signal });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  // The header goes at once: a stream of events has nothing else to say for a while.
  response.flushHeaders();
  if (answer.body) {
    Readable.from(answer.body)
      .on('error', () => response.destroy())
      .pipe(response);
  } else response.end();
}

/** The script of a page, as one file. */
export async function bundle(
  entry: string,
  { plugins = [], production = false, alias = {} }: Bundling = {},
): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    plugins,
    // Not replaced in libraries by itself, and no browser has a process.
    define: { 'process.env.NODE_ENV': production ? '"production"' : '"test"' },
    resolve: { alias: { ...alias } },
    build: {
      write: false,
      minify: production,
      sourcemap: production ? false : 'inline',
      lib: { entry, name: 'page', formats: [production ? 'iife' : 'es'], fileName: 'page' },
    },
  });
  const [output] = [result].flat();
  const chunk = output && 'output' in output ? output.output[0] : undefined;
  if (!chunk) throw new Error('vite built nothing');
  return chunk.code;
}
