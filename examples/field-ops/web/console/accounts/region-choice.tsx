import { useFeed } from '../frame/console-context.ts';

interface RegionChoiceProps {
  readonly regions: readonly string[];
  onChange(regions: readonly string[]): void;
}

/** All regions of the operator, or some of them. */
export function RegionChoice({ regions, onChange }: RegionChoiceProps) {
  const { agents } = useFeed();
  const known = [...new Set([...agents.values()].map(({ regionId }) => regionId).concat(regions))]
    .filter((id) => id !== '*')
    .sort();
  const all = regions.includes('*');
  return (
    <fieldset>
      <legend>Regions</legend>
      <label>
        <input type="checkbox" name="all-regions" checked={all} onChange={() => onChange(all ? [] : ['*'])} />
        <span>
          All regions <span className="dim">and with operations: accounts, messages, settlement, dead letters</span>
        </span>
      </label>
      {!all &&
        known.map((id) => (
          <label key={id}>
            <input
              type="checkbox"
              name="region"
              value={id}
              checked={regions.includes(id)}
              onChange={(event) =>
                onChange(event.target.checked ? [...regions, id] : regions.filter((other) => other !== id))
              }
            />
            {id}
          </label>
        ))}
    </fieldset>
  );
}
