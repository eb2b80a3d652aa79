import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { NewEndpoint } from '../../../src/message-answers.ts';
import { mfiName, mfis } from '../../shared/mfi.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Sheet } from '../frame/sheet.tsx';
import { SecretShown } from './secret-shown.tsx';

/** Adds an address that an MFI hears of events at. */
export function NewEndpointSheet({ onClose }: { onClose(): void }) {
  const { api } = useConsole();
  const [mfiId, setMfiId] = useState<string>(mfis[0]);
  const [url, setUrl] = useState('');
  const [description, setDescription] = useState('');
  const add = useMutation({
    mutationFn: () =>
      api.post('/api/v1/webhooks/endpoints', NewEndpoint, { mfiId, url: url.trim(), description: description.trim() }),
  });
  return (
    <Sheet title="New endpoint" onClose={onClose}>
      {add.isSuccess ? (
        <>
          <SecretShown
            secret={add.data.secret}
            note={`Give this secret to ${mfiName(mfiId)} on a safe way: it verifies what we send. It is not shown again.`}
          />
          <button type="button" className="main" onClick={onClose}>
            Done
          </button>
        </>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate();
          }}
        >
          <label className="field">
            <span>MFI</span>
            <select name="mfi" value={mfiId} onChange={(event) => setMfiId(event.target.value)}>
              {mfis.map((id) => (
                <option key={id} value={id}>
                  {mfiName(id)}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>Address (https)</span>
            <input
              name="url"
              type="url"
              required
              maxLength={1000}
              value={url}
              onChange={(event) => setUrl(event.target.value)}
            />
          </label>
          <label className="field">
            <span>What it is for</span>
            <input
              name="description"
              maxLength={200}
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          </label>
          {add.isError && <Failed error={add.error} />}
          <button type="submit" className="main" data-testid="add-endpoint" disabled={add.isPending}>
            Add it
          </button>
        </form>
      )}
    </Sheet>
  );
}
