import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { SavedFilters as Answer } from '../../../src/record-answers.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { go } from '../frame/router.tsx';

/** What this account looks for again and again: kept on the server, so that it is there on any computer. */
export function SavedFilters({ query }: { query: string }) {
  const { api } = useConsole();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const key = ['saved-filters'];
  const saved = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => api.get('/api/v1/records/filters', Answer, signal),
  });
  const change = useMutation({
    mutationFn: ({ remove, ...body }: { remove: boolean; name: string; query?: string }) =>
      api.post(`/api/v1/records/filters${remove ? '/remove' : ''}`, Answer, body),
    onSuccess: (answer) => {
      client.setQueryData(key, answer);
      setName('');
    },
  });
  const filters = saved.data?.filters ?? [];
  return (
    <div className="saved-filters" aria-label="Saved filters" role="group">
      {filters.map((filter) => (
        <span key={filter.name} className="chip" data-current={filter.query === query}>
          <button type="button" onClick={() => go(`/deliveries${filter.query === '' ? '' : `?${filter.query}`}`)}>
            {filter.name}
          </button>
          <button
            type="button"
            aria-label={`Forget the filter ${filter.name}`}
            onClick={() => change.mutate({ remove: true, name: filter.name })}
          >
            ✕
          </button>
        </span>
      ))}
      {query !== '' && !filters.some((filter) => filter.query === query) && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== '') change.mutate({ remove: false, name: name.trim(), query });
          }}
        >
          <input
            aria-label="Name for this filter"
            placeholder="Save this filter as…"
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <button type="submit" disabled={name.trim() === '' || change.isPending}>
            Save
          </button>
        </form>
      )}
      {change.isError && <Failed error={change.error} />}
    </div>
  );
}
