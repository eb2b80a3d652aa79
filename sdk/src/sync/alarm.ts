import type { Platform } from '../platform.ts';

/** What may end a wait of the loop. */
export type Wake = 'start' | 'mutation' | 'poke' | 'online' | 'visible' | 'sync' | 'close';

/** Lets the loop sleep until something happens. What rings while it is at work is remembered. */
export class Alarm {
  readonly #platform: Pick<Platform, 'setTimeout' | 'clearTimeout'>;
  readonly #rung = new Set<Wake>();
  #check: (() => void) | undefined;

  constructor(platform: Pick<Platform, 'setTimeout' | 'clearTimeout'>) {
    this.#platform = platform;
  }

  ring(wake: Wake): void {
    this.#rung.add(wake);
    this.#check?.();
  }

  /** Forgets what has rung: the work that starts now covers it. */
  clear(): void {
    const closing = this.#rung.has('close');
    this.#rung.clear();
    if (closing) this.#rung.add('close');
  }

  /** Resolves after `ms`, or as soon as one of `wakes` (or `close`) rings or has rung. */
  async sleep(ms: number, wakes: readonly Wake[]): Promise<void> {
    const woken = () => this.#rung.has('close') || wakes.some((wake) => this.#rung.has(wake));
    if (woken()) return;
    await new Promise<void>((resolve) => {
      const timer = this.#platform.setTimeout(resolve, ms);
      this.#check = () => {
        if (!woken()) return;
        this.#platform.clearTimeout(timer);
        resolve();
      };
    });
    this.#check = undefined;
  }
}
