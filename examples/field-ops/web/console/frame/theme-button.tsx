import { useState } from 'react';

const place = 'ekbaar.console.theme';
type Theme = 'light' | 'dark';

/** The theme that was chosen here; null: as the system has it. */
function chosen(): Theme | null {
  const kept = localStorage.getItem(place);
  return kept === 'light' || kept === 'dark' ? kept : null;
}

/** Puts the theme on the page: once at the start, before anything shows. */
export function applyTheme(theme: Theme | null = chosen()): Theme {
  const shown = theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  document.documentElement.dataset['theme'] = shown;
  return shown;
}

export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(() => applyTheme());
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      className="theme"
      data-testid="theme"
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
      onClick={() => {
        localStorage.setItem(place, other);
        setTheme(applyTheme(other));
      }}
    >
      <span aria-hidden="true">{theme === 'dark' ? '☀' : '☾'}</span>
    </button>
  );
}
