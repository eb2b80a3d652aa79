import type { ComponentProps } from 'react';

/** Six digits that nobody beside the agent can read, with the phone's number keys. */
export function PinField({ label, ...input }: { label: string } & ComponentProps<'input'>) {
  return (
    <label className="field pin">
      <span>{label}</span>
      <input
        {...input}
        type="password"
        inputMode="numeric"
        pattern="[0-9]{6}"
        maxLength={6}
        required
        // No browser keeps a PIN that opens the phone's data.
        autoComplete="off"
      />
    </label>
  );
}

export function TextField({ label, ...input }: { label: string } & ComponentProps<'input'>) {
  return (
    <label className="field">
      <span>{label}</span>
      <input autoComplete="off" autoCapitalize="none" spellCheck={false} required {...input} />
    </label>
  );
}
