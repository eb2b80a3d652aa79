import { startFieldOps } from './support/field-ops.ts';
import { launchChromium } from './support/chromium.ts';
import { writeFileSync } from 'node:fs';
const f = await startFieldOps();
try {
  const spec = await f.get('/openapi.json', null);
  console.log(spec.status, spec.text.length);
  writeFileSync('/tmp/obs/openapi.json', JSON.stringify(spec.body, null, 1));
  const docs = await f.get('/docs', null);
  console.log(docs.status, docs.text.length, docs.headers.get('content-security-policy'));
  writeFileSync('/tmp/obs/docs.html', docs.text);
  console.log((await f.get('/metrics', null)).text.split('\n').filter((l) => l.startsWith('ekbaar')).join('\n'));
  if (process.argv[2] !== 'shots') process.exit(0);
  for (const [name, width, height] of [['phone', 390, 844], ['desktop', 1280, 900]] as const) {
    const chromium = await launchChromium({ context: { viewport: { width, height } } });
    const page = await chromium.context.newPage();
    page.on('console', (m) => console.log('console:', m.text()));
    await page.goto(`${f.url}/docs`);
    await page.screenshot({ path: `/tmp/obs/${name}-top.png` });
    await page.goto(`${f.url}/docs#mutate.confirmDelivery`);
    await page.waitForTimeout(300);
    await page.screenshot({ path: `/tmp/obs/${name}-op.png` });
    await page.goto(`${f.url}/docs#SyncRequest`);
    await page.waitForTimeout(300);
    await page.screenshot({ path: `/tmp/obs/${name}-schema.png` });
    console.log(name, 'overflow', await page.evaluate('document.documentElement.scrollWidth'), width);
    await chromium.close();
  }
} finally { await f.close(); }
process.exit(0);
