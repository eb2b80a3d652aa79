import { isStorableText } from '../db/text.ts';

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

/** How the scopes begin that are the engine's own: `actor:<sub>`, read by that actor and by nobody else. */
export const actorPrefix = 'actor:';

/**
 * What an actor may read: what the app says, and the actor's own scope. That one shows only once there is something in it.
 *
 * @param declared by the app, which has no say over the scopes of actors
 */
export function readableScopes(actor: Actor, declared: readonly ReadableScope[]): readonly ReadableScope[] {
  const apps = declared.filter((scope) =>
    // A name that no database can hold, out of a token's claims, is of no scope.
    typeof scope === 'string' ? isStorableText(scope) && !scope.startsWith(actorPrefix) : isStorableText(scope.prefix),
  );
  return [...apps, `${actorPrefix}${actor.id}`];
}

/** Whether an actor with these readable scopes may read `scope`. No prefix reaches another actor's own scope. */
export function mayRead(readable: readonly ReadableScope[], scope: string): boolean {
  return readable.some((allowed) =>
    typeof allowed === 'string'
      ? allowed === scope
      : scope.startsWith(allowed.prefix) && !scope.startsWith(actorPrefix),
  );
}
