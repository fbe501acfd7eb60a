// The account of who is logged in: what is known of the person, and everything that the person may do with it.

import { type FormEvent, useState } from 'react';

import { change } from '../api/client.ts';
import { speak } from '../state/app.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { Leaving } from './Leaving.tsx';
import { Organisations } from './Organisations.tsx';
import { Section, When } from './parts.tsx';
import { Passkeys } from './Passkeys.tsx';
import { Password } from './Password.tsx';
import type { Standing } from './rights.ts';
import { SecondFactor } from './SecondFactor.tsx';
import { Sessions } from './Sessions.tsx';
import type { Me } from './types.ts';

interface ProfileProps {
    readonly me: Me;
    readonly standing: Standing;
    readonly again: () => void;
}

export function Profile({ me, standing, again }: ProfileProps) {
    const hasPassword = me.password_changed_at !== null;
    return (
        <div className="parts">
            <Person me={me} again={again} />
            <Address me={me} hasPassword={hasPassword} />
            <Password hasPassword={hasPassword} again={again} />
            <SecondFactor hasPassword={hasPassword} />
            <Passkeys hasPassword={hasPassword} />
            <Organisations me={me} standing={standing} hasPassword={hasPassword} again={again} />
            <Sessions />
            <Leaving hasPassword={hasPassword} />
        </div>
    );
}

function Person({ me, again }: { me: Me; again: () => void }) {
    const [name, setName] = useState(me.name ?? '');
    const [phone, setPhone] = useState(me.phone ?? '');
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            await change('PATCH', 'v1/users/me', { name, phone });
            speak('Saved');
            again();
        });
    };
    return (
        <Section heading="Person" testId="person">
            <form onSubmit={submit} noValidate>
                <Input id="person-name" label="Name" autoComplete="name" value={name} onChange={setName} error={act.of('name')} />
                <Input id="person-phone" label="Telephone" type="tel" autoComplete="tel" value={phone} onChange={setPhone} error={act.of('phone')} />
                <Refusal act={act} fields={['name', 'phone']} testId="person-error" />
                <button type="submit" disabled={act.isBusy} data-testid="save-person">
                    Save
                </button>
            </form>
            <p className="dim small-text">
                Account since <When at={me.created_at} />.
            </p>
        </Section>
    );
}

function Address({ me, hasPassword }: { me: Me; hasPassword: boolean }) {
    const [email, setEmail] = useState('');
    const [password, setPassword] = useState('');
    const [sentTo, setSentTo] = useState<string | null>(null);
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            const wished = email.trim();
            await change('PATCH', 'v1/users/me', { email: wished, ...(hasPassword && { password }) });
            setSentTo(wished);
            setEmail('');
            setPassword('');
        });
    };
    return (
        <Section heading="E-mail" testId="mail-address">
            <p data-testid="email-now">{me.email}</p>
            <form onSubmit={submit} noValidate>
                <Input id="new-email" label="New address" type="email" autoComplete="email" value={email} onChange={setEmail} error={act.of('email')} />
                {hasPassword && (
                    <Input id="email-password" label="Password" type="password" autoComplete="current-password" value={password} onChange={setPassword} />
                )}
                <Refusal act={act} fields={['email']} testId="email-error" />
                {sentTo !== null && <p role="status">A mail is on its way to {sentTo}. The address changes when its link is opened.</p>}
                <button type="submit" disabled={act.isBusy || email.trim() === ''}>
                    Change the address
                </button>
            </form>
        </Section>
    );
}
