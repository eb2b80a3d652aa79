import { createHash } from 'node:crypto';
import type { Model } from '@ekbaar/sdk/model';
import type { Hono } from 'hono';
import { type OpenApi, openApi } from './openapi/document.ts';
import { referenceHtml } from './openapi/reference-html.ts';
import { style } from './openapi/reference-style.ts';
import type { ApiEnv } from './routes.ts';

/** No scripts, nothing from elsewhere, and the page's own style only. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `GET /openapi.json` and `GET /docs`, made of the model and of what the app's routes say of themselves. */
export function referenceRoutes(app: Hono<ApiEnv>, model: Model, title: string): void {
  let made: { routes: number; document: OpenApi; page: Promise<string> } | undefined;
  // With the first question: by then the app has its routes.
  const current = () => {
    if (made?.routes !== app.routes.length) {
      const document = openApi(model, app.routes, title);
      made = { routes: app.routes.length, document, page: referenceHtml(document) };
    }
    return made;
  };
  app.get('/openapi.json', (c) => {
    c.header('Cache-Control', 'no-cache');
    return c.json(current().document);
  });
  app.get('/docs', async (c) => {
    c.header('Cache-Control', 'no-cache');
    c.header('Content-Security-Policy', policy);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
    return c.html(await current().page);
  });
}
