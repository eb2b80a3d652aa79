import { useState } from 'react';
import { type KnownAccount, KnownAccounts, roles } from '../../../src/account-answers.ts';
import { Choice } from '../frame/choice.tsx';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { Typed } from '../frame/typed.tsx';
import { momentInWords } from '../frame/units.ts';
import { usePages, withQuery } from '../frame/use-pages.ts';
import { regionsInWords } from '../sign-in.tsx';
import { roleWords, stateOf } from './account-words.ts';
import { NewAccountSheet } from './new-account-sheet.tsx';

/** Who can sign in: agents with a code and a PIN, the office with an e-mail address and a password. */
export function AccountsScreen() {
  const [query, change] = useQueryString();
  const [making, setMaking] = useState(false);
  const [q, role] = [query.get('q') ?? '', query.get('role') ?? ''];
  const { pages, list } = usePages(withQuery('/auth/accounts', { q, role }), KnownAccounts, false, 'after');
  const rows = pages.flatMap(({ accounts }) => accounts);
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Accounts</h1>
        <span className="actions">
          <button type="button" className="main" data-testid="new-account" onClick={() => setMaking(true)}>
            New account…
          </button>
        </span>
      </div>
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <Typed
          name="q"
          title="Search"
          type="search"
          placeholder="Name, code, e-mail address"
          value={q}
          onChange={(typed) => change({ q: typed })}
        />
        <Choice
          title="Role"
          name="role"
          value={role}
          options={roles.map((id) => [id, roleWords[id]] as const)}
          onChange={(chosen) => change({ role: chosen })}
        />
      </form>
      {rows.length > 0 && (
        <DataTable label="Accounts" columns={columns} rows={rows} keyOf={({ id }) => id} testId="account-row" />
      )}
      <PagesEnd
        list={list}
        count={rows.length}
        empty="No account fits. Take a filter away, or make a new one."
        more="More accounts"
      />
      {making && (
        <NewAccountSheet
          onClose={() => {
            setMaking(false);
            void list.refetch();
          }}
        />
      )}
    </div>
  );
}

const columns: readonly Column<KnownAccount>[] = [
  {
    title: 'Name',
    cell: ({ id, name, demo }) => (
      <>
        <Link to={`/accounts/${encodeURIComponent(id)}`}>{name}</Link> {demo && <span className="tag">demo</span>}
      </>
    ),
  },
  { title: 'Signs in as', cell: ({ login }) => login },
  { title: 'Role', cell: ({ role }) => roleWords[role] },
  { title: 'Regions', cell: ({ role, regions }) => (role === 'agent' ? '' : regionsInWords(regions)) },
  {
    title: 'State',
    cell: (account) => {
      const { words, tone } = stateOf(account);
      return (
        <span className="tag" data-tone={tone}>
          {words}
        </span>
      );
    },
  },
  { title: 'Made', cell: ({ createdAt }) => momentInWords(createdAt) },
];
