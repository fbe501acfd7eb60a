// The password of who is logged in; all other sessions end with the old one.

import { type FormEvent, useState } from 'react';

import { postJson } from '../api/client.ts';
import { PASSWORD_NOTE } from '../entry/words.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { Section } from './parts.tsx';

export function Password({ hasPassword, again }: { hasPassword: boolean; again: () => void }) {
    const [current, setCurrent] = useState('');
    const [fresh, setFresh] = useState('');
    const [isDone, setDone] = useState(false);
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        setDone(false);
        void act.run(async () => {
            await postJson('v1/users/me/password', { new: fresh, ...(hasPassword && { current }) });
            setCurrent('');
            setFresh('');
            setDone(true);
            again();
        });
    };
    return (
        <Section heading="Password" testId="password-part">
            <form onSubmit={submit} noValidate>
                {hasPassword && (
                    <Input id="current-password" label="Password now" type="password" autoComplete="current-password" value={current} onChange={setCurrent} error={act.of('current')} />
                )}
                <Input id="next-password" label="New password" type="password" autoComplete="new-password" note={PASSWORD_NOTE} value={fresh} onChange={setFresh} error={act.of('new') ?? act.of('password')} />
                <Refusal act={act} fields={['current', 'new', 'password']} testId="password-error" />
                {isDone && (
                    <p role="status" data-testid="password-changed">
                        The password is changed. All other sessions have ended.
                    </p>
                )}
                <button type="submit" disabled={act.isBusy || fresh === ''} data-testid="change-password">
                    {hasPassword ? 'Change the password' : 'Set a password'}
                </button>
            </form>
        </Section>
    );
}
