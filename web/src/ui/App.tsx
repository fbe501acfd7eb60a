// The one screen: panel, map, and the clock below it.

import { lazy, useEffect } from 'react';

import { MissionForm } from '../mission/Form.tsx';
import { MissionList } from '../mission/List.tsx';
import { MissionView } from '../mission/MissionView.tsx';
import { useMission } from '../mission/store.ts';
import { TimeBar } from '../result/TimeBar.tsx';
import { isAccountView } from '../state/address.ts';
import { isSignedIn, useApp } from '../state/app.ts';
import { Header } from './Header.tsx';
import { Help } from './Help.tsx';
import { Later } from './Later.tsx';
import { MapPane } from './MapPane.tsx';
import { listenForShortcuts } from './shortcuts.ts';
import { SignIn } from './SignIn.tsx';

// Loaded when they are opened: whoever computes a drift needs none of it.
const LinkPage = lazy(() => import('../entry/LinkPage.tsx').then((module) => ({ default: module.LinkPage })));
const AccountPages = lazy(() => import('../account/AccountPages.tsx').then((module) => ({ default: module.AccountPages })));

const TITLES = {
    form: 'New mission',
    missions: 'Missions',
    mission: 'Mission',
    account: 'Account',
    keys: 'Keys',
    members: 'Members',
    usage: 'Usage',
    invoices: 'Invoices and plan',
};

export function App() {
    const signedIn = useApp((state) => isSignedIn(state));
    const hasLink = useApp((state) => state.link !== null);
    const spoken = useApp((state) => state.spoken);
    return (
        <>
            {hasLink ? (
                <Later>
                    <LinkPage />
                </Later>
            ) : signedIn ? (
                <Workplace />
            ) : (
                <SignIn />
            )}
            <p className="hidden" role="status" aria-live="polite" data-testid="spoken">
                {spoken}
            </p>
        </>
    );
}

function Workplace() {
    // Whoever works for no organisation has an account, and nothing else here.
    const view = useApp((state) => (state.organisation === null && !isAccountView(state.view) ? 'account' : state.view));
    const missionId = useApp((state) => state.missionId);
    const result = useMission((state) => state.result);
    useEffect(listenForShortcuts, []);
    useEffect(() => {
        document.title = `${TITLES[view]} – Driftline`;
    }, [view]);
    useFocusOnChange(`${view} ${missionId ?? ''}`);
    return (
        <>
            <a className="skip" href="#main" onClick={skip}>
                Skip to the content
            </a>
            <Header view={view} />
            {isAccountView(view) ? (
                <main id="main" tabIndex={-1} className="view-account">
                    <Later>
                        <AccountPages view={view} />
                    </Later>
                </main>
            ) : (
                <main id="main" tabIndex={-1} className={`view-${view}`}>
                    <div className="panel" data-testid="panel">
                        {view === 'form' && <MissionForm />}
                        {view === 'missions' && <MissionList />}
                        {view === 'mission' && <MissionView />}
                    </div>
                    <div className="chart">
                        <MapPane />
                        {view === 'mission' && result !== null && <TimeBar result={result} />}
                    </div>
                </main>
            )}
            <Help />
        </>
    );
}

/** Whoever changes the view goes on where it begins: in the first field of the form, else at the heading. */
function useFocusOnChange(view: string): void {
    useEffect(() => {
        const hasKeyboard = matchMedia('(pointer: fine)').matches;
        const first = document.querySelector<HTMLElement>('.panel #field-position');
        const heading = document.querySelector<HTMLElement>('.panel h1');
        if (first !== null && hasKeyboard) {
            first.focus();
        } else if (heading !== null) {
            heading.tabIndex = -1;
            heading.focus();
        }
    }, [view]);
}

/** The address keeps the mission: a plain jump to an anchor would lose it. */
function skip(event: { preventDefault: () => void }): void {
    event.preventDefault();
    document.getElementById('main')?.focus();
}
