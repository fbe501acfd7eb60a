// An account of one's own, where the service lets people make one; a mail says how it goes on.

import { type FormEvent, useState } from 'react';

import { ask } from '../api/client.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';

const FIELDS = ['email', 'password', 'name', 'organisation'];
export const PASSWORD_NOTE = 'At least 12 characters. Three words that have nothing to do with each other make a good one.';

export function Register({ onBack }: { onBack: () => void }) {
    const [values, setValues] = useState({ email: '', password: '', name: '', organisation: '' });
    const [said, setSaid] = useState<string | null>(null);
    const act = useAct();
    const put = (name: keyof typeof values) => (text: string) => setValues((before) => ({ ...before, [name]: text }));
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => setSaid((await ask<{ message: string }>('v1/auth/register', values)).message));
    };
    if (said !== null) {
        return <Sent what={said} onBack={onBack} />;
    }
    return (
        <form onSubmit={submit} noValidate aria-label="Register" data-testid="register">
            <Input id="email" label="E-mail" type="email" autoComplete="username" autoFocus value={values.email} onChange={put('email')} error={act.of('email')} />
            <Input id="new-password" label="Password" type="password" autoComplete="new-password" note={PASSWORD_NOTE} value={values.password} onChange={put('password')} error={act.of('password')} />
            <Input id="name" label="Your name" autoComplete="name" value={values.name} onChange={put('name')} error={act.of('name')} />
            <Input id="organisation" label="Organisation" note="It is founded with you as its administrator." autoComplete="organization" value={values.organisation} onChange={put('organisation')} error={act.of('organisation')} />
            <Refusal act={act} fields={FIELDS} testId="register-error" />
            <div className="row">
                <button type="submit" className="primary" disabled={act.isBusy}>
                    Register
                </button>
                <button type="button" className="link" onClick={onBack}>
                    Back
                </button>
            </div>
        </form>
    );
}

/** What the service says of a mail that it may have sent. */
export function Sent({ what, onBack }: { what: string; onBack: () => void }) {
    return (
        <div data-testid="sent">
            <p role="status">{what.charAt(0).toUpperCase() + what.slice(1)}.</p>
            <button type="button" className="primary" onClick={onBack}>
                Sign in
            </button>
        </div>
    );
}
