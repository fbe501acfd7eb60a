// Signing in: with an account, or with a key that is typed, handed over in the address, or kept from before. A key is kept for
// this browser session only and goes by header.

import { type FormEvent, lazy, useEffect, useState } from 'react';

import { ApiError, reason } from '../api/client.ts';
import type { EntryWish } from '../entry/Entry.tsx';
import { useApp } from '../state/app.ts';
import { signIn } from '../state/session.ts';
import { Later } from './Later.tsx';

// All that only accounts need is loaded beside the field for a key.
const Entry = lazy(() => import('../entry/Entry.tsx').then((module) => ({ default: module.Entry })));

export function SignIn() {
    const [wish, setWish] = useState<EntryWish>('log-in');
    const refusal = useApp((state) => state.refusal);
    const isResuming = useApp((state) => state.isResuming);
    useEffect(() => {
        document.title = 'Driftline';
    }, []);
    return (
        <main className="sign-in" id="main">
            <div className="card" data-testid="sign-in">
                <h1>Driftline</h1>
                <p>Drift forecasts for search and rescue: where to search, now and in the hours ahead.</p>
                {refusal !== null && (
                    <p className="bad" role="alert" data-testid="refusal">
                        {refusal}
                    </p>
                )}
                {isResuming && <p role="status">Signing in …</p>}
                {!isResuming && (
                    <Later fallback={<div className="entry" />}>
                        <div className="entry">
                            <Entry wish={wish} onWish={setWish} />
                        </div>
                    </Later>
                )}
                {!isResuming && wish === 'log-in' && (
                    <>
                        <p className="or">
                            <span>or</span>
                        </p>
                        <WithKey />
                    </>
                )}
            </div>
        </main>
    );
}

function WithKey() {
    const [key, setKey] = useState('');
    const offered = useApp((state) => state.offeredKey);
    const [isBusy, setBusy] = useState(offered !== null);
    const [error, setError] = useState<string | null>(null);

    const attempt = async (value: string): Promise<void> => {
        if (/[^\x21-\x7e]/.test(value)) {
            setBusy(false);
            setError('A key has letters, digits and underscores only');
            return;
        }
        setBusy(true);
        setError(null);
        try {
            await signIn(value);
        } catch (failure) {
            setBusy(false);
            const isWrong = failure instanceof ApiError && failure.isSignedOut;
            setError(isWrong ? 'The service does not know this key. Check that it is complete' : `${reason(failure)}. “Sign in” tries the key again`);
        }
    };
    useEffect(() => {
        if (offered !== null) {
            void attempt(offered);
        }
    }, [offered]);
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        const value = key.trim() || offered;
        if (value === null) {
            setError('Type or paste your key');
        } else {
            void attempt(value);
        }
    };
    return (
        <form onSubmit={submit} noValidate aria-label="Sign in with a key">
            <div className="field">
                <label htmlFor="key">API key</label>
                <input
                    id="key"
                    type="password"
                    autoComplete="off"
                    spellCheck={false}
                    aria-describedby="key-note key-error"
                    aria-invalid={error !== null}
                    data-testid="key-input"
                    value={key}
                    onChange={(event) => setKey(event.target.value)}
                />
                <p id="key-note" className="dim small-text">
                    Begins with dls_. Kept until this tab is closed, and out of the page’s own address.
                </p>
                <p id="key-error" className="error" role="alert" data-testid="key-error">
                    {error !== null && `${error}.`}
                </p>
            </div>
            <button type="submit" disabled={isBusy} data-testid="sign-in-button">
                {isBusy ? 'Signing in …' : 'Sign in with the key'}
            </button>
        </form>
    );
}
