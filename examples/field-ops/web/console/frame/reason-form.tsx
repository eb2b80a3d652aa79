import { useState } from 'react';

interface ReasonFormProps {
  /** For screen readers: what is to be written. */
  readonly label: string;
  readonly placeholder: string;
  /** Default: 500 characters. */
  readonly maxLength?: number;
  /** What the button does that takes the words. */
  readonly act: string;
  readonly look: 'danger' | 'main';
  readonly testId: string;
  readonly busy: boolean;
  onSubmit(words: string): void;
  onLeave(): void;
}

/** Asks for some words before something is done that people will want explained. */
export function ReasonForm({ label, placeholder, maxLength = 500, act, look, testId, busy, ...on }: ReasonFormProps) {
  const [words, setWords] = useState('');
  return (
    <form
      className="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (words.trim() !== '') on.onSubmit(words.trim());
      }}
    >
      <input
        aria-label={label}
        placeholder={placeholder}
        maxLength={maxLength}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      <button type="submit" className={look} data-testid={testId} disabled={words.trim() === '' || busy}>
        {act}
      </button>
      <button type="button" className="quiet" onClick={on.onLeave}>
        Leave it
      </button>
    </form>
  );
}
