// The open mission: on its way, failed, or with its result; what it was asked with is kept in every state.

import { useEffect, useState } from 'react';

import { reason, request } from '../api/client.ts';
import type { Mission } from '../api/types.ts';
import { formatPosition } from '../geo/position.ts';
import { ResultPanel } from '../result/ResultPanel.tsx';
import { show, useApp } from '../state/app.ts';
import { keep } from '../state/kept.ts';
import { HOUR, clock as hhmm, parseIso, utc } from '../time/utc.ts';
import { formOf } from './form-state.ts';
import { State } from './List.tsx';
import { openMission, reopen, useMission } from './store.ts';

export function MissionView() {
    const missionId = useApp((state) => state.missionId);
    // One by one: what the map tells of its pictures is no reason to render all of this again.
    const mission = useMission((state) => state.mission);
    const result = useMission((state) => state.result);
    const error = useMission((state) => state.error);
    const outOfReachSince = useMission((state) => state.outOfReachSince);
    useEffect(() => {
        openMission(missionId);
        return () => openMission(null);
    }, [missionId]);

    return (
        <section aria-labelledby="mission-heading" data-testid="mission-view">
            <h1 id="mission-heading">{mission === null ? 'Mission' : (mission.name ?? mission.object_type)}</h1>
            {outOfReachSince !== null && (
                <p className="bad" role="alert" data-testid="out-of-reach">
                    The service cannot be reached since {hhmm(outOfReachSince)} UTC. What is shown is older; trying again.
                </p>
            )}
            {error !== null && (
                <div className="bad" role="alert" data-testid="mission-error">
                    <p>{error}.</p>
                    <button type="button" onClick={reopen}>
                        Try again
                    </button>
                </div>
            )}
            {mission === null && error === null && <p className="dim">Reading …</p>}
            {mission !== null && <Facts mission={mission} />}
            {mission !== null && (mission.status === 'queued' || mission.status === 'running') && <Progress mission={mission} />}
            {mission !== null && isOver(mission) && <Over mission={mission} />}
            {mission?.status === 'completed' && result === null && error === null && <p className="dim">Reading the result …</p>}
            {result !== null && <ResultPanel result={result} />}
        </section>
    );
}

function isOver({ status }: Mission): boolean {
    return status === 'failed' || status === 'cancelled' || status === 'withdrawn';
}

function Facts({ mission }: { mission: Mission }) {
    const start = parseIso(mission.last_known_time) ?? 0;
    return (
        <p className="facts">
            <State status={mission.status} progress={mission.progress} />{' '}
            {mission.distress && <span className="state state-distress">distress</span>} {mission.object_type}, last known{' '}
            <span className="nowrap">{formatPosition({ lat: mission.last_known_lat, lon: mission.last_known_lon }, 'DM')}</span>,{' '}
            <span className="nowrap">{utc(start)}</span>, within {Math.round(mission.uncertainty_radius_m)} m,{' '}
            {mission.forecast_hours} h ahead, to{' '}
            <span className="nowrap">{utc(start + mission.forecast_hours * HOUR)}</span>.
        </p>
    );
}

function Progress({ mission }: { mission: Mission }) {
    const percent = Math.round(mission.progress * 100);
    return (
        <div className="box" data-testid="running">
            <label htmlFor="progress">
                {mission.status === 'queued' ? 'Waiting for its turn' : `Computing: ${mission.stage ?? ''}`}
            </label>
            <progress id="progress" max={100} value={percent} data-testid="progress">
                {percent} %
            </progress>
            <p className="dim">{percent} %. The page follows by itself; areas appear all at once.</p>
            <Withdraw mission={mission} />
        </div>
    );
}

/** Ended without a result: why, and back to the form with everything as it was. */
function Over({ mission }: { mission: Mission }) {
    const change = (): void => {
        keep('session', 'form', JSON.stringify(formOf(mission)));
        show('form');
    };
    const why = typeof mission.error === 'string' ? mission.error : mission.error?.message;
    return (
        <div className="box" role="alert" data-testid="failed">
            <p className="bad">
                <strong>
                    {mission.status === 'failed'
                        ? 'The forecast could not be made.'
                        : `The mission was ${mission.status}.`}
                </strong>{' '}
                {why !== undefined && `${reason(why)}.`}
            </p>
            <p>What you entered is kept. Change the position, the time or the hours, and send it again.</p>
            <button type="button" className="primary" onClick={change} data-testid="edit-again">
                Change and send again
            </button>
        </div>
    );
}

function Withdraw({ mission }: { mission: Mission }) {
    const [isAsked, setAsked] = useState(false);
    const [error, setError] = useState<string | null>(null);
    const act = async (): Promise<void> => {
        try {
            await request(`v1/missions/${mission.id}`, { method: 'DELETE' });
            keep('session', 'form', JSON.stringify(formOf(mission)));
            show('form');
        } catch (failure) {
            setError(reason(failure));
        }
    };
    return (
        <>
            {error !== null && <p className="bad" role="alert">{error}.</p>}
            {isAsked ? (
                <div className="row">
                    <button type="button" className="danger" onClick={() => void act()}>
                        Withdraw for good
                    </button>
                    <button type="button" onClick={() => setAsked(false)}>
                        Keep it
                    </button>
                </div>
            ) : (
                <button type="button" onClick={() => setAsked(true)}>
                    Withdraw
                </button>
            )}
        </>
    );
}
