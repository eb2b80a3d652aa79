/** `pnpm bench push` and `pnpm bench size`: see docs/benchmarks.md. */
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
  default:
    console.error('pnpm bench push | size; --help after either says what it takes');
    process.exitCode = 2;
}
