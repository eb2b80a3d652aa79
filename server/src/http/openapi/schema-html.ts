import { html, raw } from 'hono/html';
import type { JsonSchema } from './json-schema.ts';

export type Html = ReturnType<typeof html>;

export function anchorOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.-]+/g, '-');
}

/** Text of our own, in which backticks stand around code. */
export function inline(text: string): Html {
  return html`${text.split('`').map((part, at) => (at % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))}`;
}

/** Text of ours that is markup or style already. */
export function verbatim(css: string): Html {
  return raw(css);
}

/** A schema in words and lists: what it is, its limits, its fields. */
export function schemaHtml(schema: JsonSchema): Html {
  const {
    $ref: target,
    allOf,
    anyOf,
    items,
    properties,
    description,
  } = schema as {
    readonly $ref?: string;
    readonly allOf?: readonly JsonSchema[];
    readonly anyOf?: readonly JsonSchema[];
    readonly items?: JsonSchema;
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly description?: string;
  };
  if (target !== undefined) {
    const name = target.slice(target.lastIndexOf('/') + 1);
    return html`<a class="type" href="#${anchorOf(name)}">${name}</a>`;
  }
  if (allOf !== undefined) return html`${allOf.map((part) => html`<span>${schemaHtml(part)}</span> `)}`;
  if (anyOf !== undefined)
    return html`${anyOf.map((part, at) => html`${at === 0 ? '' : html` <span class="meta">or</span> `}${schemaHtml(part)}`)}`;
  return html`<span class="type">${typeOf(schema)}</span> <span class="meta">${limitsOf(schema)}</span>${
      items === undefined ? '' : html` <span class="meta">of</span> ${schemaHtml(items)}`
    }${properties === undefined ? '' : fieldsHtml(properties, schema)}${
      description === undefined ? '' : html`<p>${inline(description)}</p>`
    }`;
}

function fieldsHtml(properties: Readonly<Record<string, JsonSchema>>, schema: JsonSchema): Html {
  const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as string[]) : []);
  return html`<ul class="fields">
    ${Object.entries(properties).map(
      ([name, of]) =>
        html`<li>
          <code class="name">${name}</code>
          ${required.has(name) ? '' : html`<span class="meta">optional</span> `}${schemaHtml(of)}
        </li>`,
    )}
  </ul>`;
}

function typeOf({ type, const: only, enum: some }: JsonSchema): string {
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(some)) return some.map((value) => JSON.stringify(value)).join(' | ');
  if (Array.isArray(type)) return type.join(' | ');
  return typeof type === 'string' ? type : 'anything';
}

/** The keywords that bound a value; zod's own outermost whole numbers are none to a reader. */
function limitsOf(schema: JsonSchema): string {
  const words: string[] = [];
  const add = (keyword: string, word: (value: string) => string) => {
    const value = schema[keyword];
    if (typeof value === 'string') words.push(word(value));
    if (typeof value === 'number' && Math.abs(value) !== Number.MAX_SAFE_INTEGER) words.push(word(String(value)));
  };
  add('format', (value) => value);
  add('minLength', (value) => (value === '1' ? 'not empty' : `at least ${value} characters`));
  add('maxLength', (value) => `at most ${value} characters`);
  add('minimum', (value) => `≥ ${value}`);
  add('exclusiveMinimum', (value) => `> ${value}`);
  add('maximum', (value) => `≤ ${value}`);
  add('exclusiveMaximum', (value) => `< ${value}`);
  add('minItems', (value) => `at least ${value}`);
  add('maxItems', (value) => `at most ${value}`);
  const { pattern } = schema;
  // zod's own for dates and UUIDs are long, and their format says it better.
  if (typeof pattern === 'string' && schema['format'] === undefined && pattern.length <= 60) words.push(pattern);
  if (schema['default'] !== undefined) words.push(`default ${JSON.stringify(schema['default'])}`);
  return words.join(', ');
}
