import { useEffect, useState } from 'react';
import { type DemoAccount, listAccounts } from '../shared/demo-account.ts';
import { matches } from '../shared/matches.ts';
import { useLanguage } from './i18n/language.tsx';
import { LanguageButton } from './language-button.tsx';

/** Agents shown before a name is typed; thousands of buttons would not help anybody. */
const mostShown = 40;

/** Choose the operator, then the agent. Who was signed in on this phone before can be chosen without a network. */
export function SignIn({ used, onChoose }: { used: DemoAccount[]; onChoose(account: DemoAccount): void }) {
  const { t } = useLanguage();
  const [listed, setListed] = useState<DemoAccount[] | 'asking' | 'failed'>('asking');
  const [tenant, setTenant] = useState<string | null>(null);
  const [typed, setTyped] = useState('');

  useEffect(() => {
    if (listed !== 'asking') return;
    let left = false;
    listAccounts().then(
      (accounts) => !left && setListed(accounts.filter(({ role }) => role === 'agent')),
      () => !left && setListed('failed'),
    );
    return () => {
      left = true;
    };
  }, [listed]);

  const agents = Array.isArray(listed) ? listed : [];
  const operators = new Map(agents.map((agent) => [agent.tenant, agent.operator]));
  const chosenTenant = tenant ?? agents[0]?.tenant;
  const usedShown = typed === '' ? used : [];
  const fitting = agents.filter(
    (agent) =>
      agent.tenant === chosenTenant &&
      matches(typed, agent.name, agent.sub) &&
      !usedShown.some(({ tenant: usedTenant, sub }) => usedTenant === agent.tenant && sub === agent.sub),
  );
  const beyond = fitting.length - mostShown;

  return (
    <>
      <header className="top">
        <h1>{t.appName}</h1>
        <LanguageButton />
      </header>
      <main className="sign-in">
        <h2>{t.signIn.title}</h2>
        <p className="dim">{t.signIn.demo}</p>
        {usedShown.length > 0 && (
          <section aria-labelledby="used-here">
            <h3 id="used-here">{t.signIn.usedHere}</h3>
            <Agents agents={usedShown} onChoose={onChoose} showOperator />
          </section>
        )}
        {listed === 'asking' && <p aria-live="polite">{t.loading}</p>}
        {listed === 'failed' && (
          <div className="problem" role="alert">
            <p>{t.signIn.needsNetwork}</p>
            <button type="button" onClick={() => setListed('asking')}>
              {t.tryAgain}
            </button>
          </div>
        )}
        {agents.length > 0 && (
          <section aria-labelledby="all-agents">
            <h3 id="all-agents">{t.signIn.allAgents}</h3>
            <fieldset className="choices">
              <legend>{t.signIn.operator}</legend>
              {[...operators].map(([id, name]) => (
                <label key={id}>
                  <input
                    type="radio"
                    name="operator"
                    value={id}
                    checked={id === chosenTenant}
                    onChange={() => setTenant(id)}
                  />
                  <span>{name}</span>
                </label>
              ))}
            </fieldset>
            <label className="field">
              <span>{t.signIn.search}</span>
              <input
                type="search"
                autoComplete="off"
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            </label>
            <Agents agents={fitting.slice(0, mostShown)} onChoose={onChoose} />
            {fitting.length === 0 && <p>{t.signIn.noneFound}</p>}
            {beyond > 0 && <p className="dim">{t.signIn.more(beyond)}</p>}
          </section>
        )}
      </main>
    </>
  );
}

interface AgentsProps {
  agents: DemoAccount[];
  onChoose(account: DemoAccount): void;
  showOperator?: boolean;
}

function Agents({ agents, onChoose, showOperator = false }: AgentsProps) {
  return (
    <ul className="agents">
      {agents.map((agent) => (
        <li key={`${agent.tenant} ${agent.sub}`}>
          <button
            type="button"
            data-testid="agent-option"
            data-sub={agent.sub}
            data-tenant={agent.tenant}
            onClick={() => onChoose(agent)}
          >
            <strong>{agent.name}</strong>
            <span className="dim">{showOperator ? `${agent.operator} · ${agent.sub}` : agent.sub}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
