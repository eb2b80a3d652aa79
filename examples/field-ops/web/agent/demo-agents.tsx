import { useEffect, useState } from 'react';
import type { Account } from '../shared/account.ts';
import { fetchDemoAgents } from '../shared/auth-line.ts';
import { matches } from '../shared/matches.ts';
import { useLanguage } from './i18n/language.tsx';

/** Agents shown before a name is typed; thousands of buttons would not help anybody. */
const mostShown = 40;

/** Everybody of an operator's demo day, to be signed in as with one tap. */
export function DemoAgents({ tenant, onChoose }: { tenant: string; onChoose(account: Account): void }) {
  const { t } = useLanguage();
  const [agents, setAgents] = useState<Account[]>([]);
  const [typed, setTyped] = useState('');
  useEffect(() => {
    let left = false;
    fetchDemoAgents().then(
      (found) => !left && setAgents(found),
      // The form above says what is wrong with the line.
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, []);
  const fitting = agents.filter((agent) => agent.tenant === tenant && matches(typed, agent.name, agent.sub));
  const beyond = fitting.length - mostShown;
  if (agents.length === 0) return null;
  return (
    <section aria-labelledby="all-agents" className="demo">
      <h3 id="all-agents">{t.signIn.allAgents}</h3>
      <p className="dim">{t.signIn.demo}</p>
      <label className="field">
        <span>{t.signIn.search}</span>
        <input type="search" autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
      </label>
      <AgentButtons agents={fitting.slice(0, mostShown)} onChoose={onChoose} />
      {fitting.length === 0 && <p>{t.signIn.noneFound}</p>}
      {beyond > 0 && <p className="dim">{t.signIn.more(beyond)}</p>}
    </section>
  );
}

interface AgentButtonsProps {
  agents: readonly Account[];
  onChoose(account: Account): void;
  showOperator?: boolean;
}

export function AgentButtons({ agents, onChoose, showOperator = false }: AgentButtonsProps) {
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
