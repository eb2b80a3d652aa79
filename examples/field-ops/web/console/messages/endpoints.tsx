import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Endpoints as Answer } from '../../../src/message-answers.ts';
import { Asked } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { EndpointCard } from './endpoint-card.tsx';
import { NewEndpointSheet } from './new-endpoint-sheet.tsx';

/** Where MFIs hear of events. */
export function Endpoints() {
  const { api } = useConsole();
  const [adding, setAdding] = useState(false);
  const query = useQuery({
    queryKey: ['endpoints'],
    queryFn: ({ signal }) => api.get('/api/v1/webhooks/endpoints', Answer, signal),
    refetchInterval: 15_000,
  });
  return (
    <>
      <p>
        <button type="button" className="main" data-testid="new-endpoint" onClick={() => setAdding(true)}>
          New endpoint…
        </button>
      </p>
      <Asked query={query}>
        {({ endpoints }) => (
          <>
            {endpoints.length === 0 && (
              <p className="nothing">
                No MFI hears of events yet. Ask it for an https address, add it here, and give it the secret.
              </p>
            )}
            <ul className="stack">
              {endpoints.map((endpoint) => (
                <li key={endpoint.id}>
                  <EndpointCard endpoint={endpoint} onChanged={() => void query.refetch()} />
                </li>
              ))}
            </ul>
          </>
        )}
      </Asked>
      {adding && (
        <NewEndpointSheet
          onClose={() => {
            setAdding(false);
            void query.refetch();
          }}
        />
      )}
    </>
  );
}
