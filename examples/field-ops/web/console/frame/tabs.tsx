interface TabsProps<Id extends string> {
  readonly label: string;
  readonly tabs: readonly (readonly [id: Id, title: string])[];
  readonly current: Id;
  onChoose(id: Id): void;
}

/** What of a screen to show. */
export function Tabs<Id extends string>({ label, tabs, current, onChoose }: TabsProps<Id>) {
  return (
    <div className="tabs" role="group" aria-label={label}>
      {tabs.map(([id, title]) => (
        <button
          key={id}
          type="button"
          data-testid={`tab-${id}`}
          aria-pressed={current === id}
          onClick={() => onChoose(id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
