// A link to set a new password, for whoever has forgotten the old one. Whether there is an account is not told.

import { type FormEvent, useState } from 'react';

import { ask } from '../api/client.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { Sent } from './Sent.tsx';

export function Forgotten({ onBack }: { onBack: () => void }) {
    const [email, setEmail] = useState('');
    const [said, setSaid] = useState<string | null>(null);
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            if (email.trim() === '') {
                throw new Error('type your mail address');
            }
            setSaid((await ask<{ message: string }>('v1/auth/password-reset', { email: email.trim() })).message);
        });
    };
    if (said !== null) {
        return <Sent what={said} onBack={onBack} />;
    }
    return (
        <form onSubmit={submit} noValidate aria-label="Forgotten password" data-testid="forgotten-form">
            <Input id="email" label="E-mail" type="email" autoComplete="username" autoFocus value={email} onChange={setEmail} />
            <Refusal act={act} testId="forgotten-error" />
            <div className="row">
                <button type="submit" className="primary" disabled={act.isBusy} data-testid="send-link">
                    Send a link
                </button>
                <button type="button" className="link" onClick={onBack}>
                    Back
                </button>
            </div>
        </form>
    );
}
