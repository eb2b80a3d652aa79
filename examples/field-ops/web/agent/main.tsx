import '../shared/theme.css';
import './agent.css';
import { createRoot } from 'react-dom/client';
import { durablePlace } from '../shared/durable-place.ts';
import { rememberedAccounts } from '../shared/remembered.ts';
import { AgentApp } from './agent-app.tsx';
import { LanguageProvider } from './i18n/language.tsx';
import { keepOnThisPhone } from './keep-on-this-phone.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

const remembered = await rememberedAccounts(await durablePlace('ekbaar.agent'), 'accounts');

createRoot(root).render(
  <LanguageProvider>
    <AgentApp remembered={remembered} />
  </LanguageProvider>,
);
void keepOnThisPhone();
