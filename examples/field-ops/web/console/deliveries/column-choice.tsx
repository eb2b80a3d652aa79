import { columns, columnsOf, namesOf } from './columns.tsx';

/** Which columns are shown: part of the address, and so of a saved filter. */
export function ColumnChoice({ named, onChange }: { named: string | null; onChange(named: string | null): void }) {
  const shown = columnsOf(named).map(({ id }) => id);
  return (
    <details className="column-choice">
      <summary>Columns</summary>
      <div role="group" aria-label="Columns">
        {columns.map(({ id, title }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={shown.includes(id)}
              disabled={shown.length === 1 && shown[0] === id}
              onChange={(event) =>
                onChange(namesOf(event.target.checked ? [...shown, id] : shown.filter((other) => other !== id)))
              }
            />
            {title}
          </label>
        ))}
      </div>
    </details>
  );
}
