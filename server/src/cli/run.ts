import { type Command, exit, type Exit, type Terminal, UsageError } from './command.ts';
import { explain } from './explain.ts';

interface Offered {
  readonly summary: string;
  /** Read only when it is wanted: some stand on the whole server. */
  load(): Promise<Command>;
}

const commands: Readonly<Record<string, Offered>> = {
  migrate: {
    summary: 'bring the database up to date: engine, app, tracking, queues',
    load: async () => (await import('./migrate.ts')).migrate,
  },
  doctor: {
    summary: 'examine the database, and say what to do',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  track: {
    summary: 'make a table synced, and mark the rows that it holds',
    load: async () => (await import('./track.ts')).track,
  },
  untrack: {
    summary: 'end the sync of a table: its rows leave the phones and stay in the table',
    load: async () => (await import('./untrack.ts')).untrack,
  },
  epoch: {
    summary: 'show or renew the name of the database’s history, after a restore',
    load: async () => (await import('./epoch.ts')).epoch,
  },
  'dead-letters': {
    summary: 'list, show, retry or close mutations that the server gave up on',
    load: async () => (await import('./dead-letters.ts')).deadLetters,
  },
};

/** Runs one command line. Never throws: what goes wrong is said, and the exit code says that it did. */
export async function run(args: readonly string[], terminal: Terminal): Promise<Exit> {
  const [name, ...rest] = args;
  if (name === undefined || isHelp(name)) {
    terminal.out(overview());
    return name === undefined ? exit.misused : exit.done;
  }
  const offered = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (offered === undefined) {
    terminal.note(`ekbaar: there is no command "${name}"; there are ${Object.keys(commands).join(', ')}`);
    return exit.misused;
  }
  try {
    const command = await offered.load();
    if (!rest.some(isHelp)) return await command.run(rest, terminal);
    terminal.out(command.help);
    return exit.done;
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.note(`ekbaar ${name}: ${error.message}; ekbaar ${name} --help says how`);
      return exit.misused;
    }
    terminal.note(`ekbaar ${name}: ${explain(error)}`);
    return exit.failed;
  }
}

const isHelp = (word: string) => word === '--help' || word === '-h';

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: ekbaar COMMAND [options]\n\n${lines.join('\n')}\n\nekbaar COMMAND --help says more of one.`;
}
