import type { Server } from '@ekbaar/server';
import { model } from '@ekbaar/field-ops/model';

/** A route that the server has. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** With its parameters in braces. */
  readonly path: string;
  /** Answered without a token. */
  readonly open: boolean;
  /** Query parameters that it is described with. */
  readonly query: readonly string[];
}

interface Described {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          { readonly security?: readonly object[]; readonly parameters?: readonly { name: string; in: string }[] }
        >
      >
    >
  >;
}

/** Every route, as the server's own description names it and as it is registered. */
export function routesOf(server: Server, description: unknown): Route[] {
  const { paths } = description as Described;
  const routes = new Map<string, Route>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [name, { security, parameters = [] }] of Object.entries(methods)) {
      const method = methodOf(name);
      const query = parameters.flatMap((parameter) => (parameter.in === 'query' ? [parameter.name] : []));
      const open = security?.some((each) => Object.keys(each).length === 0) ?? false;
      routes.set(`${method} ${path}`, { method, path, open: open || security?.length === 0, query });
    }
  }
  for (const { method, path: pattern } of server.app.routes) {
    if (method === 'ALL') continue;
    const path = pattern.replaceAll(/:(\w+)/g, '{$1}');
    const name = `${methodOf(method)} ${path}`;
    // The description of itself is for everybody; what is named by the model is there under its names already.
    if (!routes.has(name))
      routes.set(name, { method: methodOf(method), path, open: !path.startsWith('/v1'), query: [] });
  }
  return [...routes.values()];
}

function methodOf(name: string): Route['method'] {
  const method = name.toUpperCase();
  if (method !== 'GET' && method !== 'POST') throw new TypeError(`nobody attacks ${method} yet`);
  return method;
}

export const mutationNames = Object.keys(model.mutations);
export const collections = Object.entries(model.collections).map(([name, { key, indexes }]) => ({
  name,
  key,
  indexes,
}));
