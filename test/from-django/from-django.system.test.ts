import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '@ekbaar/sdk';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ekbaar } from '../cli/ekbaar-command.ts';
import { freePort } from '../support/free-port.ts';
import { haveNginx } from '../support/nginx.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { type DjangoProject, djangoProject, haveDjango } from './django-project.ts';
import { model } from './model.ts';
import { type Strangler, startStrangler } from './strangler.ts';

const moved = await readFile(join(import.meta.dirname, 'moved.conf'), 'utf8');

const patience = { timeout: 30_000 };
/** Django knows only keys of one column. One operator has nobody to hide them from. */
const keysWithoutTenant = ['warning: the unique index visits_visit_pkey of visits_visit is without the tenant'];

// The steps of docs/from-django.md, in its order: each one stands on the one before.
describe.skipIf(!haveDjango() || !haveNginx())('from Django, step by step', () => {
  let database: FreshDatabase;
  let sql: postgres.Sql;
  let django: DjangoProject;
  let server: EkbaarProcess;
  let strangler: Strangler;
  let phone: Client<typeof model>;
  let djangoPort: number;
  /** Django REST Framework's token of asha, and her user id. */
  let token: string;
  let asha: string;

  const command = (...args: string[]) => ekbaar(database.url, args, { directory: import.meta.dirname });
  /** What the doctor has against the database; that a test's server does not flush to disk is left out. */
  const findings = async () => {
    const { out } = await command('doctor', '--json');
    const all = JSON.parse(out) as { check: string; level: string; says: string }[];
    const bad = all.filter(({ check, level }) => ['problem', 'warning'].includes(level) && check !== 'settings');
    return bad.map(({ level, says }) => `${level}: ${says.split(':')[0]}`);
  };
  /** A request of an app that knows nothing of Ekbaar. */
  const oldApp = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${strangler.url}${path}`, {
      method,
      headers: { authorization: `Token ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as unknown };
  };
  const shown = async () =>
    (await phone.read('visits')).map(({ customer, status }) => `${customer} ${status}`).toSorted();
  const visitOf = async (customer: string) => {
    const [visit] = await phone.read('visits', { where: { customer } });
    return visit ?? expect.fail(`the phone has no visit to ${customer}`);
  };

  beforeAll(async () => {
    database = await freshDatabase();
    sql = postgres(database.url, { max: 1, onnotice: () => {} });
    const jwtSecret = crypto.randomUUID();
    django = await djangoProject({
      DATABASE_URL: database.url,
      DJANGO_SECRET: crypto.randomUUID(),
      JWT_SECRET: jwtSecret,
    });
    const [port, ekbaarPort] = [await freePort(), await freePort()];
    djangoPort = await freePort();
    server = ekbaarProcess(ekbaarPort, { DATABASE_URL: database.url, JWT_SECRET: jwtSecret });
    strangler = await startStrangler({ port, django: djangoPort, ekbaar: ekbaarPort });
  });

  afterAll(async () => {
    await phone?.close();
    await strangler?.stop();
    await server?.stop();
    await django?.remove();
    await sql?.end();
    await database?.drop();
  });

  test('Django is there and at work, before anybody thought of phones', async () => {
    await django.manage('migrate', 'visits', '0001');
    await django.manage('migrate', 'auth');
    await django.manage('migrate', 'authtoken');
    [asha = '', token = ''] = (
      await django.orm(`
        asha = User.objects.create_user('asha', password='not a secret')
        bela = User.objects.create_user('bela', password='not a secret')
        Visit.objects.create(agent=asha, customer='Sita', amount_paise=100000, remark='pays late')
        Visit.objects.create(agent=asha, customer='Gita', amount_paise=200000)
        Visit.objects.create(agent=asha, customer='Mira', amount_paise=300000)
        Visit.objects.create(agent=bela, customer='Rani', amount_paise=400000)
        print(asha.id, Token.objects.create(user=asha).key)`)
    ).split(' ');
    await django.serve(djangoPort);
    expect(await oldApp('GET', '/api/visits/')).toMatchObject({
      status: 200,
      body: [{ customer: 'Sita' }, { customer: 'Gita' }, { customer: 'Mira' }],
    });
  });

  test('one migration says whose the rows are, and Django goes on as it is', async () => {
    await django.manage('migrate');
    await django.orm(`Visit.objects.create(agent=User.objects.get(username='asha'), customer='Tara', amount_paise=1)`);
    expect(await sql`select distinct tenant from visits_visit`).toEqual([{ tenant: 'pennco' }]);
    expect(await oldApp('GET', '/api/visits/')).toMatchObject({
      status: 200,
      body: [{}, {}, {}, { customer: 'Tara' }],
    });
  });

  test('ekbaar migrate and track take its tables as they are', async () => {
    expect(await command('migrate')).toMatchObject({ code: 0, note: '' });
    expect(await command('track', 'visits')).toMatchObject({
      code: 0,
      out: expect.stringContaining('visits is tracked'),
    });
  });

  test('a phone signs in with Django and shows its rows, and none of what phones may not see', async () => {
    await server.start();
    phone = await createClient({
      model,
      url: strangler.url,
      actor: { tenant: 'pennco', id: asha },
      token: async () => {
        const answer = await fetch(`${strangler.url}/api/phone-token/`, {
          headers: { authorization: `Token ${token}` },
        });
        return answer.text();
      },
      store: memoryStore(),
      // As in a browser.
      platform: { pokes: true },
      optimistic: {
        confirmVisit: (replica, { visitId }) => replica.update('visits', String(visitId), { status: 'confirmed' }),
      },
    });
    await phone.sync();
    expect(await shown()).toEqual(['Gita due', 'Mira due', 'Sita due', 'Tara due']);
    expect(Object.keys(await visitOf('Sita')).toSorted()).toEqual([
      ...['amountPaise', 'confirmedAt', 'customer', 'id', 'status'],
    ]);
  });

  test('ekbaar doctor has nothing against it but Django’s keys', async () => {
    expect(await findings()).toEqual(keysWithoutTenant);
  });

  test('what Django writes, updates and deletes, the phone shows', async () => {
    await django.orm(`
      asha = User.objects.get(username='asha')
      Visit.objects.create(agent=asha, customer='Uma', amount_paise=500000)
      Visit.objects.filter(customer='Mira').update(status='late')
      Visit.objects.get(customer='Tara').delete()
      rani = Visit.objects.get(customer='Rani')
      rani.agent = asha
      rani.save()`);
    // A poke tells it.
    await expect.poll(shown, patience).toEqual(['Gita due', 'Mira late', 'Rani due', 'Sita due', 'Uma due']);
    // And Django's own endpoint, which has not moved.
    const { id } = await visitOf('Rani');
    const confirm = () => oldApp('POST', `/api/visits/${id}/confirm/`, { amount_paise: 400000 });
    expect(await confirm()).toMatchObject({ status: 200, body: { payment: 1 } });
    await expect.poll(shown, patience).toContain('Rani confirmed');
    // Sent twice, and the agent does not know whether the money was booked.
    expect(await confirm()).toMatchObject({ status: 409 });
  });

  test('a phone confirms without Django, and Django finds visit and payment', async () => {
    const sita = await visitOf('Sita');
    const saved = await phone.mutate('confirmVisit', { visitId: sita.id, amountPaise: sita.amountPaise });
    expect(await shown()).toContain('Sita confirmed');
    expect(await saved.confirmed).toMatchObject({ state: 'applied', result: { payment: 2 } });
    expect(
      await django.orm(`
        payment = Payment.objects.select_related('visit').get(visit__customer='Sita')
        print(payment.id, payment.amount_paise, payment.visit.status, payment.visit.confirmed_at == payment.at)`),
    ).toBe('2 100000 confirmed True');
    // In place of send_receipt.delay(payment.id), and in the same transaction.
    expect(await sql`select data->>'payment' as payment from pgboss.job where name = 'send-receipt'`).toEqual([
      { payment: '2' },
    ]);
    // What the office took back first, the phone hears of.
    await django.orm(`Visit.objects.filter(customer='Mira').update(status='cancelled')`);
    const mira = await visitOf('Mira');
    const late = await phone.mutate('confirmVisit', { visitId: mira.id, amountPaise: mira.amountPaise });
    expect(await late.confirmed).toMatchObject({ state: 'rejected', error: { code: 'not_due' } });
  });

  test('the endpoint moves: apps of before are answered as before, and a second try with the first answer', async () => {
    await strangler.move(moved);
    const gita = await visitOf('Gita');
    const path = `/api/visits/${gita.id}/confirm/`;
    expect(await oldApp('POST', path, { amount_paise: 1 })).toEqual({
      status: 409,
      body: { detail: 'Another amount is due' },
    });
    const answer = { status: 200, body: { payment: 3 } };
    expect(await oldApp('POST', path, { amount_paise: 200000 })).toEqual(answer);
    expect(await oldApp('POST', path, { amount_paise: 200000 })).toEqual(answer);
    expect(await oldApp('POST', '/api/visits/999/confirm/', { amount_paise: 1 })).toMatchObject({ status: 404 });
    expect(await django.orm(`print(Payment.objects.filter(visit__customer='Gita').count())`)).toBe('1');
    await expect.poll(shown, patience).toContain('Gita confirmed');
    // What has not moved is Django's.
    expect(await oldApp('GET', '/api/visits/')).toMatchObject({ status: 200, body: [{ customer: 'Uma' }] });
    token = token.replace(/^./, (first) => (first === '0' ? '1' : '0'));
    expect(await oldApp('POST', path, { amount_paise: 200000 })).toMatchObject({ status: 401 });
  });

  test('a later migration of Django adds a column, and nobody notices', async () => {
    const release = `    priority = models.IntegerField(default=0)\n    remark = models`;
    await django.edit('visits/models.py', '    remark = models', release);
    await django.manage('makemigrations', 'visits', '--name', 'priority');
    await django.manage('migrate');
    await django.serve(djangoPort);
    await django.orm(`Visit.objects.create(agent_id=${asha}, customer='Vani', amount_paise=600000, priority=2)`);
    await expect.poll(shown, patience).toContain('Vani due');
    const vani = await visitOf('Vani');
    const saved = await phone.mutate('confirmVisit', { visitId: vani.id, amountPaise: vani.amountPaise });
    expect(await saved.confirmed).toMatchObject({ state: 'applied' });
    expect(await django.orm(`print(*Visit.objects.filter(customer='Vani').values_list('status', 'priority'))`)).toBe(
      "('confirmed', 2)",
    );
    expect(await findings()).toEqual(keysWithoutTenant);
  });

  test('and back: the endpoint is Django’s again, the rows leave the phones and stay in the table', async () => {
    await strangler.move('');
    const before = await sql`select id, status from visits_visit order by id`;
    expect(await command('untrack', 'visits', '--yes')).toMatchObject({ code: 0 });
    await phone.sync();
    expect(await shown()).toEqual([]);
    expect(await sql`select id, status from visits_visit order by id`).toEqual(before);
    await django.orm(`Visit.objects.create(agent_id=${asha}, customer='Wani', amount_paise=1)`);
    expect(
      await sql`select tgname from pg_trigger where tgrelid = 'visits_visit'::regclass and not tgisinternal`,
    ).toEqual([]);
  });
});

interface EkbaarProcess {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** `node server.ts`, as a process of its own. */
function ekbaarProcess(port: number, environment: Record<string, string>): EkbaarProcess {
  let stop = async () => {};
  return {
    async start() {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'server.ts')], {
        env: { ...process.env, PORT: String(port), ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
      const exited = once(child, 'exit');
      const end = () => void child.kill('SIGTERM');
      process.once('exit', end);
      stop = async () => {
        end();
        await exited;
        process.off('exit', end);
      };
      const isReady = () =>
        fetch(`http://127.0.0.1:${port}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      while (!(await isReady())) {
        if (child.exitCode !== null) throw new Error(`the server ended:\n${output.slice(-4000)}`);
        await sleep(50);
      }
    },
    stop: () => stop(),
  };
}
