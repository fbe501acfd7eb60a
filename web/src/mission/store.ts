// The mission that is open: read, followed until it is over, and its result read in the order of use, numbers first.

import { create } from 'zustand';

import { type ApiError, getFeatures, getJson, reason, request } from '../api/client.ts';
import { follow } from '../api/events.ts';
import type { AreaFeature, DatumFeature, Feed, Mission, Results, StatusNews } from '../api/types.ts';
import { decodeParticles, type Particles } from '../particles/decode.ts';
import { fromSummary, type Result, withShapes } from '../result/data.ts';
import type { Pictures } from '../result/pictures.ts';
import { speak, useApp } from '../state/app.ts';
import type { RasterId } from '../state/layers.ts';
import { clock, span } from '../time/clock.ts';
import { HOUR } from '../time/utc.ts';

export interface OpenMission {
    readonly id: string | null;
    readonly mission: Mission | null;
    readonly result: Result | null;
    readonly particles: Particles | null;
    /** Why particles are not drawn, when they are not. */
    readonly particlesNote: string | null;
    /** Why there is nothing to show. */
    readonly error: string | null;
    /** The service is out of reach since this moment; what is shown is older. */
    readonly outOfReachSince: number | null;
    readonly feeds: readonly Feed[];
    /** Pictures that the service does not have for this mission: the map stops asking for them. */
    readonly lacking: readonly RasterId[];
    /** What the map really shows of the pictures that are on. */
    readonly pictures: Pictures;
}

const EMPTY: OpenMission = {
    id: null,
    mission: null,
    result: null,
    particles: null,
    particlesNote: null,
    error: null,
    outOfReachSince: null,
    feeds: [],
    lacking: [],
    pictures: {},
};

export const useMission = create<OpenMission>(() => EMPTY);

/** Particles that are asked for: fewer where the screen or the memory is small. */
const PARTICLES = 50_000;
const PARTICLES_SMALL = 15_000;

let open = new AbortController();

/** Opens a mission; whatever was open before is let go. `null` opens none. */
export function openMission(id: string | null): void {
    open.abort();
    open = new AbortController();
    useMission.setState({ ...EMPTY, id });
    // The times of what was open before are no times of this one.
    span(0, 0, HOUR, 0);
    if (id !== null) {
        void run(id, open.signal);
    }
}

async function run(id: string, signal: AbortSignal): Promise<void> {
    const set = (change: Partial<OpenMission>): void => {
        if (!signal.aborted) {
            useMission.setState(change);
        }
    };
    try {
        const mission = await getJson<Mission>(`v1/missions/${id}`, signal);
        set({ mission });
        if (mission.status === 'queued' || mission.status === 'running') {
            await follow(id, (news) => set({ mission: merged(news) }), trouble(set), signal);
        }
        const last = useMission.getState().mission;
        if (!signal.aborted && last?.id === id && last.status === 'completed') {
            await readResult(id, set, signal);
        }
    } catch (error) {
        if (!signal.aborted) {
            set({ error: reason(error) });
        }
    }
}

function trouble(set: (change: Partial<OpenMission>) => void): (error: ApiError | null) => void {
    return (error) => {
        const since = useMission.getState().outOfReachSince;
        set({ outOfReachSince: error === null ? null : (since ?? Date.now()) });
    };
}

/** The mission with its newest state; every quarter and every end is said aloud. */
function merged(news: StatusNews): Mission | null {
    const { mission } = useMission.getState();
    if (mission === null) {
        return null;
    }
    const quarter = (progress: number): number => Math.floor(progress * 4);
    if (news.status !== mission.status || news.stage !== mission.stage) {
        speak(`Mission ${news.status}${news.status === 'running' && news.stage ? `: ${news.stage}` : ''}`);
    } else if (quarter(news.progress) !== quarter(mission.progress)) {
        speak(`${Math.round(news.progress * 100)} percent`);
    }
    return { ...mission, ...news };
}

async function readResult(id: string, set: (change: Partial<OpenMission>) => void, signal: AbortSignal): Promise<void> {
    const [mission, results] = await Promise.all([
        getJson<Mission>(`v1/missions/${id}`, signal),
        getJson<Results>(`v1/missions/${id}/results`, signal),
    ]);
    const summary = fromSummary(mission, results, Date.now());
    span(summary.from, summary.until, summary.stepMs, useApp.getState().wantedTime ?? startingMoment(summary));
    set({ mission, result: summary });
    const items = (collection: string): string => `missions/${id}/ogc/collections/${collection}/items`;
    const [areas, datums, feeds] = await Promise.all([
        getFeatures<AreaFeature>(items('search-areas'), signal),
        getFeatures<DatumFeature>(items('datums'), signal),
        getJson<{ feeds: Feed[] }>('v1/feeds', signal).catch(() => ({ feeds: [] })),
    ]);
    set({ result: withShapes(summary, areas, datums), feeds: feeds.feeds });
    await readParticles(id, set, signal);
}

/** A forecast that is going on opens at the present hour, one of the past at its end. */
function startingMoment({ from, until, stepMs }: Result): number {
    const now = Date.now();
    return now > from && now < until ? from + Math.round((now - from) / stepMs) * stepMs : until;
}

async function readParticles(
    id: string,
    set: (change: Partial<OpenMission>) => void,
    signal: AbortSignal,
): Promise<void> {
    const memory = (navigator as { deviceMemory?: number }).deviceMemory ?? 8;
    const max = innerWidth < 700 || memory < 4 ? PARTICLES_SMALL : PARTICLES;
    try {
        const accept = { headers: { Accept: 'application/vnd.driftline.particles' }, signal };
        const response = await request(`v1/missions/${id}/particles?max=${max}`, accept);
        set({ particles: decodeParticles(await response.arrayBuffer()) });
    } catch (error) {
        set({ particlesNote: reason(error) });
    }
}

/** Notes whether the service has such a picture at all for the open mission. */
export function noteLacking(id: RasterId, isLacking: boolean): void {
    const { lacking } = useMission.getState();
    if (lacking.includes(id) !== isLacking) {
        useMission.setState({ lacking: isLacking ? [...lacking, id] : lacking.filter((one) => one !== id) });
    }
}

/** Asks for the particles of the open mission once more. */
export function retryParticles(): void {
    const { id } = useMission.getState();
    const { signal } = open;
    if (id !== null) {
        useMission.setState({ particlesNote: null });
        void readParticles(id, (change) => signal.aborted || useMission.setState(change), signal);
    }
}

/** Reads the open mission again, at the time that is shown. */
export function reopen(): void {
    const { now, until } = clock.getState();
    if (until > 0) {
        useApp.setState({ wantedTime: now });
    }
    openMission(useMission.getState().id);
}
