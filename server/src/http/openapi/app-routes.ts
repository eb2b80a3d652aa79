import type { Operation } from './operation.ts';

/** What a handler of the app's own does: another name of a mutation or a collection, or an operation described in full. */
export type Description =
  | {
      readonly of: 'mutation';
      readonly name: string;
      readonly argsInPath: Readonly<Record<string, string>>;
      /** A function of the app's makes the args, and may refuse to. */
      readonly mayForbid: boolean;
    }
  | { readonly of: 'collection'; readonly name: string; readonly aliases: Readonly<Record<string, string>> }
  | { readonly of: 'operation'; readonly operation: Operation };

const description = Symbol('description');

/**
 * A handler that says what it does, so that the route it is given shows in `/openapi.json` and `/docs`.
 *
 * @example
 * server.app.get('/api/v1/regions', described(listRegions, { of: 'operation', operation: { … } }));
 */
export function described<Handler extends object>(handler: Handler, as: Description): Handler {
  return Object.assign(handler, { [description]: as });
}

export function descriptionOf(handler: object): Description | undefined {
  return (handler as { readonly [description]?: Description })[description];
}
