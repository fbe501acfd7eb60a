// The bar at the top: where one is, the time in UTC and here, night, help, and the way out.

import { useEffect, useState } from 'react';

import { type Address, isAccountView } from '../state/address.ts';
import { show, toggleTheme, useApp } from '../state/app.ts';
import { signOut } from '../state/session.ts';
import { clock, local } from '../time/utc.ts';

export function Header({ view }: { view: Address['view'] }) {
    const { theme, organisation, person } = useApp();
    const seesUsage = organisation?.scopes.includes('usage:read') === true;
    return (
        <header>
            <span className="brand">Driftline</span>
            <nav aria-label="Views">
                {organisation !== null && (
                    <>
                        <button type="button" aria-current={view === 'form' ? 'page' : undefined} onClick={() => show('form')} data-testid="nav-form">
                            New mission
                        </button>
                        <button type="button" aria-current={view === 'missions' ? 'page' : undefined} onClick={() => show('missions')} data-testid="nav-missions">
                            Missions
                        </button>
                    </>
                )}
                {(person !== null || seesUsage) && (
                    <button
                        type="button"
                        aria-current={isAccountView(view) ? 'page' : undefined}
                        onClick={() => show(person === null ? 'usage' : 'account')}
                        data-testid="nav-account"
                    >
                        {person === null ? 'Usage' : 'Account'}
                    </button>
                )}
            </nav>
            <Now />
            <div className="tools">
                <button type="button" aria-pressed={theme === 'night'} onClick={toggleTheme} data-testid="night">
                    Night
                </button>
                <button type="button" onClick={() => useApp.setState({ isHelpOpen: true })} data-testid="help">
                    Help
                </button>
                <button type="button" onClick={() => void signOut()} title={`Signed in for ${organisation?.name ?? 'no organisation'}`} data-testid="sign-out">
                    Sign out
                </button>
            </div>
        </header>
    );
}

function Now() {
    const [now, setNow] = useState(() => Date.now());
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 5_000);
        return () => clearInterval(timer);
    }, []);
    return (
        <p className="present">
            <strong>{clock(now)} UTC</strong> <span className="dim">{local(now)}</span>
        </p>
    );
}
