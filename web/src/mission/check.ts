// Before a mission is sent: which forcing covers its place and time, and what the service would object to. Two questions,
// since a key may be allowed only one of them, each asked anew a moment after the last change.

import { useEffect, useState } from 'react';

import { ApiError, getJson, postJson, reason } from '../api/client.ts';
import type { Coverage, MissionRequest, Violation } from '../api/types.ts';
import { HOUR, iso } from '../time/utc.ts';
import type { Stretch } from './form-state.ts';

export interface Asked<Answer> {
    readonly state: 'none' | 'asking' | 'done' | 'failed';
    /** The newest answer; while another is on its way, the one before. */
    readonly answer: Answer | null;
    readonly error: string | null;
}

/** Forcing, and the stretch that it was asked for. */
export interface Covering extends Stretch {
    readonly coverage: Coverage;
}

export interface Verdict {
    readonly warnings: readonly string[];
    readonly violations: readonly Violation[];
}

const PAUSE_MS = 400;
/** A service that was out of reach is asked again after this long. */
const AGAIN_MS = 5_000;

export function useCovering(stretch: Stretch | null): Asked<Covering> {
    return useAsked(stretch, async (wanted, signal) => {
        const { lat, lon, from, until } = wanted;
        const time = encodeURIComponent(`${iso(from)}/${iso(until ?? from + HOUR)}`);
        const path = `v1/forcing/coverage?bbox=${lon},${lat},${lon},${lat}&time=${time}`;
        return { ...wanted, coverage: await getJson<Coverage>(path, signal) };
    });
}

export function useVerdict(request: MissionRequest | null): Asked<Verdict> {
    return useAsked(request, async (wanted, signal) => {
        try {
            const { warnings } = await postJson<{ warnings: string[] }>('v1/missions:validate', wanted, {}, signal);
            return { warnings, violations: [] };
        } catch (error) {
            if (error instanceof ApiError && error.violations.length > 0) {
                return { warnings: [], violations: error.violations };
            }
            throw error;
        }
    });
}

/** Asks when what is asked about has changed and no more is typed; `null` asks nothing. */
function useAsked<About, Answer>(
    about: About | null,
    ask: (about: About, signal: AbortSignal) => Promise<Answer>,
): Asked<Answer> {
    const [asked, setAsked] = useState<Asked<Answer>>({ state: 'none', answer: null, error: null });
    // As text, so that only a change asks again.
    const key = about && JSON.stringify(about);
    useEffect(() => {
        if (about === null) {
            setAsked({ state: 'none', answer: null, error: null });
            return;
        }
        const stop = new AbortController();
        const go = async (): Promise<void> => {
            try {
                const answer = await ask(about, stop.signal);
                stop.signal.throwIfAborted();
                setAsked({ state: 'done', answer, error: null });
            } catch (error) {
                if (!stop.signal.aborted) {
                    setAsked({ state: 'failed', answer: null, error: reason(error) });
                    if (error instanceof ApiError && (error.isUnreachable || error.status >= 500)) {
                        timer = setTimeout(go, AGAIN_MS);
                    }
                }
            }
        };
        setAsked((before) => ({ ...before, state: 'asking' }));
        let timer = setTimeout(go, PAUSE_MS);
        return () => {
            clearTimeout(timer);
            stop.abort();
        };
    }, [key]);
    return asked;
}
