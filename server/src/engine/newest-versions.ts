import type { Head } from './heads.ts';
import type { Moved } from './publish.ts';

const mostScopes = 10_000;
/** A replica that is longer behind is read as it is. */
const keptMs = 60_000;

/**
 * The versions that this node has told of lately. Who comes because of a poke must find what it was about, and not a
 * replica that has not heard of it.
 */
export class NewestVersions {
  readonly #monotonic: () => number;
  /** Told longest ago first. */
  readonly #scopes = new Map<string, { readonly version: number; readonly at: number }>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  note(tenant: string, moved: Moved): void {
    const at = this.#monotonic();
    for (const [scope, version] of moved) {
      const key = keyOf(tenant, scope);
      const before = this.#scopes.get(key);
      if (before !== undefined && before.version > version) continue;
      this.#scopes.delete(key);
      this.#scopes.set(key, { version, at });
    }
    for (const [key, { at: toldAt }] of this.#scopes) {
      if (this.#scopes.size <= mostScopes && at - toldAt < keptMs) break;
      this.#scopes.delete(key);
    }
  }

  /** Whether all of a tenant's heads are as new as what was told of them. */
  areIn(tenant: string, heads: readonly Head[]): boolean {
    const now = this.#monotonic();
    return heads.every(({ scope, version }) => {
      const told = this.#scopes.get(keyOf(tenant, scope));
      return told === undefined || told.version <= version || now - told.at >= keptMs;
    });
  }
}

/** No tenant has a blank. */
function keyOf(tenant: string, scope: string): string {
  return `${tenant} ${scope}`;
}
