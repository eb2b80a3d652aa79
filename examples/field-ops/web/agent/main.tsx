import '../shared/theme.css';
import './agent.css';
import './themes.css';
import { createRoot } from 'react-dom/client';
import { durablePlace } from '../shared/durable-place.ts';
import { now } from '../shared/platform.ts';
import { rememberedAccounts } from '../shared/remembered.ts';
import { AgentApp } from './agent-app.tsx';
import { LanguageProvider, loadFirstLanguage } from './i18n/language.tsx';
import { keepOnThisPhone } from './keep-on-this-phone.ts';
import { Part } from './part.tsx';
import { dressPage } from './settings.ts';
import { PhoneVaults } from './vault/phone-vault.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

dressPage();
const language = loadFirstLanguage();
const place = await durablePlace('ekbaar.agent');
const remembered = await rememberedAccounts(place, 'accounts');
const vaults = new PhoneVaults(place, now);

createRoot(root).render(
  <LanguageProvider first={await language}>
    <Part>
      <AgentApp remembered={remembered} vaults={vaults} />
    </Part>
  </LanguageProvider>,
);
void keepOnThisPhone();
