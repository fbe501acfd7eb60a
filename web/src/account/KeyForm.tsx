// A new key: secret, with some of the scopes that its maker has, or publishable, for pages of named origins.

import { type FormEvent, useState } from 'react';

import { postJson } from '../api/client.ts';
import { HOUR, iso } from '../time/utc.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import type { MadeKey } from './Keys.tsx';
import { listOf } from './lists.ts';

const SCOPES: Readonly<Record<string, string>> = {
    'missions:read': 'see missions and results',
    'missions:write': 'send and withdraw missions',
    'missions:distress': 'send missions in distress',
    'features:read': 'read maps and features',
    'usage:read': 'see usage and bills',
    'usage:write': 'send usage of nodes that were cut off',
    'billing:write': 'enter how bills are paid',
};
const DAYS: readonly (readonly [string, string])[] = [
    ['30', 'in 30 days'],
    ['90', 'in 90 days'],
    ['365', 'in a year'],
    ['', 'never'],
];
const FIELDS = ['name', 'origins', 'networks'];

export function KeyForm({ scopes, onMade }: { scopes: readonly string[]; onMade: (key: MadeKey) => void }) {
    const [name, setName] = useState('');
    const [kind, setKind] = useState<'secret' | 'publishable'>('secret');
    const [chosen, setChosen] = useState<readonly string[]>(() => scopes.filter((scope) => scope.endsWith(':read')));
    const [origins, setOrigins] = useState('');
    const [networks, setNetworks] = useState('');
    const [days, setDays] = useState('365');
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            const wish = {
                name: name.trim(),
                kind,
                ...(kind === 'secret' ? { scopes: chosen } : { origins: listOf(origins) }),
                ...(listOf(networks).length > 0 && { networks: listOf(networks) }),
                ...(days !== '' && { expires_at: iso(Math.floor(Date.now() / 1000) * 1000 + Number(days) * 24 * HOUR) }),
            };
            onMade(await postJson<MadeKey>('v1/api-keys', wish));
            setName('');
        });
    };
    const toggle = (scope: string): void => setChosen((before) => (before.includes(scope) ? before.filter((one) => one !== scope) : [...before, scope]));
    return (
        <form onSubmit={submit} noValidate>
            <Input id="key-name" label="Name" value={name} onChange={setName} error={act.of('name')} />
            <fieldset className="field">
                <legend>Kind</legend>
                <label className="check">
                    <input type="radio" name="kind" checked={kind === 'secret'} onChange={() => setKind('secret')} data-testid="kind-secret" />
                    Secret, for programs
                </label>
                <label className="check">
                    <input type="radio" name="kind" checked={kind === 'publishable'} onChange={() => setKind('publishable')} data-testid="kind-publishable" />
                    Publishable, for web pages: maps and features only
                </label>
            </fieldset>
            {kind === 'secret' ? (
                <fieldset className="field">
                    <legend>May</legend>
                    {scopes.map((scope) => (
                        <label key={scope} className="check">
                            <input type="checkbox" checked={chosen.includes(scope)} onChange={() => toggle(scope)} data-testid={`scope-${scope}`} />
                            <span>
                                {scope} <span className="dim small-text">{SCOPES[scope]}</span>
                            </span>
                        </label>
                    ))}
                </fieldset>
            ) : (
                <Input id="key-origins" label="Origins" note="Of the pages that use it, such as https://map.example.org" value={origins} onChange={setOrigins} error={act.of('origins')} />
            )}
            <details>
                <summary>Only from some networks</summary>
                <Input id="key-networks" label="Networks" note="Such as 10.1.0.0/16; none: from everywhere" value={networks} onChange={setNetworks} error={act.of('networks')} />
            </details>
            <div className="field">
                <label htmlFor="key-ends">Ends</label>{' '}
                <select id="key-ends" value={days} onChange={(event) => setDays(event.target.value)} data-testid="key-ends">
                    {DAYS.map(([value, label]) => (
                        <option key={value} value={value}>
                            {label}
                        </option>
                    ))}
                </select>
            </div>
            <Refusal act={act} fields={FIELDS} testId="key-form-error" />
            <button type="submit" className="primary" disabled={act.isBusy} data-testid="create-key">
                Make the key
            </button>
        </form>
    );
}
