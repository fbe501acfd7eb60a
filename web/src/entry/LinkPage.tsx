// What the links of mails open: a mail address is confirmed, a password set, an invitation accepted. Each waits for a button:
// programs that look through mails open links, too. The token is in memory only, and in no address.

import { type ReactNode, useEffect, useRef } from 'react';

import { useApp } from '../state/app.ts';
import { Confirm } from './Confirm.tsx';
import { Invitation } from './Invitation.tsx';
import { NewPassword } from './NewPassword.tsx';
import { failedElsewhere } from './words.ts';

export function LinkPage() {
    const link = useApp((state) => state.link);
    switch (link?.what) {
        case 'verify-email':
            return <Confirm token={link.token} />;
        case 'password-reset':
            return <NewPassword token={link.token} />;
        case 'invitation':
            return <Invitation token={link.token} />;
        case 'login-error':
            return (
                <Card heading="Not signed in">
                    <p data-testid="login-error">{failedElsewhere(link.token)}</p>
                    <Onward label="Back" />
                </Card>
            );
        default:
            return null;
    }
}

/** One thing to do, in the middle of the page. */
export function Card({ heading, children }: { heading: string; children: ReactNode }) {
    const place = useRef<HTMLHeadingElement>(null);
    useEffect(() => {
        document.title = `${heading} – Driftline`;
        if (!place.current?.parentElement?.contains(document.activeElement)) {
            place.current?.focus();
        }
    }, [heading]);
    return (
        <main className="sign-in" id="main">
            <div className="card" data-testid="link-page">
                <h1 ref={place} tabIndex={-1}>
                    {heading}
                </h1>
                {children}
            </div>
        </main>
    );
}

/** On to wherever one is signed in, or can be. */
export function Onward({ label }: { label: string }) {
    return (
        <button type="button" className="primary" onClick={() => useApp.setState({ link: null })} data-testid="onward">
            {label}
        </button>
    );
}
