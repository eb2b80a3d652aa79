import type { Model } from '@ekbaar/sdk/model';
import {
  Change,
  Delta,
  Mutation,
  MutationError,
  Poke,
  Problem,
  Receipt,
  SyncRequest,
  SyncResponse,
} from '@ekbaar/sdk/protocol';
import { adminPaths, adminSchemas } from './admin-paths.ts';
import { type Description, descriptionOf } from './app-routes.ts';
import { type JsonSchema, jsonSchemas, ref } from './json-schema.ts';
import { modelSchemas, mutationOperation, pageOperation, rowOperation } from './model-paths.ts';
import type { Operation, Parameter } from './operation.ts';
import { type Paths, wirePaths } from './wire-paths.ts';

/** A document of OpenAPI 3.1. */
export interface OpenApi {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Paths;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

/** A route as Hono keeps it. */
interface Route {
  readonly method: string;
  readonly path: string;
  readonly handler: object;
}

const tags = [
  { name: 'App', description: 'The app’s own names of its mutations and collections.' },
  { name: 'Mutations', description: 'One mutation at a time, for programs without the SDK.' },
  { name: 'Collections', description: 'Rows that the token may read.' },
  { name: 'Sync', description: 'What the SDK speaks: mutation logs in, deltas out.' },
  { name: 'Admin', description: 'Dead letters and the audit log, for operations.' },
  { name: 'Server', description: 'For load balancers and monitoring.' },
];

/**
 * Describes a server: what its model declares, what the wire always has, and those of its routes that say what they do.
 *
 * @param title of the app
 */
export function openApi(model: Model, routes: readonly Route[], title: string): OpenApi {
  const schemas = {
    ...jsonSchemas({ SyncRequest, Mutation }, 'input'),
    ...jsonSchemas({ SyncResponse, Receipt, Delta, Change, Poke, Problem, MutationError }, 'output'),
    ...adminSchemas(),
    ...modelSchemas(model),
  };
  return {
    openapi: '3.1.1',
    info: {
      title,
      version: String(model.version),
      description:
        'Every request but those of the tag Server carries `Authorization: Bearer <JWT>`; the tenant is always the token’s. ' +
        'Errors are RFC 9457 problems. Money is whole paise; moments are ISO 8601.',
    },
    tags,
    security: [{ bearer: [] }],
    paths: { ...appPaths(model, routes, schemas), ...modelPaths(model, schemas), ...wirePaths, ...adminPaths },
    components: {
      schemas,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'With `sub`, `tenant`, `role`, `exp`, and `aud: "ekbaar"`',
        },
        metricsToken: { type: 'http', scheme: 'bearer', description: 'Where the server was given one' },
      },
    },
  };
}

function modelPaths(model: Model, schemas: Readonly<Record<string, JsonSchema>>): Paths {
  return Object.fromEntries([
    ...Object.entries(model.mutations).map(([name, declared]) => {
      const summary = `\`${name}\``;
      const of = { operationId: `mutate.${name}`, tags: ['Mutations'], summary } as const;
      return [`/v1/mutations/${name}`, { post: mutationOperation(name, declared, of) }] as const;
    }),
    ...Object.entries(model.collections).flatMap(([name, declared]) => {
      const of = { operationId: `list.${name}`, tags: ['Collections'], summary: `Rows of \`${name}\`` } as const;
      return [
        [`/v1/collections/${name}`, { get: pageOperation(name, declared, schemas, of) }] as const,
        [`/v1/collections/${name}/{${declared.key}}`, { get: rowOperation(name, declared) }] as const,
      ];
    }),
  ]);
}

function appPaths(model: Model, routes: readonly Route[], schemas: Readonly<Record<string, JsonSchema>>): Paths {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const { method, path, handler } of routes) {
    const description = descriptionOf(handler);
    if (description === undefined) continue;
    const template = templateOf(path);
    (paths[template] ??= {})[method.toLowerCase()] = appOperation(model, schemas, { method, template, description });
  }
  return paths;
}

function appOperation(
  model: Model,
  schemas: Readonly<Record<string, JsonSchema>>,
  { method, template, description }: { method: string; template: string; description: Description },
): Operation {
  if (description.of === 'operation') return description.operation;
  const { name } = description;
  const operationId = `${method.toLowerCase()}${template.replaceAll(/[^A-Za-z0-9]+/g, '.').replace(/\.$/, '')}`;
  const of = { operationId, tags: ['App'] } as const;
  if (description.of === 'mutation') {
    const declared = model.mutations[name];
    if (declared === undefined) throw new TypeError(`${method} ${template}: the model has no mutation "${name}"`);
    const { argsInPath, mayForbid } = description;
    const args = schemas[`${name}.args`] ?? {};
    return mutationOperation(name, declared, {
      ...{ ...of, mayForbid, summary: `\`${name}\``, parameters: pathParameters(template, argsInPath, args) },
      args: Object.keys(argsInPath).length === 0 ? ref(`${name}.args`) : without(args, Object.values(argsInPath)),
    });
  }
  const declared = model.collections[name];
  if (declared === undefined) throw new TypeError(`${method} ${template}: the model has no collection "${name}"`);
  return pageOperation(name, declared, schemas, { ...of, summary: `Rows of \`${name}\`` }, description.aliases);
}

/** `/a/{id}` of Hono's `/a/:id`. */
function templateOf(path: string): string {
  return path.replaceAll(/:([A-Za-z0-9_]+)(\{[^}]*\})?\??/g, '{$1}');
}

function pathParameters(template: string, argsInPath: Readonly<Record<string, string>>, args: JsonSchema): Parameter[] {
  const properties = (args['properties'] ?? {}) as Record<string, JsonSchema>;
  return [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => {
    const field = argsInPath[name];
    const described = field === undefined ? {} : { description: `The argument \`${field}\`` };
    return { name, in: 'path', required: true, ...described, schema: properties[field ?? ''] ?? { type: 'string' } };
  });
}

/** An object's schema without some of its fields. */
function without(schema: JsonSchema, fields: readonly string[]): JsonSchema {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>);
  const required = ((schema['required'] ?? []) as string[]).filter((field) => !fields.includes(field));
  return {
    ...schema,
    properties: Object.fromEntries(properties.filter(([field]) => !fields.includes(field))),
    required,
  };
}
