import { fileURLToPath } from 'node:url';
import type { ApiEnv } from '@ekbaar/server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type HonoRequest } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

/**
 * What the pages of both apps may do: run and show what this server sent as files, and speak to it. A name that a customer
 * gave runs nothing, even if it came to stand in a page as HTML.
 */
const headers = secureHeaders({
  contentSecurityPolicy: {
    ...{ defaultSrc: ["'none'"], scriptSrc: ["'self'"], styleSrc: ["'self'"], connectSrc: ["'self'"] },
    ...{ imgSrc: ["'self'", 'data:'], manifestSrc: ["'self'"], workerSrc: ["'self'"], fontSrc: ["'self'"] },
    ...{ baseUri: ["'none'"], formAction: ["'self'"], frameAncestors: ["'none'"], objectSrc: ["'none'"] },
  },
  permissionsPolicy: { geolocation: ['self'], camera: [], microphone: [], payment: [], usb: [] },
  // Whoever ends TLS says this: a name may have subdomains that are not ours to decide on.
  strictTransportSecurity: false,
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
});

const built = fileURLToPath(new URL('../../dist-web', import.meta.url));

/** The agent app at /agent and the console at /console, as they were built into the folder `root`. */
export function webApps(root = built): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get('/', (c) => c.redirect('/agent/'));
  for (const name of ['agent', 'console']) {
    app.use(`/${name}/*`, headers);
    const asset = new RegExp(`^/${name}/assets(/|$)`);
    app.use(`/${name}/*`, async (c, next) => {
      await next();
      // Names under assets/ carry a hash of their content; everything else must be asked for again.
      const forever = c.res.ok && asset.test(c.req.path);
      c.header('Cache-Control', forever ? 'public, max-age=31536000, immutable' : 'no-cache');
    });
    // The router drops the slash at the end, but the service worker's scope needs it.
    app.get(`/${name}`, (c, next) =>
      new URL(c.req.url).pathname.endsWith('/') ? next() : Promise.resolve(c.redirect(`/${name}/`)),
    );
    app.use(`/${name}/*`, serveStatic({ root }));
    const page = serveStatic<ApiEnv>({ root, path: `${name}/index.html` });
    // Only for pages: a phone that asks for a file of an earlier build would keep the page in its place. A dot alone makes
    // no file: the ids of office accounts are e-mail addresses.
    app.get(`/${name}/*`, (c, next) =>
      asset.test(c.req.path) || (/\.[^/]*$/.test(c.req.path) && !opensPage(c.req)) ? next() : page(c, next),
    );
  }
  return app;
}

/** Whether a browser asks for something to show in a tab, as it does for no script, style or picture. */
function opensPage(request: HonoRequest): boolean {
  const mode = request.header('Sec-Fetch-Mode');
  // Chromium before 76 does not say.
  return mode === undefined ? request.header('Accept')?.includes('text/html') === true : mode === 'navigate';
}
