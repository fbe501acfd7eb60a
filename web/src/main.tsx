// Where the page begins.

import './styles/base.css';
import './styles/layout.css';
import './styles/map.css';

import { createRoot } from 'react-dom/client';

import { followAddress } from './state/follow.ts';
import { resume } from './state/session.ts';
import { runClock } from './time/clock.ts';
import { App } from './ui/App.tsx';

runClock();
followAddress();
void resume();
const root = document.getElementById('root');
if (root !== null) {
    createRoot(root).render(<App />);
}
