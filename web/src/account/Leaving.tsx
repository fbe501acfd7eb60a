// Everything that is stored about a person, as a file; and its erasure (Regulation (EU) 2016/679, articles 15 to 20).

import { type FormEvent, useState } from 'react';

import { change, request } from '../api/client.ts';
import { leave } from '../state/session.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { save } from '../ui/save.ts';
import { Section } from './parts.tsx';

const WORD = 'erase';

export function Leaving({ hasPassword }: { hasPassword: boolean }) {
    const act = useAct();
    const copy = (): void =>
        void act.run(async () => {
            const response = await request('v1/users/me/export');
            save(await response.blob(), 'driftline-account.json');
        });
    return (
        <Section heading="Your data" testId="leaving">
            <p>
                <button type="button" disabled={act.isBusy} onClick={copy} data-testid="export">
                    Save everything that is stored about you
                </button>
            </p>
            <Refusal act={act} testId="export-error" />
            <Erase hasPassword={hasPassword} />
        </Section>
    );
}

function Erase({ hasPassword }: { hasPassword: boolean }) {
    const [password, setPassword] = useState('');
    const [word, setWord] = useState('');
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            await change('DELETE', 'v1/users/me', hasPassword ? { password } : {});
            leave('Your account is erased.');
        });
    };
    return (
        <details>
            <summary>Erase the account</summary>
            <form onSubmit={submit} noValidate>
                <p>
                    Name, addresses, sessions and passkeys go at once and for good. Missions and what they cost stay with the
                    organisation, under a number.
                </p>
                {hasPassword && (
                    <Input id="erase-password" label="Password" type="password" autoComplete="current-password" value={password} onChange={setPassword} />
                )}
                <Input id="erase-word" label={`Type “${WORD}”`} autoComplete="off" value={word} onChange={setWord} />
                <Refusal act={act} testId="erase-error" />
                <button type="submit" className="danger" disabled={act.isBusy || word.trim().toLowerCase() !== WORD} data-testid="erase">
                    Erase the account
                </button>
            </form>
        </details>
    );
}
