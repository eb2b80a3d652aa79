import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import type { HttpAnswer } from '../support/http-client.ts';

/** Of a document of OpenAPI 3.1, what its checks need. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

interface DescribedOperation {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: object;
  readonly responses: Readonly<
    Record<
      string,
      { readonly headers?: Readonly<Record<string, object>>; readonly content?: Readonly<Record<string, object>> }
    >
  >;
}

export interface Place {
  readonly method: string;
  readonly path: string;
  readonly operation: DescribedOperation;
}

// The package is CommonJS, whose types see its default under the name `default`.
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => Ajv2020;

/** Holds answers against a document: their status, their content type, their body, the headers that mean something. */
export class DescribedAnswers {
  readonly places: ReadonlyMap<string, Place>;
  /** `operationId status`, of every answer that was held against it. */
  readonly seen = new Set<string>();
  readonly #ajv: Ajv2020;

  constructor(document: Document) {
    this.#ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
    // What OpenAPI has beside schemas are no keywords of JSON Schema.
    this.#ajv.addSchema(document, 'api', undefined, false);
    this.places = new Map(
      Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(
          ([method, operation]) => [operation.operationId, { method, path, operation }] as const,
        ),
      ),
    );
  }

  /** @throws Error that says what does not fit */
  checkAnswer(operationId: string, answer: HttpAnswer): void {
    const { method, path, operation } = this.#place(operationId);
    const what = `${method.toUpperCase()} ${path} answered ${answer.status} ${answer.text.slice(0, 300)}`;
    const described = operation.responses[answer.status];
    if (described === undefined) throw new Error(`${what}: that status is not described`);
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    if (described.content?.[type] === undefined) throw new Error(`${what}: the content type ${type} is not described`);
    if (type.endsWith('json')) {
      const validate = this.#validator(path, method, 'responses', String(answer.status), 'content', type, 'schema');
      if (!validate(answer.body)) throw new Error(`${JSON.stringify(validate.errors)} in ${what}`);
    }
    for (const header of ['X-Request-Id', 'Retry-After', 'Idempotency-Replayed', 'WWW-Authenticate']) {
      const isDescribed = described.headers?.[header] !== undefined;
      if (answer.headers.has(header) && !isDescribed && type.endsWith('json'))
        throw new Error(`${what}: the header ${header} is not described`);
    }
    this.seen.add(`${operationId} ${answer.status}`);
  }

  /** @throws Error when the body is none that the document admits */
  checkBody(operationId: string, body: unknown): void {
    const { method, path } = this.#place(operationId);
    const validate = this.#validator(path, method, 'requestBody', 'content', 'application/json', 'schema');
    if (!validate(body)) throw new Error(`${operationId}: ${JSON.stringify(validate.errors)}`);
  }

  #place(operationId: string): Place {
    const place = this.places.get(operationId);
    if (place === undefined) throw new Error(`no operation is described as "${operationId}"`);
    return place;
  }

  #validator(path: string, method: string, ...rest: string[]): ValidateFunction {
    const pointer = ['paths', path, method, ...rest]
      .map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
      .map(encodeURIComponent)
      .join('/');
    const validate = this.#ajv.getSchema(`api#/${pointer}`);
    if (validate === undefined) throw new Error(`nothing is described at ${pointer}`);
    return validate;
  }
}
