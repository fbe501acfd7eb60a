// Keys of the organisation: what each may do and when it was used last, revoking and replacing. A key itself is seen once, when
// it is made.

import { useState } from 'react';

import { change, postJson } from '../api/client.ts';
import { useApp } from '../state/app.ts';
import { parseIso } from '../time/utc.ts';
import { useNow } from '../time/now.ts';
import { useAct } from '../ui/act.ts';
import { Copy } from '../ui/Copy.tsx';
import { Refusal } from '../ui/Input.tsx';
import { KeyForm } from './KeyForm.tsx';
import { useLoad } from './load.ts';
import { Loaded, Section, Sure, When, Wide } from './parts.tsx';
import { mayWithKeys, type Standing } from './rights.ts';
import type { Key } from './types.ts';

/** A key and its successor both work for a day. */
const OVERLAP_S = 86_400;

export interface MadeKey {
    readonly id: string;
    readonly name: string;
    readonly key: string;
}

export function Keys({ standing }: { standing: Standing }) {
    const load = useLoad<{ keys: Key[] }>('v1/api-keys');
    const [made, setMade] = useState<MadeKey | null>(null);
    const onMade = (key: MadeKey): void => {
        setMade(key);
        load.again();
    };
    return (
        <div className="parts">
            {made !== null && <Shown made={made} onKept={() => setMade(null)} />}
            {mayWithKeys(standing, 'create', true) && (
                <Section heading="New key" testId="new-key">
                    <KeyForm scopes={standing.scopes} onMade={onMade} />
                </Section>
            )}
            <Section heading="Keys" testId="keys">
                <Loaded load={load}>{({ keys }) => <List keys={keys} standing={standing} onChange={load.again} onMade={onMade} />}</Loaded>
            </Section>
        </div>
    );
}

function Shown({ made, onKept }: { made: MadeKey; onKept: () => void }) {
    return (
        <div className="box made" role="alert" data-testid="made-key">
            <p>
                <strong>{made.name}</strong>: this is the key. It is shown now and never again.
            </p>
            <p>
                <code className="secret" data-testid="key-text">
                    {made.key}
                </code>
            </p>
            <div className="row">
                <Copy text={made.key} what="key" testId="copy-key" />
                <button type="button" className="small" onClick={onKept} data-testid="key-kept">
                    I have kept it
                </button>
            </div>
        </div>
    );
}

interface ListProps {
    readonly keys: readonly Key[];
    readonly standing: Standing;
    readonly onChange: () => void;
    readonly onMade: (key: MadeKey) => void;
}

function List({ keys, standing, onChange, onMade }: ListProps) {
    const [hasOver, setHasOver] = useState(false);
    const now = useNow();
    const act = useAct();
    const own = useApp((state) => state.person?.id);
    // Rows that memberships stand for are no keys that anybody holds.
    const held = keys.filter((key) => key.user === undefined);
    const works = (key: Key): boolean => key.revoked_at === null && (parseIso(key.expires_at) ?? Infinity) > now;
    const shown = held.filter((key) => hasOver || works(key)).sort((a, b) => b.created_at.localeCompare(a.created_at));
    const over = held.length - held.filter(works).length;
    const revoke = (key: Key): void =>
        void act.run(async () => {
            await change('DELETE', `v1/api-keys/${key.id}`);
            onChange();
        });
    const replace = (key: Key): void =>
        void act.run(async () => onMade(await postJson<MadeKey>(`v1/api-keys/${key.id}/rotate`, { overlap_s: OVERLAP_S })));
    return (
        <>
            {held.length === 0 && <p data-testid="no-keys">No key yet.</p>}
            {over > 0 && (
                <label className="check">
                    <input type="checkbox" checked={hasOver} onChange={(event) => setHasOver(event.target.checked)} data-testid="show-over" />
                    Also the {over} that work no more
                </label>
            )}
            <Refusal act={act} testId="keys-error" />
            {shown.length > 0 && (
                <Wide label="Keys">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">Name</th>
                                <th scope="col">May</th>
                                <th scope="col">Ends</th>
                                <th scope="col">Last used</th>
                                <th scope="col">
                                    <span className="hidden">Actions</span>
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            {shown.map((key) => (
                                <tr key={key.id} data-testid="key-row">
                                    <th scope="row">
                                        {key.name}
                                        <br />
                                        <code className="dim">{key.hint}…</code>
                                    </th>
                                    <td className="small-text">{mayText(key)}</td>
                                    <td className="small-text">
                                        {key.revoked_at !== null ? <>revoked <When at={key.revoked_at} /></> : <When at={key.expires_at} none="never" />}
                                    </td>
                                    <td className="small-text">
                                        <When at={key.last_used_at} none="never" />
                                    </td>
                                    <td className="acts">
                                        {works(key) && mayWithKeys(standing, 'change', key.created_by === own) && (
                                            <Sure label="Replace" what={`key ${key.name} by a new one; it ends in a day`} isBusy={act.isBusy} onSure={() => replace(key)} testId="replace-key" />
                                        )}
                                        {works(key) && mayWithKeys(standing, 'delete', key.created_by === own) && (
                                            <Sure label="Revoke" what={`key ${key.name}`} isBusy={act.isBusy} onSure={() => revoke(key)} testId="revoke-key" />
                                        )}
                                    </td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Wide>
            )}
        </>
    );
}

function mayText(key: Key): string {
    const what = key.kind === 'publishable' ? `maps and features, on pages of ${key.origins.join(', ')}` : key.scopes.join(', ');
    const networks = key.networks ?? [];
    return networks.length === 0 ? what : `${what}; from ${networks.join(', ')}`;
}
