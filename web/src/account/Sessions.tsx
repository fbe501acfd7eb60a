// Login sessions of who is logged in: each can be ended, or all others at once.

import { change } from '../api/client.ts';
import { speak } from '../state/app.ts';
import { signOut } from '../state/session.ts';
import { useAct } from '../ui/act.ts';
import { Refusal } from '../ui/Input.tsx';
import { useLoad } from './load.ts';
import { Loaded, Section, Sure, When } from './parts.tsx';
import type { Session } from './types.ts';

export function Sessions() {
    const load = useLoad<{ sessions: Session[] }>('v1/users/me/sessions');
    const act = useAct();
    const end = (session: Session): void =>
        void act.run(async () => {
            if (session.current) {
                await signOut();
                return;
            }
            await change('DELETE', `v1/users/me/sessions/${session.id}`);
            speak('The session has ended');
            load.again();
        });
    const endOthers = (): void =>
        void act.run(async () => {
            await change('DELETE', 'v1/users/me/sessions');
            speak('All other sessions have ended');
            load.again();
        });
    return (
        <Section heading="Sessions" testId="sessions">
            <Loaded load={load}>
                {({ sessions }) => (
                    <>
                        <ul className="plain rows">
                            {sessions.map((one) => (
                                <li key={one.id} data-testid="session">
                                    <span>
                                        <strong>{one.current ? 'This browser' : browserName(one.agent)}</strong>{' '}
                                        <span className="dim small-text">
                                            {one.address ?? 'unknown address'}, {methodName(one.method)}, last used{' '}
                                            <When at={one.last_used_at} />, ends <When at={one.expires_at} />
                                        </span>
                                    </span>
                                    <Sure label="End" what={one.current ? 'this session' : `session of ${browserName(one.agent)}`} isBusy={act.isBusy} onSure={() => end(one)} testId={one.current ? 'end-current' : 'end-session'} />
                                </li>
                            ))}
                        </ul>
                        {sessions.length > 1 && <Sure label="End all others" what="sessions" isBusy={act.isBusy} onSure={endOthers} testId="end-others" />}
                    </>
                )}
            </Loaded>
            <Refusal act={act} testId="sessions-error" />
        </Section>
    );
}

const METHODS: Readonly<Record<string, string>> = {
    password: 'password',
    'password+totp': 'password and code',
    'password+recovery': 'password and recovery code',
    passkey: 'passkey',
    oidc: 'identity provider',
};

function methodName(method: string): string {
    return METHODS[method] ?? method;
}

/** What a program calls itself, cut to what tells one from another. */
function browserName(agent: string | null): string {
    const found = /(Firefox|Edg|Chrome|Safari|curl|python-requests)\/?[\d.]*/.exec(agent ?? '');
    const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent ?? '');
    const name = found?.[1]?.replace('Edg', 'Edge') ?? agent?.slice(0, 40) ?? 'Unknown program';
    return system === null ? name : `${name} on ${system[1]}`;
}
