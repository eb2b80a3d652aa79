import { fileURLToPath } from 'node:url';
import type { ApiEnv } from '@ekbaar/server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';

const built = fileURLToPath(new URL('../../dist-web', import.meta.url));

/** The agent app at /agent and the console at /console, as they were built. */
export function webApps(): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get('/', (c) => c.redirect('/agent/'));
  for (const name of ['agent', 'console']) {
    // The router drops the slash at the end, but the service worker's scope needs it.
    app.get(`/${name}`, (c, next) =>
      new URL(c.req.url).pathname.endsWith('/') ? next() : Promise.resolve(c.redirect(`/${name}/`)),
    );
    app.use(
      `/${name}/*`,
      serveStatic({
        root: built,
        onFound: (path, c) => {
          // Names under assets/ carry a hash of their content; everything else must be asked for again.
          c.header('Cache-Control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
        },
      }),
    );
    app.get(`/${name}/*`, serveStatic({ root: built, path: `${name}/index.html` }));
  }
  return app;
}
