/** `pnpm bench push`, `pnpm bench size` and `pnpm bench client`: see docs/benchmarks.md. */
import { clientCommand } from './client/client-command.ts';
import { pushCommand } from './push-command.ts';
import { sizeCommand } from './size-command.ts';

const [command, ...args] = process.argv.slice(2);
switch (command ?? '') {
  case 'push':
    await pushCommand(args);
    break;
  case 'size':
    await sizeCommand(args);
    break;
  case 'client':
    await clientCommand(args);
    break;
  default:
    console.error('pnpm bench push | size | client; --help after any of them says what it takes');
    process.exitCode = 2;
}
