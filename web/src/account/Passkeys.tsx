// Passkeys of who is logged in, where the browser has them.

import { type FormEvent, useState } from 'react';

import { change, postJson } from '../api/client.ts';
import { hasPasskeys, makePasskey, type NewChallenge } from '../entry/passkeys.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { useLoad } from './load.ts';
import { Loaded, Section, Sure, When } from './parts.tsx';
import type { Passkey } from './types.ts';

export function Passkeys({ hasPassword }: { hasPassword: boolean }) {
    const load = useLoad<{ passkeys: Passkey[] }>('v1/users/me/passkeys');
    const act = useAct();
    const remove = (id: string): void =>
        void act.run(async () => {
            await change('DELETE', `v1/users/me/passkeys/${id}`);
            load.again();
        });
    return (
        <Section heading="Passkeys" testId="passkeys">
            <Loaded load={load}>
                {({ passkeys }) => (
                    <>
                        {passkeys.length === 0 && <p>No passkey yet. One replaces password and code on a device of yours.</p>}
                        <ul className="plain rows">
                            {passkeys.map((one) => (
                                <li key={one.id}>
                                    <span>
                                        <strong>{one.name}</strong>{' '}
                                        <span className="dim small-text">
                                            since <When at={one.created_at} />, last used <When at={one.last_used_at} none="never" />
                                        </span>
                                    </span>
                                    <Sure label="Remove" what={`passkey ${one.name}`} isBusy={act.isBusy} onSure={() => remove(one.id)} />
                                </li>
                            ))}
                        </ul>
                    </>
                )}
            </Loaded>
            <Refusal act={act} testId="passkey-remove-error" />
            {hasPasskeys() ? (
                <Add hasPassword={hasPassword} onAdded={load.again} />
            ) : (
                <p className="dim small-text">Passkeys need a browser that has them and a service with a name and https.</p>
            )}
        </Section>
    );
}

function Add({ hasPassword, onAdded }: { hasPassword: boolean; onAdded: () => void }) {
    const [name, setName] = useState('');
    const [password, setPassword] = useState('');
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            const challenge = await postJson<NewChallenge>('v1/users/me/passkeys/challenge', hasPassword ? { password } : {});
            const credential = await makePasskey(challenge);
            await postJson('v1/users/me/passkeys', { ceremony: challenge.ceremony, name: name.trim(), credential });
            setName('');
            setPassword('');
            onAdded();
        });
    };
    return (
        <form onSubmit={submit} noValidate>
            <Input id="passkey-name" label="Name of the device" value={name} onChange={setName} error={act.of('name')} />
            {hasPassword && (
                <Input id="passkey-password" label="Password" type="password" autoComplete="current-password" value={password} onChange={setPassword} />
            )}
            <Refusal act={act} fields={['name']} testId="passkey-error" />
            <button type="submit" disabled={act.isBusy || name.trim() === ''} data-testid="add-passkey">
                Add a passkey
            </button>
        </form>
    );
}
