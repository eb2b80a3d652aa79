import '../shared/theme.css';
import './console.css';
import { createRoot } from 'react-dom/client';
import { durablePlace } from '../shared/durable-place.ts';
import { rememberedAccounts } from '../shared/remembered.ts';
import { ConsoleApp } from './console-app.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

const remembered = await rememberedAccounts(await durablePlace('ekbaar.console'), 'accounts');

createRoot(root).render(<ConsoleApp remembered={remembered} />);
