import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webApps } from './web.ts';

const forever = 'public, max-age=31536000, immutable';

describe('webApps', () => {
  let root: string;
  let app: Hono;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'web-apps-'));
    for (const name of ['agent', 'console']) {
      await mkdir(join(root, name, 'assets'), { recursive: true });
      await writeFile(join(root, name, 'index.html'), `<title>${name}</title>`);
      await writeFile(join(root, name, 'assets/index-NEW.js'), '1;');
    }
    await writeFile(join(root, 'agent/sw.js'), '2;');
    // As in the server, whose router drops the slash at the end.
    app = new Hono({ strict: false }).route('/', webApps(root));
  });

  afterAll(() => rm(root, { recursive: true }));

  it.each([
    ['/agent/', '<title>agent</title>'],
    ['/agent/index.html', '<title>agent</title>'],
    ['/agent/some/page', '<title>agent</title>'],
    ['/agent/some/page/?from=v1.2', '<title>agent</title>'],
    ['/console/', '<title>console</title>'],
  ])('answers %s with the page, to be asked for again', async (path, page) => {
    const answer = await app.request(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(await answer.text()).toBe(page);
  });

  it.each([{ 'sec-fetch-mode': 'navigate' }, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }])(
    'answers a browser that opens the page of an e-mail address, with %o',
    async (headers) => {
      const answer = await app.request('/console/accounts/asha%40pennco.example', { headers });
      expect([answer.status, await answer.text()]).toEqual([200, '<title>console</title>']);
      expect((await app.request('/console/assets/index-OLD.js', { headers })).status).toBe(404);
      const script = { ...headers, accept: '*/*', 'sec-fetch-mode': 'no-cors' };
      expect((await app.request('/console/old.js', { headers: script })).status).toBe(404);
    },
  );

  it('lets an asset be kept for ever, and asks for the service worker again', async () => {
    const asset = await app.request('/agent/assets/index-NEW.js');
    expect(asset.headers.get('content-type')).toContain('javascript');
    expect(asset.headers.get('cache-control')).toBe(forever);
    expect(await asset.text()).toBe('1;');

    const worker = await app.request('/agent/sw.js');
    expect(worker.headers.get('cache-control')).toBe('no-cache');
    expect(await worker.text()).toBe('2;');
  });

  it.each([
    '/agent/assets/index-OLD.js',
    '/agent/assets/index-OLD',
    '/agent/assets/',
    '/agent/assets',
    '/agent/%61ssets/index-OLD',
    '/agent/workbox-old.js',
    '/console/assets/index-OLD.js',
  ])('never answers %s with the page', async (path) => {
    const answer = await app.request(path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).not.toContain('text/html');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  });

  it('leads to the address with the slash, which is the service worker’s scope', async () => {
    for (const [from, to] of [
      ['/', '/agent/'],
      ['/agent', '/agent/'],
      ['/console', '/console/'],
    ] as const) {
      const answer = await app.request(from);
      expect([answer.status, answer.headers.get('location')]).toEqual([302, to]);
    }
  });
});
