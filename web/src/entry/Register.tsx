// An account of one's own, where the service lets people make one; a mail says how it goes on.

import { type FormEvent, useState } from 'react';

import { ask } from '../api/client.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { Sent } from './Sent.tsx';
import { PASSWORD_NOTE } from './words.ts';

const FIELDS = ['email', 'password', 'name', 'organisation'];

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
