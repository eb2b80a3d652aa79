import { useQuery } from '@tanstack/solid-query';
import { createSignal, For, from, Show } from 'solid-js';
import { client } from '../client.ts';

export function Deliveries() {
  const [todo, setTodo] = createSignal(false);
  const [problem, setProblem] = createSignal('');
  const deliveries = useQuery(() =>
    client.query('deliveries', { where: { status: todo() ? 'pending' : undefined }, orderBy: 'id' }),
  );
  const rejections = useQuery(() => client.rejections.query());
  const status = from((set) => client.status.subscribe(() => set(client.status.get())), client.status.get());

  const tell = (error: Error) => setProblem(error.message);
  // It rejects when the phone could not keep it: then the person must know.
  const confirm = (deliveryId: string, amountPaise: number) =>
    void client.mutate('confirm', { deliveryId, amountPaise }).catch(tell);
  const dismiss = (key: string) => void client.rejections.dismiss(key).catch(tell);

  return (
    <main>
      <p role="status">
        {status().online ? 'online' : 'offline'}, {status().pending} to send {problem()}
      </p>
      <label>
        <input type="checkbox" checked={todo()} onChange={() => setTodo(!todo())} /> To do
      </label>
      <ul>
        <For each={deliveries.data}>
          {({ id, status, amountPaise }) => (
            <li>
              {id} {status}
              <Show when={status === 'pending'}>
                <button onClick={() => confirm(id, amountPaise)}>Confirm {id}</button>
              </Show>
            </li>
          )}
        </For>
      </ul>
      <For each={rejections.data}>
        {({ key, args, error }) => (
          <p role="alert">
            {args.deliveryId}: {error?.code} <button onClick={() => dismiss(key)}>Done</button>
          </p>
        )}
      </For>
    </main>
  );
}
