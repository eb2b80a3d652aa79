import { html } from 'hono/html';
import type { OpenApi } from './document.ts';
import type { JsonSchema } from './json-schema.ts';
import type { Answer, Operation, Parameter } from './operation.ts';
import { style } from './reference-style.ts';
import { anchorOf, type Html, inline, schemaHtml, verbatim } from './schema-html.ts';

interface Entry {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** The document as a page to read: no script, and everything in it. */
export async function referenceHtml(document: OpenApi): Promise<string> {
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Entry => ({ path, method, operation })),
  );
  const groups = document.tags
    .map(({ name, description }) => ({
      name,
      description,
      entries: entries.filter(({ operation }) => operation.tags[0] === name),
    }))
    .filter((group) => group.entries.length > 0);
  const { title, version, description } = document.info;
  const schemas = Object.entries(document.components.schemas);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}: API</title>
        ${verbatim(`<style>${style}</style>`)}
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p>${inline(description)}</p>
          <p class="meta">
            Model version ${version} · OpenAPI ${document.openapi} · <a href="/openapi.json">openapi.json</a>
          </p>
        </header>
        <nav aria-label="Operations">
          ${groups.map(
            (group) =>
              html`<p>${group.name}</p>
                <ul>
                  ${group.entries.map(linkTo)}
                </ul>`,
          )}
          <p>Schemas</p>
          <ul>
            ${schemas.map(([name]) => html`<li><a href="#${anchorOf(name)}">${name}</a></li>`)}
          </ul>
        </nav>
        <main>
          ${groups.map(
            (group) =>
              html`<section>
                <h2>${group.name}</h2>
                <p>${inline(group.description)}</p>
                ${group.entries.map((entry) => operationHtml(entry, document))}
              </section>`,
          )}
          <section>
            <h2>Schemas</h2>
            ${schemas.map(
              ([name, schema]) =>
                html`<details>
                  <summary><code>${name}</code></summary>
                  <div class="body" id="${anchorOf(name)}">${schemaHtml(schema)}</div>
                </details>`,
            )}
          </section>
        </main>
      </body>
    </html> `;
  return String(await page);
}

function linkTo({ path, method, operation }: Entry): Html {
  return html`<li>
    <a href="#${anchorOf(operation.operationId)}"><span class="method ${method}">${method}</span> ${breakable(path)}</a>
  </li>`;
}

/** A path that may break at its slashes on a narrow screen. */
function breakable(path: string): Html {
  return html`${path.split('/').map((part, at) => (at === 0 ? html`${part}` : html`/<wbr />${part}`))}`;
}

function operationHtml({ path, method, operation }: Entry, document: OpenApi): Html {
  const { summary, description, parameters = [], requestBody, responses, security } = operation;
  return html`<details>
    <summary>
      <span class="method ${method}">${method}</span> <code class="path">${breakable(path)}</code>
      <span class="what">${inline(summary)}</span>
    </summary>
    <div class="body" id="${anchorOf(operation.operationId)}">
      ${description === undefined ? '' : html`<p>${inline(description)}</p>`}
      ${security?.length === 0 ? html`<p class="meta">Needs no token.</p>` : ''}
      ${
        parameters.length === 0
          ? ''
          : html`<h3>Parameters</h3>
              <ul class="fields">
                ${parameters.map(parameterHtml)}
              </ul>`
      }
      ${
        requestBody === undefined
          ? ''
          : html`<h3>Body</h3>
              ${Object.values(requestBody.content).map(({ schema }) => bodyHtml(schema, document))}`
      }
      <h3>Answers</h3>
      ${Object.entries(responses).map(([status, answer]) => answerHtml(status, answer))}
    </div>
  </details>`;
}

/** What is sent is what most readers are here for: its fields are shown at once. */
function bodyHtml(schema: JsonSchema, { components }: OpenApi): Html {
  const target = schema['$ref'];
  const named = typeof target === 'string' ? components.schemas[target.slice(target.lastIndexOf('/') + 1)] : undefined;
  return html`${schemaHtml(schema)} ${named === undefined ? '' : schemaHtml(named)}`;
}

function parameterHtml({ name, in: where, required, description, schema }: Parameter): Html {
  return html`<li>
    <code class="name">${name}</code>
    <span class="meta">${where}${required === true ? ', required' : ''}</span> ${schemaHtml(schema)}${
      description === undefined ? '' : html`<p>${inline(description)}</p>`
    }
  </li>`;
}

function answerHtml(status: string, { description, headers = {}, content = {} }: Answer): Html {
  const names = Object.keys(headers).filter((name) => name !== 'X-Request-Id');
  return html`<div class="answer s${status[0] ?? ''}">
    <p><strong>${status}</strong> ${inline(description)}</p>
    ${names.length === 0 ? '' : html`<p class="meta">Headers: ${names.join(', ')}</p>`}
    ${Object.entries(content)
      // Every problem has the one form, which the schemas show.
      .filter(([type]) => type !== 'application/problem+json')
      .map(([, { schema }]) => schemaHtml(schema))}
  </div>`;
}
