// Addresses to paste into QGIS and other maps. A credential goes into them only when it is asked for, with words on what
// that means.

import { useState } from 'react';

import { postJson, reason, ROOT } from '../api/client.ts';
import { keptKey } from '../state/session.ts';
import { iso, parseIso, utc } from '../time/utc.ts';
import { Copy } from '../ui/Copy.tsx';
import { addressLines, type Credential } from './addresses.ts';
import type { Result } from './data.ts';
import { useStep } from './use-step.ts';

const LINK_DAYS = 7;

export function Addresses({ result }: { result: Result }) {
    /** What was chosen; a signature is there a moment later. */
    const [wanted, setWanted] = useState<Credential['kind']>('none');
    const [credential, setCredential] = useState<Credential>({ kind: 'none' });
    const [error, setError] = useState<string | null>(null);
    const step = useStep(result);
    const id = result.mission.id;
    const choose = async (kind: Credential['kind']): Promise<void> => {
        setError(null);
        setWanted(kind);
        if (kind === 'signed') {
            setCredential({ kind: 'none' });
            try {
                const wish = { mission: id, expires_in_s: LINK_DAYS * 86_400 };
                const link = await postJson<{ query: string; expires_at: string }>('v1/map-links', wish);
                setCredential({ kind, link: { query: link.query, expiresAt: link.expires_at } });
            } catch (failure) {
                setError(reason(failure));
                setWanted('none');
            }
        } else {
            setCredential(kind === 'key' ? { kind, key: keptKey() ?? '' } : { kind });
        }
    };
    const options: [Credential['kind'], string][] = [
        ['none', 'Without a credential: give QGIS the key as header X-API-Key'],
        ['signed', `With a signature: this mission only, read only, for ${LINK_DAYS} days`],
        ['key', 'With my key'],
    ];
    return (
        <details data-testid="addresses">
            <summary>Addresses for QGIS and other maps</summary>
            <fieldset className="field">
                <legend>What the addresses hold</legend>
                {options.map(([kind, label]) => (
                    <label key={kind} className="check">
                        <input
                            type="radio"
                            name="credential"
                            checked={wanted === kind}
                            data-testid={`credential-${kind}`}
                            onChange={() => void choose(kind)}
                        />
                        {label}
                    </label>
                ))}
            </fieldset>
            {error !== null && <p className="bad" role="alert">{error}.</p>}
            {credential.kind === 'key' && (
                <p className="bad" role="alert" data-testid="key-warning">
                    These addresses hold your key: whoever has one can do all that you can. Do not send them on; project
                    files and logs keep them.
                </p>
            )}
            {credential.kind === 'signed' && credential.link.expiresAt !== null && (
                <p className="warn">
                    Whoever has one of these addresses sees this mission until {utc(parseIso(credential.link.expiresAt) ?? 0)}.
                </p>
            )}
            <ul className="plain addresses">
                {addressLines(ROOT, id, iso(step?.time ?? result.from), credential).map((line) => (
                    <li key={line.id}>
                        <span>{line.name}</span>
                        <Copy text={line.url} what={`address: ${line.name}`} testId={`copy-${line.id}`} />
                        <code data-testid={`address-${line.id}`}>{line.url}</code>
                    </li>
                ))}
            </ul>
        </details>
    );
}
