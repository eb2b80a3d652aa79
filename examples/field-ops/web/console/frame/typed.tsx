import { useEffect, useState } from 'react';

const typingMs = 250;

interface TypedProps {
  name: string;
  title: string;
  type: 'search' | 'text';
  placeholder: string;
  value: string;
  onChange(value: string): void;
}

/** A field that says what was typed when the typing rests: the server is asked for words, not for letters. */
export function Typed({ name, title, type, placeholder, value, onChange }: TypedProps) {
  const [typed, setTyped] = useState(value);
  const [told, setTold] = useState(value);
  // Changed from outside, such as by a saved filter.
  if (value !== told) {
    setTold(value);
    setTyped(value);
  }
  useEffect(() => {
    if (typed === told) return;
    const timer = setTimeout(() => {
      setTold(typed);
      onChange(typed);
    }, typingMs);
    return () => clearTimeout(timer);
  });
  return (
    <label className={type === 'search' ? 'filter-search' : ''}>
      <span>{title}</span>
      <input
        type={type}
        name={name}
        inputMode={type === 'text' ? 'decimal' : 'search'}
        placeholder={placeholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}
