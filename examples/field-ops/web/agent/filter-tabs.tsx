import { useLanguage } from './i18n/language.tsx';

export type Filter = 'all' | 'todo' | 'done' | 'attention';
const filters: readonly Filter[] = ['all', 'todo', 'done', 'attention'];

interface FilterTabsProps {
  chosen: Filter;
  counts: Readonly<Record<Filter, number>>;
  onChoose(filter: Filter): void;
}

/** Which deliveries the list shows. Radio buttons, so that arrow keys and screen readers know what to do. */
export function FilterTabs({ chosen, counts, onChoose }: FilterTabsProps) {
  const { t } = useLanguage();
  return (
    <fieldset className="choices filters">
      <legend className="unseen">{t.day.show}</legend>
      {filters.map((filter) => (
        <label
          key={filter}
          data-testid={`filter-${filter}`}
          data-attention={filter === 'attention' && counts.attention > 0}
        >
          <input
            type="radio"
            name="filter"
            value={filter}
            checked={filter === chosen}
            onChange={() => onChoose(filter)}
          />
          <span>
            {t.day[filter]} <b>{counts[filter]}</b>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
