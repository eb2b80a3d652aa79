/** Who is asking, as the token says. Nothing in a request's body can change it. */
export interface Actor {
  readonly tenant: string;
  /** The token's `sub`. */
  readonly id: string;
  readonly role: string;
  /** All claims of the token, for the app's own rules. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A scope that an actor may read: one by name, or all that begin with a prefix. */
export type ReadableScope = string | { readonly prefix: string };

/** Whether an actor with these readable scopes may read `scope`. */
export function mayRead(readable: readonly ReadableScope[], scope: string): boolean {
  return readable.some((allowed) =>
    typeof allowed === 'string' ? allowed === scope : scope.startsWith(allowed.prefix),
  );
}
