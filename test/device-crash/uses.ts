/** Which of a client's operations were used, by name. */
export class Uses {
  readonly #used = new Set<string>();
  readonly #offered = new Set<string>();

  /** Those that no workload has used. */
  get missing(): string[] {
    return [...this.#offered].filter((name) => !this.#used.has(name));
  }

  /** The same client, whose uses are noted. */
  of<T extends object>(client: T, path = ''): T {
    for (const name of Object.keys(client)) {
      const value: unknown = Reflect.get(client, name);
      if (typeof value === 'function') this.#offered.add(path + name);
      else if (isPlain(value)) this.of(value, `${path}${name}.`);
    }
    return new Proxy(client, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof name !== 'string') return value;
        this.#used.add(path + name);
        if (typeof value === 'function') return (value as (...args: unknown[]) => unknown).bind(target);
        return isPlain(value) ? this.of(value, `${path}${name}.`) : value;
      },
    });
  }
}

/** An object of functions, such as `rejections`; not the actor. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).some((one) => typeof one === 'function');
}
