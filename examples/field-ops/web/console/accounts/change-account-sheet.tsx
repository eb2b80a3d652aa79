import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ChangedAccount, type KnownAccount } from '../../../src/account-answers.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Sheet } from '../frame/sheet.tsx';
import { roleWords } from './account-words.ts';
import { RegionChoice } from './region-choice.tsx';

interface ChangeAccountSheetProps {
  readonly account: KnownAccount;
  onClose(): void;
  onChanged(): void;
}

/** Name, phone number, and for the office role and regions: they count at once. */
export function ChangeAccountSheet({ account, onClose, onChanged }: ChangeAccountSheetProps) {
  const { api } = useConsole();
  const office = account.role !== 'agent';
  const [name, setName] = useState(account.name);
  const [phone, setPhone] = useState(account.phone ?? '');
  const [role, setRole] = useState(account.role);
  const [regions, setRegions] = useState<readonly string[]>(account.regions);
  const change = useMutation({
    mutationFn: () =>
      api.post(`/auth/accounts/${encodeURIComponent(account.id)}/change`, ChangedAccount, {
        ...{ name: name.trim(), phone: phone.trim() === '' ? null : phone.trim() },
        ...(office ? { role, regions } : {}),
      }),
    onSuccess: onChanged,
  });
  return (
    <Sheet title={`Change ${account.name}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <label className="field">
          <span>Name</span>
          <input name="name" required maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="field">
          <span>Phone number, for codes by text message</span>
          <input
            name="phone"
            type="tel"
            maxLength={20}
            value={phone}
            onChange={(event) => setPhone(event.target.value)}
          />
        </label>
        {office && (
          <>
            <fieldset>
              <legend>Role</legend>
              {(['ops', 'settlement'] as const).map((id) => (
                <label key={id}>
                  <input type="radio" name="role" value={id} checked={role === id} onChange={() => setRole(id)} />
                  {roleWords[id]}
                </label>
              ))}
            </fieldset>
            <RegionChoice regions={regions} onChange={setRegions} />
          </>
        )}
        {change.isError && <Failed error={change.error} />}
        <button
          type="submit"
          className="main"
          data-testid="change-now"
          disabled={change.isPending || (office && regions.length === 0)}
        >
          Save
        </button>
      </form>
    </Sheet>
  );
}
