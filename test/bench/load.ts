import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { LoadMessage, LoadOrder, LoadResult } from './load-order.ts';

/**
 * Runs the load process.
 *
 * @param onWarm called between the warming up and the measured part, which begins when it is done
 * @throws Error that says which request was not answered as it had to be
 */
export function runLoad(order: LoadOrder, onWarm: () => Promise<void>): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'load-process.ts'), {
    env: { ...process.env, NODE_ENV: 'production' },
    execArgv: [],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return new Promise<LoadResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the load process ended with ${code}`)));
    child.on('message', (message: LoadMessage) => {
      switch (message.type) {
        case 'warm':
          onWarm().then(() => child.send('go'), reject);
          break;
        case 'done':
          resolve(message.result);
          break;
        case 'failed':
          reject(new Error(`the load failed: ${message.message}`));
          break;
      }
    });
    child.send(order);
  }).finally(() => {
    process.off('exit', kill);
    kill();
  });
}
