// An invitation: whoever is signed in joins; whoever has no account makes one; whoever has one signs in first.

import { type FormEvent, useState } from 'react';

import { ask, postJson } from '../api/client.ts';
import { useApp } from '../state/app.ts';
import { turnTo } from '../state/session.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { Card, Onward } from './LinkPage.tsx';
import { LogIn } from './LogIn.tsx';
import { PASSWORD_NOTE } from './words.ts';

export function Invitation({ token }: { token: string }) {
    const isPerson = useApp((state) => state.person !== null);
    return isPerson ? <Join token={token} /> : <Begin token={token} />;
}

function Join({ token }: { token: string }) {
    const act = useAct();
    const join = (): void =>
        void act.run(async () => {
            const joined = await postJson<{ organisation: string }>('v1/users/me/invitations', { token });
            await turnTo(joined.organisation);
        });
    return (
        <Card heading="Accept the invitation">
            <p>Join the organisation with the account that you are signed in with.</p>
            <Refusal act={act} testId="link-error" />
            <div className="row">
                <button type="button" className="primary" disabled={act.isBusy} onClick={join} data-testid="join">
                    Join
                </button>
                <Onward label="Not now" />
            </div>
        </Card>
    );
}

function Begin({ token }: { token: string }) {
    const [hasAccount, setHasAccount] = useState(false);
    const [values, setValues] = useState({ name: '', password: '' });
    const [isDone, setDone] = useState(false);
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            await ask('v1/auth/invitation', { token, ...values });
            setDone(true);
        });
    };
    if (isDone) {
        return (
            <Card heading="You have joined">
                <p>Sign in with the mail address that the invitation was sent to.</p>
                <Onward label="Sign in" />
            </Card>
        );
    }
    if (hasAccount) {
        return (
            <Card heading="Sign in to join">
                <LogIn onWish={() => useApp.setState({ link: null })} />
            </Card>
        );
    }
    return (
        <Card heading="You are invited">
            <form onSubmit={submit} noValidate>
                <p>Make an account for the mail address that the invitation was sent to.</p>
                <Input id="name" label="Your name" autoComplete="name" autoFocus value={values.name} onChange={(name) => setValues({ ...values, name })} error={act.of('name')} />
                <Input id="new-password" label="Password" type="password" autoComplete="new-password" note={PASSWORD_NOTE} value={values.password} onChange={(password) => setValues({ ...values, password })} error={act.of('password')} />
                <Refusal act={act} fields={['name', 'password']} testId="link-error" />
                <div className="row">
                    <button type="submit" className="primary" disabled={act.isBusy} data-testid="join-as-new">
                        Join
                    </button>
                    <button type="button" className="link" onClick={() => setHasAccount(true)} data-testid="has-account">
                        I have an account
                    </button>
                </div>
            </form>
        </Card>
    );
}
