// Members of the organisation with masked addresses, their roles, and invitations that can be accepted.

import { type FormEvent, useState } from 'react';

import { change, postJson } from '../api/client.ts';
import { speak, useApp } from '../state/app.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { useLoad } from './load.ts';
import { Loaded, Section, Sure, When, Wide } from './parts.tsx';
import { mayWithMembers, roleName, type Standing } from './rights.ts';
import type { Invited, Member, Rights } from './types.ts';

interface MembersProps {
    readonly org: string;
    readonly standing: Standing;
    readonly roles: readonly Rights[];
}

export function Members({ org, standing, roles }: MembersProps) {
    const members = useLoad<{ members: Member[] }>(`v1/organisations/${org}/members`);
    const invitations = useLoad<{ invitations: Invited[] }>(`v1/organisations/${org}/invitations`);
    const names = roles.map(({ role }) => role);
    return (
        <div className="parts">
            {mayWithMembers(standing, 'create') && (
                <Section heading="Invite" testId="invite">
                    <Invite org={org} roles={names} onInvited={invitations.again} />
                </Section>
            )}
            <Section heading="Members" testId="members">
                <Loaded load={members}>{(value) => <List org={org} members={value.members} standing={standing} roles={names} onChange={members.again} />}</Loaded>
            </Section>
            <Section heading="Invitations" testId="invitations">
                <Loaded load={invitations}>
                    {(value) => <Open org={org} invitations={value.invitations} standing={standing} onChange={invitations.again} />}
                </Loaded>
            </Section>
        </div>
    );
}

function Roles({ id, label, role, roles, onChange, isBusy = false }: { id: string; label: string; role: string; roles: readonly string[]; onChange: (role: string) => void; isBusy?: boolean }) {
    return (
        <select id={id} aria-label={label} value={role} disabled={isBusy} onChange={(event) => onChange(event.target.value)} data-testid={id}>
            {roles.map((one) => (
                <option key={one} value={one}>
                    {roleName(one)}
                </option>
            ))}
        </select>
    );
}

function Invite({ org, roles, onInvited }: { org: string; roles: readonly string[]; onInvited: () => void }) {
    const [email, setEmail] = useState('');
    const [role, setRole] = useState('viewer');
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            await postJson(`v1/organisations/${org}/invitations`, { email: email.trim(), role });
            speak('The invitation is on its way');
            setEmail('');
            onInvited();
        });
    };
    return (
        <form onSubmit={submit} noValidate>
            <Input id="invite-email" label="E-mail" type="email" autoComplete="off" value={email} onChange={setEmail} error={act.of('email')} />
            <div className="field">
                <label htmlFor="invite-role">Role</label> <Roles id="invite-role" label="Role" role={role} roles={roles} onChange={setRole} />
            </div>
            <Refusal act={act} fields={['email']} testId="invite-error" />
            <button type="submit" className="primary" disabled={act.isBusy} data-testid="send-invitation">
                Invite
            </button>
        </form>
    );
}

interface ListProps {
    readonly org: string;
    readonly members: readonly Member[];
    readonly standing: Standing;
    readonly roles: readonly string[];
    readonly onChange: () => void;
}

function List({ org, members, standing, roles, onChange }: ListProps) {
    const own = useApp((state) => state.person?.id);
    const act = useAct();
    const setRole = (member: Member, role: string): void =>
        void act.run(async () => {
            await change('PATCH', `v1/organisations/${org}/members/${member.user}`, { role });
            if (member.user === own) {
                // Another role is shown and allowed other things.
                location.reload();
            }
            onChange();
        });
    const remove = (member: Member): void =>
        void act.run(async () => {
            await change('DELETE', `v1/organisations/${org}/members/${member.user}`);
            onChange();
        });
    return (
        <>
            <Refusal act={act} testId="members-error" />
            <Wide label="Members">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">Name</th>
                            <th scope="col">Role</th>
                            <th scope="col">Since</th>
                            <th scope="col">
                                <span className="hidden">Actions</span>
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {members.map((member) => (
                            <tr key={member.user} data-testid="member-row">
                                <th scope="row">
                                    {member.name ?? 'No name'}
                                    {member.user === own && ' (you)'}
                                    <br />
                                    <span className="dim small-text">{member.email}</span>
                                </th>
                                <td>
                                    {mayWithMembers(standing, 'change') ? (
                                        <Roles id={`role-${member.user}`} label={`Role of ${member.name ?? member.email ?? 'this member'}`} role={member.role} roles={roles} isBusy={act.isBusy} onChange={(role) => setRole(member, role)} />
                                    ) : (
                                        roleName(member.role)
                                    )}
                                </td>
                                <td className="small-text">
                                    <When at={member.since} />
                                </td>
                                <td className="acts">
                                    {member.user !== own && mayWithMembers(standing, 'delete') && (
                                        <Sure label="Remove" what={member.name ?? member.email ?? 'this member'} isBusy={act.isBusy} onSure={() => remove(member)} testId="remove-member" />
                                    )}
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Wide>
        </>
    );
}

function Open({ org, invitations, standing, onChange }: { org: string; invitations: readonly Invited[]; standing: Standing; onChange: () => void }) {
    const act = useAct();
    const withdraw = (id: string): void =>
        void act.run(async () => {
            await change('DELETE', `v1/organisations/${org}/invitations/${id}`);
            onChange();
        });
    return (
        <>
            {invitations.length === 0 && <p data-testid="no-invitations">No invitation is open.</p>}
            <ul className="plain rows">
                {invitations.map((one) => (
                    <li key={one.id} data-testid="invitation">
                        <span>
                            <strong>{one.email}</strong>{' '}
                            <span className="dim small-text">
                                {roleName(one.role)}, until <When at={one.expires_at} />
                            </span>
                        </span>
                        {mayWithMembers(standing, 'delete') && (
                            <Sure label="Withdraw" what={`invitation of ${one.email}`} isBusy={act.isBusy} onSure={() => withdraw(one.id)} testId="withdraw" />
                        )}
                    </li>
                ))}
            </ul>
            <Refusal act={act} testId="invitations-error" />
        </>
    );
}
