/** Writes of what is in memory, one at a time: whoever asks while one runs gets the next, shared with others who ask. */
export class Flushes {
  readonly #write: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(write: () => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when a write that began after this call is done. */
  flush(): Promise<void> {
    if (!this.#running) return this.#start();
    return (this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#start();
    }));
  }

  #start(): Promise<void> {
    this.#running = this.#write().finally(() => (this.#running = undefined));
    return this.#running;
  }
}
