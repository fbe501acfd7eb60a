// Signing in with a key: typed, handed over in the address, or kept from before. It is kept for this browser session only
// and goes by header.

import { type FormEvent, useEffect, useState } from 'react';

import { ApiError, reason } from '../api/client.ts';
import { signIn, useApp } from '../state/app.ts';

export function SignIn() {
    const [key, setKey] = useState('');
    const offered = useApp((state) => state.offeredKey);
    const [isBusy, setBusy] = useState(offered !== null);
    const [error, setError] = useState<string | null>(null);
    const refusal = useApp((state) => state.refusal);

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
                        Begins with dls_. Kept until this tab is closed, and out of the page’s own address.
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
