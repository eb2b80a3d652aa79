interface ChoiceProps {
  readonly title: string;
  readonly name: string;
  readonly value: string;
  readonly options: readonly (readonly [id: string, words: string])[];
  onChange(value: string): void;
}

/** A filter of a list; the empty value is all. */
export function Choice({ title, name, value, options, onChange }: ChoiceProps) {
  return (
    <label>
      <span>{title}</span>
      <select name={name} value={value} data-chosen={value !== ''} onChange={(event) => onChange(event.target.value)}>
        <option value="">All</option>
        {options.map(([id, words]) => (
          <option key={id} value={id}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
