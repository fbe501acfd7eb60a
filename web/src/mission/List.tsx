// The organisation's missions, newest first, with where each stands.

import { useEffect, useState } from 'react';

import { getJson, reason } from '../api/client.ts';
import type { Mission } from '../api/types.ts';
import { formatPosition } from '../geo/position.ts';
import { show } from '../state/app.ts';
import { parseIso, utc } from '../time/utc.ts';

type Row = Pick<
    Mission,
    'id' | 'name' | 'object_type' | 'last_known_lat' | 'last_known_lon' | 'last_known_time' | 'forecast_hours' | 'status' | 'progress'
>;

const FIELDS = 'id,name,object_type,last_known_lat,last_known_lon,last_known_time,forecast_hours,status,progress';
const REFRESH_MS = 10_000;

export function MissionList() {
    const [rows, setRows] = useState<readonly Row[] | null>(null);
    /** Where older pages go on: not known before the first answer, `null` once everything is read. */
    const [next, setNext] = useState<string | null>();
    const [error, setError] = useState<string | null>(null);

    useEffect(() => {
        const stop = new AbortController();
        const read = (): void => {
            getJson<{ missions: Row[]; next_cursor: string | null }>(`v1/missions?limit=50&fields=${FIELDS}`, stop.signal).then(
                (page) => {
                    // Older pages that were asked for stay below the newest one.
                    setRows((before) => [...page.missions, ...without(before, page.missions)]);
                    setNext((before) => (before === undefined ? page.next_cursor : before));
                    setError(null);
                },
                (failure: unknown) => !stop.signal.aborted && setError(reason(failure)),
            );
        };
        read();
        const timer = setInterval(read, REFRESH_MS);
        return () => {
            clearInterval(timer);
            stop.abort();
        };
    }, []);

    const more = async (): Promise<void> => {
        try {
            const path = `v1/missions?limit=50&fields=${FIELDS}&cursor=${next}`;
            const page = await getJson<{ missions: Row[]; next_cursor: string | null }>(path);
            setRows((before) => [...without(before, page.missions), ...page.missions]);
            setNext(page.next_cursor);
        } catch (failure) {
            setError(reason(failure));
        }
    };

    return (
        <section aria-labelledby="list-heading" data-testid="mission-list">
            <h1 id="list-heading">Missions</h1>
            {error !== null && (
                <p className="bad" role="alert">
                    {error}. {rows !== null && 'What is shown is older.'}
                </p>
            )}
            {rows === null && error === null && <p className="dim">Reading …</p>}
            {rows?.length === 0 && (
                <p>
                    No mission yet.{' '}
                    <button type="button" onClick={() => show('form')}>
                        Write the first one
                    </button>
                </p>
            )}
            <ul className="plain missions">
                {rows?.map((row) => (
                    <li key={row.id}>
                        <button type="button" className="mission" onClick={() => show('mission', row.id)} data-testid={`mission-${row.id}`}>
                            <span className="title">{row.name ?? row.object_type}</span>
                            <State status={row.status} progress={row.progress} />
                            <span className="dim">
                                {row.object_type} · {formatPosition({ lat: row.last_known_lat, lon: row.last_known_lon }, 'DM')}
                            </span>
                            <span className="dim">
                                {utc(parseIso(row.last_known_time) ?? 0)} + {row.forecast_hours} h
                            </span>
                        </button>
                    </li>
                ))}
            </ul>
            {next && (
                <button type="button" onClick={() => void more()}>
                    Older missions
                </button>
            )}
        </section>
    );
}

/** Rows that do not stand in a newer answer, too. */
function without(rows: readonly Row[] | null, newer: readonly Row[]): readonly Row[] {
    const ids = new Set(newer.map((row) => row.id));
    return (rows ?? []).filter((row) => !ids.has(row.id));
}

export function State({ status, progress }: { status: string; progress: number }) {
    const text = status === 'running' ? `running, ${Math.round(progress * 100)} %` : status;
    return (
        <span className={`state state-${status}`} data-testid="mission-state">
            {text}
        </span>
    );
}
