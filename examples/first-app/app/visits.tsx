import { useQuery } from '@tanstack/react-query';
import { useState, useSyncExternalStore } from 'react';
import { client } from './client.ts';

export function Visits() {
  const [problem, setProblem] = useState('');
  const { data: visits = [] } = useQuery(client.query('visits', { orderBy: 'village' }));
  const { data: refused = [] } = useQuery(client.rejections.query());
  const { online, pending } = useSyncExternalStore(client.status.subscribe, client.status.get);

  // Resolves when it is safely on this device; rejects when it could not be kept, and then the person must know.
  const finish = (visitId: string) =>
    void client.mutate('finishVisit', { visitId }).catch((error: Error) => setProblem(error.message));

  return (
    <main>
      <p role="status">
        {online ? 'online' : 'offline'}, {pending} to send {problem}
      </p>
      <ul>
        {visits.map(({ id, village, status }) => (
          <li key={id}>
            {village}: {status}
            {status === 'planned' && <button onClick={() => finish(id)}>Finish {village}</button>}
          </li>
        ))}
      </ul>
      {refused.map(({ key, error }) => (
        <p role="alert" key={key}>
          {error.message} <button onClick={() => void client.rejections.dismiss(key)}>I have seen this</button>
        </p>
      ))}
    </main>
  );
}
