// The organisations that a person belongs to: which one the session works for, leaving one, its name and its end.

import { type FormEvent, useState } from 'react';

import { change } from '../api/client.ts';
import { useApp } from '../state/app.ts';
import { turnTo } from '../state/session.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { Section, Sure } from './parts.tsx';
import { mayDelete, mayRename, roleName, type Standing } from './rights.ts';
import type { Me } from './types.ts';

export function Organisations(props: { me: Me; standing: Standing; hasPassword: boolean; again: () => void }) {
    const { me, standing, hasPassword, again } = props;
    const act = useAct();
    const leave = (org: string): void =>
        void act.run(async () => {
            await change('DELETE', `v1/organisations/${org}/members/${me.id}`);
            // The session works for another one of the person's now, or for none.
            location.reload();
        });
    return (
        <Section heading="Organisations" testId="organisations">
            {me.organisations.length === 0 && <p>You belong to no organisation. An invitation by mail lets you join one.</p>}
            <ul className="plain rows">
                {me.organisations.map((one) => (
                    <li key={one.id}>
                        <span>
                            <strong>{one.name}</strong> <span className="dim small-text">{roleName(one.role)}</span>
                        </span>
                        {one.id === me.organisation?.id ? (
                            <Sure label="Leave" what={one.name} isBusy={act.isBusy} onSure={() => leave(one.id)} />
                        ) : (
                            <button type="button" className="small" disabled={act.isBusy} onClick={() => void act.run(() => turnTo(one.id))}>
                                Work for it
                            </button>
                        )}
                    </li>
                ))}
            </ul>
            <Refusal act={act} testId="organisations-error" />
            {me.organisation !== null && mayRename(standing) && <Rename org={me.organisation.id} again={again} />}
            {me.organisation !== null && mayDelete(standing) && <Delete org={me.organisation.id} hasPassword={hasPassword} />}
        </Section>
    );
}

function Rename({ org, again }: { org: string; again: () => void }) {
    const organisation = useApp((state) => state.organisation);
    const [name, setName] = useState(organisation?.name ?? '');
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            const renamed = await change<{ name: string }>('PATCH', `v1/organisations/${org}`, { name });
            if (organisation !== null) {
                useApp.setState({ organisation: { ...organisation, name: renamed.name } });
            }
            again();
        });
    };
    return (
        <form onSubmit={submit} noValidate>
            <Input id="organisation-name" label="Name of the organisation" value={name} onChange={setName} error={act.of('name')} />
            <Refusal act={act} fields={['name']} testId="rename-error" />
            <button type="submit" disabled={act.isBusy || name.trim() === organisation?.name}>
                Rename
            </button>
        </form>
    );
}

function Delete({ org, hasPassword }: { org: string; hasPassword: boolean }) {
    const organisation = useApp((state) => state.organisation);
    const [name, setName] = useState('');
    const [password, setPassword] = useState('');
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            await change('DELETE', `v1/organisations/${org}`, hasPassword ? { name, password } : { name });
            // The session works for another one of the person's now, or for none.
            location.reload();
        });
    };
    return (
        <details>
            <summary>Delete the organisation</summary>
            <form onSubmit={submit} noValidate>
                <p>
                    Members, keys, share links and all missions go at once and for good. What was used until now is still billed; what is left of
                    prepaid credit is not paid back.
                </p>
                <Input id="delete-name" label="Name of the organisation" autoComplete="off" value={name} onChange={setName} error={act.of('name')} />
                {hasPassword && (
                    <Input id="delete-password" label="Password" type="password" autoComplete="current-password" value={password} onChange={setPassword} />
                )}
                <Refusal act={act} fields={['name']} testId="delete-error" />
                <button type="submit" className="danger" disabled={act.isBusy || name.trim() !== organisation?.name} data-testid="delete-organisation">
                    Delete the organisation
                </button>
            </form>
        </details>
    );
}
