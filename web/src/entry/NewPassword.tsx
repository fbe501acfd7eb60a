// A password is set by a link: the first one of an account, or a new one. Every session of the person ends by it.

import { type FormEvent, useState } from 'react';

import { ask } from '../api/client.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { Card, Onward } from './LinkPage.tsx';
import { PASSWORD_NOTE } from './words.ts';

export function NewPassword({ token }: { token: string }) {
    const [password, setPassword] = useState('');
    const [isDone, setDone] = useState(false);
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            await ask('v1/auth/password-reset/confirm', { token, password });
            setDone(true);
        });
    };
    if (isDone) {
        return (
            <Card heading="The password is set">
                <p>Every session of the account has ended. Sign in with the new password.</p>
                <Onward label="Sign in" />
            </Card>
        );
    }
    return (
        <Card heading="Set a password">
            <form onSubmit={submit} noValidate>
                <Input id="new-password" label="New password" type="password" autoComplete="new-password" autoFocus note={PASSWORD_NOTE} value={password} onChange={setPassword} error={act.of('password')} />
                <Refusal act={act} fields={['password']} testId="link-error" />
                <div className="row">
                    <button type="submit" className="primary" disabled={act.isBusy} data-testid="set-password">
                        Set the password
                    </button>
                    {act.error !== null && <Onward label="Back" />}
                </div>
            </form>
        </Card>
    );
}
