import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A Python that has all of it: Debian's own, where another one comes first in PATH. */
const python = ['python3', '/usr/bin/python3'].find((candidate) => {
  try {
    execFileSync(candidate, ['-c', 'import django, psycopg2, rest_framework, gunicorn'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Whether Django is installed; says what to install when it is not. */
export function haveDjango(): boolean {
  if (python === undefined)
    console.warn('SKIPPED: no Django (apt-get install gunicorn python3-djangorestframework python3-psycopg2)');
  return python !== undefined;
}

/** The Django project beside this file, in a folder of its own: a later release may change it. */
export interface DjangoProject {
  /** `python manage.py …`; gives what it printed. */
  manage(...args: string[]): Promise<string>;
  /** Runs Python with Django's models; what it prints comes back. */
  orm(code: string): Promise<string>;
  /** Changes a text in one of its files. */
  edit(file: string, from: string, to: string): Promise<void>;
  /** Starts Gunicorn, or starts it again. */
  serve(port: number): Promise<void>;
  remove(): Promise<void>;
}

/** @param environment `DATABASE_URL`, and the secrets that `office/settings.py` reads */
export async function djangoProject(environment: Record<string, string>): Promise<DjangoProject> {
  const program = python ?? '';
  const directory = await mkdtemp(join(tmpdir(), 'ekbaar-django-'));
  await cp(join(import.meta.dirname, 'django'), directory, { recursive: true });
  const options = { cwd: directory, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...environment } };
  let stop = async () => {};
  const manage = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(program, ['manage.py', ...args], options);
    return stdout.trim();
  };
  return {
    manage,
    orm: (code) => {
      const lines = code.split('\n').filter((line) => line.trim() !== '');
      const margin = /^ */.exec(lines[0] ?? '')?.[0].length ?? 0;
      const imports = [
        'from django.contrib.auth.models import User',
        'from rest_framework.authtoken.models import Token',
        'from visits.models import *',
      ];
      return manage('shell', '-c', [...imports, ...lines.map((line) => line.slice(margin))].join('\n'));
    },
    async edit(file, from, to) {
      const text = await readFile(join(directory, file), 'utf8');
      if (!text.includes(from)) throw new Error(`${file} does not say "${from}"`);
      await writeFile(join(directory, file), text.replace(from, to));
    },
    async serve(port) {
      await stop();
      const command = ['-m', 'gunicorn', 'office.wsgi', '--bind', `127.0.0.1:${port}`, '--log-level', 'warning'];
      const child = spawn(program, [...command, '--workers', '1'], { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
      let log = '';
      child.stderr.on('data', (text: Buffer) => (log += text.toString()));
      const exited = once(child, 'exit');
      const end = () => void child.kill('SIGTERM');
      process.once('exit', end);
      stop = async () => {
        end();
        await exited;
        process.off('exit', end);
      };
      while (!(await listens(port))) {
        if (child.exitCode !== null) throw new Error(`gunicorn ended with ${child.exitCode}:\n${log}`);
        await sleep(50);
      }
    },
    async remove() {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Whether something answers there. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
