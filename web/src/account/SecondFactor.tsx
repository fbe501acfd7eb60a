// The second factor: an authenticator (RFC 6238) is enrolled by a code that is drawn here and counts once it has shown one;
// the recovery codes are seen once.

import { type FormEvent, useState } from 'react';

import { change, postJson } from '../api/client.ts';
import { useAct } from '../ui/act.ts';
import { Copy } from '../ui/Copy.tsx';
import { Input, Refusal } from '../ui/Input.tsx';
import { save } from '../ui/save.ts';
import { useLoad } from './load.ts';
import { Loaded, Section, When } from './parts.tsx';
import { Qr } from './Qr.tsx';
import type { SecondFactorState } from './types.ts';

export function SecondFactor({ hasPassword }: { hasPassword: boolean }) {
    const load = useLoad<SecondFactorState>('v1/users/me/totp');
    const [codes, setCodes] = useState<readonly string[] | null>(null);
    const onAdded = (fresh: readonly string[]): void => {
        setCodes(fresh);
        load.again();
    };
    return (
        <Section heading="Second factor" testId="second-factor">
            {codes !== null && <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />}
            {codes === null && (
                <Loaded load={load}>
                    {(state) =>
                        state.enabled ? (
                            <>
                                <p data-testid="second-factor-on">
                                    On since <When at={state.confirmed_at} />. {state.recovery_codes_left} recovery codes are left.
                                </p>
                                <Remove hasPassword={hasPassword} onGone={load.again} />
                            </>
                        ) : (
                            <Enrol hasPassword={hasPassword} onAdded={onAdded} />
                        )
                    }
                </Loaded>
            )}
        </Section>
    );
}

function Enrol({ hasPassword, onAdded }: { hasPassword: boolean; onAdded: (codes: readonly string[]) => void }) {
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const [seed, setSeed] = useState<{ secret: string; otpauth: string } | null>(null);
    const act = useAct();
    const begin = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            setSeed(await postJson('v1/users/me/totp', hasPassword ? { password } : {}));
            setPassword('');
        });
    };
    const confirm = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            const answer = await postJson<{ recovery_codes: string[] }>('v1/users/me/totp/confirm', { code: code.trim() });
            onAdded(answer.recovery_codes);
        });
    };
    if (seed === null) {
        return (
            <form onSubmit={begin} noValidate>
                <p>An authenticator on your telephone shows a code that signing in asks for beside the password.</p>
                {hasPassword && (
                    <Input id="totp-password" label="Password" type="password" autoComplete="current-password" value={password} onChange={setPassword} />
                )}
                <Refusal act={act} testId="totp-error" />
                <button type="submit" disabled={act.isBusy} data-testid="begin-totp">
                    Add an authenticator
                </button>
            </form>
        );
    }
    return (
        <form onSubmit={confirm} noValidate data-testid="totp-enrolment">
            <p>Scan this with the authenticator, or type the secret into it.</p>
            <Qr text={seed.otpauth} label="QR code of the secret below" />
            <p className="row">
                <code className="secret" data-testid="totp-secret">
                    {seed.secret}
                </code>
                <Copy text={seed.secret} what="secret" />
            </p>
            <Input id="totp-code" label="Code that the authenticator shows" inputMode="numeric" autoComplete="one-time-code" autoFocus value={code} onChange={setCode} />
            <Refusal act={act} testId="totp-error" />
            <button type="submit" className="primary" disabled={act.isBusy || code.trim() === ''} data-testid="confirm-totp">
                Confirm
            </button>
        </form>
    );
}

function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
    const text = codes.join('\n');
    return (
        <div className="box" data-testid="recovery-codes">
            <p role="alert">
                <strong>Keep these recovery codes.</strong> Each lets you in once without the authenticator. They are shown now and
                never again.
            </p>
            <ol className="codes">
                {codes.map((code) => (
                    <li key={code}>
                        <code>{code}</code>
                    </li>
                ))}
            </ol>
            <div className="row">
                <Copy text={text} what="recovery codes" />
                <button type="button" className="small" onClick={() => save(new Blob([`${text}\n`], { type: 'text/plain' }), 'driftline-recovery-codes.txt')}>
                    Save as a file
                </button>
                <button type="button" className="small" onClick={onKept} data-testid="codes-kept">
                    I have kept them
                </button>
            </div>
        </div>
    );
}

function Remove({ hasPassword, onGone }: { hasPassword: boolean; onGone: () => void }) {
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            await change('DELETE', 'v1/users/me/totp', { code: code.trim(), ...(hasPassword && { password }) });
            onGone();
        });
    };
    return (
        <details>
            <summary>Take it away</summary>
            <form onSubmit={submit} noValidate>
                {hasPassword && (
                    <Input id="totp-password" label="Password" type="password" autoComplete="current-password" value={password} onChange={setPassword} />
                )}
                <Input id="totp-code" label="Code, or a recovery code" autoComplete="one-time-code" value={code} onChange={setCode} />
                <Refusal act={act} testId="totp-error" />
                <button type="submit" className="danger" disabled={act.isBusy || code.trim() === ''} data-testid="remove-totp">
                    Take the second factor away
                </button>
            </form>
        </details>
    );
}
