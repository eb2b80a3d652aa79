import '../shared/theme.css';
import './console.css';
import { createRoot } from 'react-dom/client';
import { ConsoleApp } from './console-app.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

createRoot(root).render(<ConsoleApp />);
