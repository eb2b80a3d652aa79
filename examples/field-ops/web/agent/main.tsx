import '../shared/theme.css';
import './agent.css';
import { createRoot } from 'react-dom/client';
import { durablePlace } from '../shared/durable-place.ts';
import { now } from '../shared/platform.ts';
import { rememberedAccounts } from '../shared/remembered.ts';
import { AgentApp } from './agent-app.tsx';
import { LanguageProvider } from './i18n/language.tsx';
import { keepOnThisPhone } from './keep-on-this-phone.ts';
import { PhoneVaults } from './vault/phone-vault.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

const place = await durablePlace('ekbaar.agent');
const remembered = await rememberedAccounts(place, 'accounts');
const vaults = new PhoneVaults(place, now);

createRoot(root).render(
  <LanguageProvider>
    <AgentApp remembered={remembered} vaults={vaults} />
  </LanguageProvider>,
);
void keepOnThisPhone();
