import '../shared/theme.css';
import './console.css';
import './frame/dark.css';
import './frame/frame.css';
import './deliveries/list.css';
import './heat/heat.css';
import './map/map.css';
import './frame/cards.css';
import { createRoot } from 'react-dom/client';
import { ConsoleApp } from './console-app.tsx';
import { applyTheme } from './frame/theme-button.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

applyTheme();
createRoot(root).render(<ConsoleApp />);
