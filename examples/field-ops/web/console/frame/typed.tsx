import { useEffect, useId, useState } from 'react';

const typingMs = 250;

interface TypedProps {
  name: string;
  title: string;
  type: 'search' | 'text';
  placeholder: string;
  value: string;
  onChange(value: string): void;
  /** Why nothing can be done with what was typed; null: something can. */
  problemOf?(typed: string): string | null;
}

/** A field that says what was typed when the typing rests: the server is asked for words, not for letters. */
export function Typed({ name, title, type, placeholder, value, onChange, problemOf }: TypedProps) {
  const [typed, setTyped] = useState(value);
  const [told, setTold] = useState(value);
  const [given, setGiven] = useState(value);
  if (value !== given) {
    setGiven(value);
    // Changed from outside, such as by a saved filter. What nobody could read changes nothing, and stays to be mended.
    if (value !== told) {
      setTold(value);
      setTyped(value);
    }
  }
  const problem = typed === told ? (problemOf?.(typed) ?? null) : null;
  const problemId = useId();
  useEffect(() => {
    if (typed === told) return;
    const timer = setTimeout(() => {
      setTold(typed);
      onChange(typed);
    }, typingMs);
    return () => clearTimeout(timer);
  });
  return (
    <>
      <label className={type === 'search' ? 'filter-search' : ''}>
        <span>{title}</span>
        <input
          type={type}
          name={name}
          inputMode={type === 'text' ? 'decimal' : 'search'}
          placeholder={placeholder}
          value={typed}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : problemId}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      {problem !== null && (
        <p id={problemId} className="unread" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
