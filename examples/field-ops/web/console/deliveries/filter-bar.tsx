import { DeliveryKind, DeliveryStatus } from '../../../src/model.ts';
import { mfiName } from '../../shared/mfi.ts';
import { formatRupees, parseRupees, rupeesText } from '../../shared/rupees.ts';
import { Choice } from '../frame/choice.tsx';
import { useFeed } from '../frame/console-context.ts';
import { Typed } from '../frame/typed.tsx';
import { kindWords, statusWords } from '../status-words.ts';

/** The parts of the address that choose which deliveries are shown; the rest is how. */
export const filterNames = [
  ...['q', 'status', 'kind', 'region', 'agent', 'mfi', 'dueFrom', 'dueTo', 'confirmedOn', 'amountFrom', 'amountTo'],
] as const;

interface FilterBarProps {
  query: URLSearchParams;
  onChange(changes: Record<string, string | null>): void;
}

export function FilterBar({ query, onChange }: FilterBarProps) {
  const { deliveries, agents } = useFeed();
  const regions = [...new Set([...agents.values()].map(({ regionId }) => regionId))].sort();
  const mfis = [...new Set(deliveries.map(({ mfiId }) => mfiId))].sort();
  const region = query.get('region') ?? '';
  const people = [...agents.values()]
    .filter(({ regionId }) => region === '' || regionId === region)
    .sort((a, b) => a.name.localeCompare(b.name));
  const more = filterNames.slice(6).some((name) => query.has(name));

  const choice = (name: string, title: string, options: readonly (readonly [string, string])[], besides = {}) => (
    <Choice
      name={name}
      title={title}
      value={query.get(name) ?? ''}
      options={options}
      onChange={(value) => onChange({ [name]: value, ...besides })}
    />
  );
  const day = (name: string, title: string) => (
    <label>
      <span>{title}</span>
      <input
        type="date"
        name={name}
        value={query.get(name) ?? ''}
        onChange={(event) => onChange({ [name]: event.target.value })}
      />
    </label>
  );

  return (
    <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <Typed
        name="q"
        title="Search"
        type="search"
        placeholder="Customer, village, PIN code, loan, receipt, agent"
        value={query.get('q') ?? ''}
        onChange={(q) => onChange({ q })}
      />
      {choice(
        'status',
        'Status',
        DeliveryStatus.options.map((id) => [id, statusWords[id]] as const),
      )}
      {choice(
        'kind',
        'Kind',
        DeliveryKind.options.map((id) => [id, kindWords[id]] as const),
      )}
      {/* The agent chosen before may not work in the region chosen now. */}
      {choice(
        'region',
        'Region',
        regions.map((id) => [id, id] as const),
        { agent: null },
      )}
      {choice(
        'agent',
        'Agent',
        people.map(({ id, name }) => [id, name] as const),
      )}
      {choice(
        'mfi',
        'MFI',
        mfis.map((id) => [id, mfiName(id)] as const),
      )}
      <details className="more" open={more || undefined}>
        <summary>Dates and amounts</summary>
        <div className="filters">
          {day('dueFrom', 'Due from')}
          {day('dueTo', 'Due to')}
          {day('confirmedOn', 'Confirmed on')}
          <Amount name="amountFrom" title="From ₹" query={query} onChange={onChange} />
          <Amount name="amountTo" title="To ₹" query={query} onChange={onChange} />
        </div>
      </details>
    </form>
  );
}

function Amount({ name, title, query, onChange }: FilterBarProps & { name: string; title: string }) {
  const paise = Number(query.get(name) ?? '');
  return (
    <Typed
      name={name}
      title={title}
      type="text"
      placeholder=""
      value={paise > 0 ? rupeesText(paise) : ''}
      onChange={(typed) => {
        const read = parseRupees(typed);
        if (typed.trim() === '' || read !== null) onChange({ [name]: read === null ? null : String(read) });
      }}
      problemOf={(typed) => {
        if (typed.trim() === '' || parseRupees(typed) !== null) return null;
        return `“${typed.trim()}” is no amount in rupees${paise > 0 ? `; still ${formatRupees(paise)}` : ''}.`;
      }}
    />
  );
}
