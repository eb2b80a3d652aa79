import { useQuery } from '@tanstack/react-query';
import { ApiFacts } from '../../../src/record-answers.ts';
import { Asked } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { JsonView } from '../frame/json-view.tsx';
import { counted } from '../frame/units.ts';

const limitWords: Readonly<Record<string, string>> = {
  bodyBytes: 'Bytes of a request’s body',
  mutationsPerTransaction: 'Mutations in one transaction',
  mutationsPerRequest: 'Mutations in one request',
  changesPerPage: 'Changes in a page of a delta',
  rowsPerPage: 'Rows in a page of a collection',
  cursorLength: 'Characters of a cursor',
  jsonDepth: 'Depth of a body’s JSON',
  scopesPerRequest: 'Scopes in one request',
};

/** What a program that talks to this server has to know. */
export function ApiScreen() {
  const { api } = useConsole();
  const query = useQuery({
    queryKey: ['api'],
    queryFn: ({ signal }) => api.get('/api/v1/records/api', ApiFacts, signal),
  });
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>API</h1>
        <a className="button main" href="/docs">
          Reference
        </a>
        <a className="button" href="/openapi.json">
          OpenAPI 3.1
        </a>
      </div>
      <Asked query={query}>{(facts) => <Facts facts={facts} />}</Asked>
    </div>
  );
}

function Facts({ facts: { you, claims, rates, limits } }: { facts: ApiFacts }) {
  const perSecond = ({ perSecond: rate, burst }: ApiFacts['rates']['you']) =>
    `${counted(rate)} requests a second in the long run, ${counted(burst)} at once`;
  return (
    <div className="two even">
      <section className="card" aria-labelledby="you">
        <h2 id="you">You</h2>
        <dl>
          <Fact name="Tenant">{you.tenant}</Fact>
          <Fact name="Who (sub)">{you.sub}</Fact>
          <Fact name="Role">{you.role}</Fact>
          <Fact name="Regions">{you.regions.join(', ')}</Fact>
        </dl>
        <details>
          <summary>All claims of the token</summary>
          <JsonView value={claims} label="Claims" />
        </details>
      </section>
      <section className="card" aria-labelledby="rates">
        <h2 id="rates">Rate limits</h2>
        <dl>
          <Fact name="You">{perSecond(rates.you)}</Fact>
          <Fact name="An agent">{perSecond(rates.agent)}</Fact>
        </dl>
        <p className="dim">
          Whoever sends more is answered 429 with Retry-After; nothing is lost by it. Each 32 KiB that are sent count as
          one more.
        </p>
      </section>
      <section className="card" aria-labelledby="limits">
        <h2 id="limits">Limits of a request</h2>
        <dl>
          {Object.entries(limits).map(([name, value]) => (
            <Fact key={name} name={limitWords[name] ?? name}>
              {counted(value)}
            </Fact>
          ))}
        </dl>
      </section>
      <section className="card" aria-labelledby="examples">
        <h2 id="examples">Examples</h2>
        <p className="dim">Put a token into TOKEN first: one of a sign-in, or of the identity provider.</p>
        <pre className="json" tabIndex={0} aria-label="A list">{`curl -H "Authorization: Bearer $TOKEN" \\
  '${location.origin}/api/v1/deliveries?status=pending&limit=10'`}</pre>
        <pre
          className="json"
          tabIndex={0}
          aria-label="A mutation"
        >{`curl -X POST '${location.origin}/v1/mutations/cancelDelivery' \\
  -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' \\
  -H "Idempotency-Key: $(uuidgen)" \\
  -d '{ "deliveryId": "d0001", "reason": "flood" }'`}</pre>
        <p className="dim">The same key again does nothing more, and brings the same answer.</p>
      </section>
    </div>
  );
}
