// Logging in with an account: mail address and password, then the code of an authenticator where there is one; a passkey;
// or an account at an identity provider.

import { type FormEvent, useEffect, useState } from 'react';

import { ApiError, ask, getJson, ROOT } from '../api/client.ts';
import type { LoginAnswer } from '../api/login.ts';
import { useApp } from '../state/app.ts';
import { departTo, enter } from '../state/session.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { hasPasskeys, type LoginChallenge, usePasskey } from './passkeys.ts';

/** What can be done without an account, or with one elsewhere. */
interface Offered {
    readonly providers: readonly string[];
    readonly registration?: boolean;
    readonly passkeys?: boolean;
}

const NOTHING: Offered = { providers: [] };

export function LogIn({ onWish }: { onWish: (wish: 'register' | 'forgotten') => void }) {
    const [email, setEmail] = useState('');
    const [password, setPassword] = useState('');
    /** `null` until the service asks for it. */
    const [code, setCode] = useState<string | null>(null);
    const act = useAct();
    const offered = useOffered();
    useEffect(() => {
        // Whoever has begun to type a key meanwhile goes on.
        if (document.activeElement === document.body) {
            document.getElementById('email')?.focus();
        }
    }, []);

    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            if (email.trim() === '' || password === '') {
                throw new Error('type your mail address and your password');
            }
            try {
                const shown = { email: email.trim(), password, cookie: true, ...(code !== null && { code: code.trim() }) };
                await enter(await ask<LoginAnswer>('v1/auth/login', shown));
            } catch (error) {
                if (error instanceof ApiError && error.code === 'second_factor_needed') {
                    setCode('');
                    return;
                }
                throw error;
            }
        });
    };
    const withPasskey = (): void =>
        void act.run(async () => {
            const challenge = await ask<LoginChallenge>('v1/auth/passkeys/challenge');
            const credential = await usePasskey(challenge);
            const shown = { ceremony: challenge.ceremony, credential, cookie: true };
            await enter(await ask<LoginAnswer>('v1/auth/passkeys/login', shown));
        });

    return (
        <form onSubmit={submit} noValidate aria-label="Sign in with an account" data-testid="log-in">
            {code === null ? (
                <>
                    <Input id="email" label="E-mail" type="email" autoComplete="username" value={email} onChange={setEmail} />
                    <Input id="password" label="Password" type="password" autoComplete="current-password" value={password} onChange={setPassword} />
                </>
            ) : (
                <Input
                    id="code"
                    label="Code"
                    note={`Of the authenticator for ${email.trim()}, or one of your recovery codes.`}
                    autoComplete="one-time-code"
                    spellCheck={false}
                    autoFocus
                    value={code}
                    onChange={setCode}
                />
            )}
            <Refusal act={act} testId="log-in-error" />
            <button type="submit" className="primary" disabled={act.isBusy} data-testid="log-in-button">
                {act.isBusy ? 'Signing in …' : 'Sign in'}
            </button>
            <div className="row apart">
                {code !== null ? (
                    <button type="button" className="link" onClick={() => setCode(null)}>
                        Another account
                    </button>
                ) : (
                    <button type="button" className="link" onClick={() => onWish('forgotten')} data-testid="forgotten">
                        Forgotten password
                    </button>
                )}
                {code === null && offered.registration === true && (
                    <button type="button" className="link" onClick={() => onWish('register')} data-testid="to-register">
                        Register
                    </button>
                )}
            </div>
            {code === null && (
                <div className="row elsewhere">
                    {offered.passkeys !== false && hasPasskeys() && (
                        <button type="button" disabled={act.isBusy} onClick={withPasskey} data-testid="passkey-log-in">
                            Sign in with a passkey
                        </button>
                    )}
                    {offered.providers.map((name) => (
                        <button
                            key={name}
                            type="button"
                            onClick={() => departTo(`${ROOT}v1/auth/oidc/${encodeURIComponent(name)}/login`)}
                            data-testid={`provider-${name}`}
                        >
                            Sign in with {providerName(name)}
                        </button>
                    ))}
                </div>
            )}
        </form>
    );
}

/** A service that does not say offers nothing more; nobody asks while a key is being tried. */
function useOffered(): Offered {
    const [offered, setOffered] = useState(NOTHING);
    const hasKey = useApp((state) => state.offeredKey !== null);
    useEffect(() => {
        if (hasKey) {
            return undefined;
        }
        const stop = new AbortController();
        getJson<Offered>('v1/auth/oidc', stop.signal).then(setOffered, () => undefined);
        return () => stop.abort();
    }, [hasKey]);
    return offered;
}

/** The name of an identity provider as a button shows it. */
function providerName(name: string): string {
    return name.charAt(0).toUpperCase() + name.slice(1);
}
