import { useQuery } from '@tanstack/react-query';
import { useState, useSyncExternalStore } from 'react';
import { client } from '../client.ts';

export function Deliveries() {
  const [todo, setTodo] = useState(false);
  const [problem, setProblem] = useState('');
  const { data: deliveries = [] } = useQuery(
    client.query('deliveries', { where: { status: todo ? 'pending' : undefined }, orderBy: 'id' }),
  );
  const { data: rejections = [] } = useQuery(client.rejections.query());
  const { online, pending } = useSyncExternalStore(client.status.subscribe, client.status.get);

  const tell = (error: Error) => setProblem(error.message);
  // It rejects when the phone could not keep it: then the person must know.
  const confirm = (deliveryId: string, amountPaise: number) =>
    void client.mutate('confirm', { deliveryId, amountPaise }).catch(tell);
  const dismiss = (key: string) => void client.rejections.dismiss(key).catch(tell);

  return (
    <main>
      <p role="status">
        {online ? 'online' : 'offline'}, {pending} to send {problem}
      </p>
      <label>
        <input type="checkbox" checked={todo} onChange={() => setTodo(!todo)} /> To do
      </label>
      <ul>
        {deliveries.map(({ id, status, amountPaise }) => (
          <li key={id}>
            {id} {status}
            {status === 'pending' && <button onClick={() => confirm(id, amountPaise)}>Confirm {id}</button>}
          </li>
        ))}
      </ul>
      {rejections.map(({ key, args, error }) => (
        <p role="alert" key={key}>
          {args.deliveryId}: {error?.code} <button onClick={() => dismiss(key)}>Done</button>
        </p>
      ))}
    </main>
  );
}
