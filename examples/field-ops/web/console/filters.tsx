import { useMemo } from 'react';
import { DeliveryKind, DeliveryStatus } from '../../src/model.ts';
import { mfiName } from '../shared/mfi.ts';
import { type Agents, type DeliveryFilter, everything } from './delivery-filter.ts';
import { Choice } from './frame/choice.tsx';
import type { DeliveryRow } from './scoped-rows.ts';
import { kindWords, statusWords } from './status-words.ts';

interface FiltersProps {
  filter: DeliveryFilter;
  deliveries: readonly DeliveryRow[];
  agents: Agents;
  onChange(filter: DeliveryFilter): void;
}

export function Filters({ filter, deliveries, agents, onChange }: FiltersProps) {
  const { regions, mfis } = useMemo(
    () => ({
      regions: distinct(deliveries, ({ regionId }) => regionId),
      mfis: distinct(deliveries, ({ mfiId }) => mfiId),
    }),
    [deliveries],
  );
  const people = useMemo(
    () =>
      [...agents.values()]
        .filter(({ regionId }) => filter.regionId === '' || regionId === filter.regionId)
        .sort((a, b) => a.name.localeCompare(b.name)),
    [agents, filter.regionId],
  );
  const narrowed = Object.values(filter).some((value) => value !== '');

  return (
    <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label className="filter-search">
        <span>Search</span>
        <input
          type="search"
          placeholder="Customer, village, PIN code, loan, receipt no."
          value={filter.typed}
          onChange={(event) => onChange({ ...filter, typed: event.target.value })}
        />
      </label>
      <Choice
        name="status"
        title="Status"
        value={filter.status}
        options={DeliveryStatus.options.map((status) => [status, statusWords[status]])}
        onChange={(value) => onChange({ ...filter, status: DeliveryStatus.safeParse(value).data ?? '' })}
      />
      <Choice
        name="region"
        title="Region"
        value={filter.regionId}
        options={regions.map((id) => [id, id])}
        // The agent chosen before may not work in the region chosen now.
        onChange={(regionId) => onChange({ ...filter, regionId, agentId: '' })}
      />
      <Choice
        name="agent"
        title="Agent"
        value={filter.agentId}
        options={people.map(({ id, name }) => [id, name])}
        onChange={(agentId) => onChange({ ...filter, agentId })}
      />
      <Choice
        name="kind"
        title="Kind"
        value={filter.kind}
        options={DeliveryKind.options.map((kind) => [kind, kindWords[kind]])}
        onChange={(value) => onChange({ ...filter, kind: DeliveryKind.safeParse(value).data ?? '' })}
      />
      <Choice
        name="mfi"
        title="MFI"
        value={filter.mfiId}
        options={mfis.map((id) => [id, mfiName(id)])}
        onChange={(mfiId) => onChange({ ...filter, mfiId })}
      />
      <button type="button" disabled={!narrowed} onClick={() => onChange(everything)}>
        Clear
      </button>
    </form>
  );
}

function distinct(deliveries: readonly DeliveryRow[], field: (row: DeliveryRow) => string): string[] {
  return [...new Set(deliveries.map(field))].sort();
}
