// Signing in with a key. It is kept for this browser session only and goes by header.

import { type FormEvent, useEffect, useState } from 'react';

import { ApiError, reason } from '../api/client.ts';
import { keptKey, signIn, useApp } from '../state/app.ts';

export function SignIn() {
    const [key, setKey] = useState('');
    const [isBusy, setBusy] = useState(() => keptKey() !== null);
    const [error, setError] = useState<string | null>(null);
    const refusal = useApp((state) => state.refusal);

    const attempt = async (value: string): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            await signIn(value);
        } catch (failure) {
            setBusy(false);
            const isWrong = failure instanceof ApiError && failure.isSignedOut;
            setError(isWrong ? 'The service does not know this key. Check that it is complete' : reason(failure));
        }
    };
    useEffect(() => {
        const kept = keptKey();
        if (kept !== null) {
            void attempt(kept);
        }
    }, []);
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        const trimmed = key.trim();
        if (trimmed === '') {
            setError('Type or paste your key');
        } else if (/[^\x21-\x7e]/.test(trimmed)) {
            setError('A key has letters, digits and underscores only');
        } else {
            void attempt(trimmed);
        }
    };

    return (
        <main className="sign-in" id="main">
            <form onSubmit={submit} noValidate aria-labelledby="sign-in-heading" data-testid="sign-in">
                <h1 id="sign-in-heading">Driftline</h1>
                <p>Drift forecasts for search and rescue: where to search, now and in the hours ahead.</p>
                {refusal !== null && (
                    <p className="bad" role="alert">
                        {refusal}
                    </p>
                )}
                <div className="field">
                    <label htmlFor="key">API key</label>
                    <input
                        id="key"
                        type="password"
                        autoComplete="current-password"
                        spellCheck={false}
                        autoFocus
                        aria-describedby="key-note key-error"
                        aria-invalid={error !== null}
                        data-testid="key-input"
                        value={key}
                        onChange={(event) => setKey(event.target.value)}
                    />
                    <p id="key-note" className="dim small-text">
                        Begins with dls_. Kept until this tab is closed, never put into addresses.
                    </p>
                    <p id="key-error" className="error" role="alert" data-testid="key-error">
                        {error !== null && `${error}.`}
                    </p>
                </div>
                <button type="submit" className="primary" disabled={isBusy} data-testid="sign-in-button">
                    {isBusy ? 'Signing in …' : 'Sign in'}
                </button>
            </form>
        </main>
    );
}
