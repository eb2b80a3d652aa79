import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type AccountRole, CreatedAccount, roles } from '../../../src/account-answers.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Sheet } from '../frame/sheet.tsx';
import { roleWords } from './account-words.ts';
import { CodeShown } from './code-shown.tsx';
import { RegionChoice } from './region-choice.tsx';

/** A new account: its owner chooses the secret, with a code that is shown here once. */
export function NewAccountSheet({ onClose }: { onClose(): void }) {
  const { api } = useConsole();
  const [role, setRole] = useState<AccountRole>('ops');
  const [given, setGiven] = useState({ id: '', login: '', name: '', phone: '' });
  const [regions, setRegions] = useState<readonly string[]>([]);
  const agent = role === 'agent';
  const make = useMutation({
    mutationFn: () => {
      const { login, name, phone } = given;
      return api.post('/auth/accounts', CreatedAccount, {
        ...{ role, login: login.trim(), name: name.trim(), regions: agent ? [] : regions },
        // The office is known by its address; an agent's account has the id of its row in agents.
        id: (agent ? given.id : login).trim(),
        ...(phone.trim() === '' ? {} : { phone: phone.trim() }),
      });
    },
  });
  const field = (
    name: keyof typeof given,
    label: string,
    more: { type?: string; required?: boolean } = {},
  ): ReactNode => (
    <label className="field">
      <span>{label}</span>
      <input
        name={name}
        maxLength={120}
        autoComplete="off"
        {...more}
        value={given[name]}
        onChange={(event) => setGiven({ ...given, [name]: event.target.value })}
      />
    </label>
  );
  return (
    <Sheet title="New account" onClose={onClose}>
      {make.isSuccess ? (
        <>
          <CodeShown
            name={make.data.account.name}
            login={make.data.account.login}
            code={make.data.code}
            until={make.data.codeExpiresAt}
          />
          <button type="button" className="main" onClick={onClose}>
            Done
          </button>
        </>
      ) : (
        <form
          data-testid="account-form"
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <fieldset>
            <legend>Role</legend>
            {roles.map((id) => (
              <label key={id}>
                <input type="radio" name="role" value={id} checked={role === id} onChange={() => setRole(id)} />
                {roleWords[id]}
              </label>
            ))}
          </fieldset>
          {agent && field('id', 'Id of the agent’s row, such as a01', { required: true })}
          {field('name', 'Name', { required: true })}
          {agent
            ? field('login', 'Agent code, to sign in with', { required: true })
            : field('login', 'E-mail address, to sign in with', { required: true, type: 'email' })}
          {field('phone', 'Phone number, for codes by text message', { type: 'tel' })}
          {!agent && <RegionChoice regions={regions} onChange={setRegions} />}
          {make.isError && <Failed error={make.error} />}
          <button
            type="submit"
            className="main"
            data-testid="make-account"
            disabled={make.isPending || (!agent && regions.length === 0)}
          >
            Make the account
          </button>
          {!agent && regions.length === 0 && <p className="dim">Choose at least one region.</p>}
        </form>
      )}
    </Sheet>
  );
}
