// Before a mission is sent: which forcing covers its place and time, how old that is, and what the service would object
// to. Asked for anew a moment after the last change.

import { useEffect, useState } from 'react';

import { ApiError, getJson, postJson, reason } from '../api/client.ts';
import type { Coverage, MissionRequest, Violation } from '../api/types.ts';
import { iso } from '../time/utc.ts';
import type { Stretch } from './form-state.ts';

export interface Check {
    readonly state: 'none' | 'asking' | 'done' | 'unreachable';
    readonly coverage: Coverage | null;
    readonly warnings: readonly string[];
    readonly violations: readonly Violation[];
    readonly error: string | null;
}

const NOTHING: Check = { state: 'none', coverage: null, warnings: [], violations: [], error: null };
const PAUSE_MS = 400;

/**
 * The check of what the form would send: its forcing once place and time are known, all of it once it is complete. Both
 * come as text, so that only a change asks again.
 */
export function useCheck(stretch: string | null, request: string | null): Check {
    const [check, setCheck] = useState<Check>(NOTHING);
    useEffect(() => {
        if (stretch === null) {
            setCheck(NOTHING);
            return;
        }
        const stop = new AbortController();
        setCheck((before) => ({ ...before, state: 'asking' }));
        const timer = setTimeout(() => {
            const whole = request === null ? null : (JSON.parse(request) as MissionRequest);
            ask(JSON.parse(stretch) as Stretch, whole, stop.signal).then(
                (done) => !stop.signal.aborted && setCheck(done),
                (error: unknown) => !stop.signal.aborted && setCheck({ ...NOTHING, state: 'unreachable', error: reason(error) }),
            );
        }, PAUSE_MS);
        return () => {
            clearTimeout(timer);
            stop.abort();
        };
    }, [stretch, request]);
    return check;
}

async function ask(stretch: Stretch, request: MissionRequest | null, signal: AbortSignal): Promise<Check> {
    const { lat, lon, from, until } = stretch;
    const time = encodeURIComponent(`${iso(from)}/${iso(until)}`);
    const [coverage, verdict] = await Promise.all([
        getJson<Coverage>(`v1/forcing/coverage?bbox=${lon},${lat},${lon},${lat}&time=${time}`, signal),
        request === null ? { warnings: [], violations: [] } : validate(request, signal),
    ]);
    return { state: 'done', coverage, error: null, ...verdict };
}

async function validate(
    request: MissionRequest,
    signal: AbortSignal,
): Promise<Pick<Check, 'warnings' | 'violations'>> {
    try {
        const answer = await postJson<{ warnings: string[] }>('v1/missions:validate', request, {}, signal);
        return { warnings: answer.warnings, violations: [] };
    } catch (error) {
        if (error instanceof ApiError && error.violations.length > 0) {
            return { warnings: [], violations: error.violations };
        }
        throw error;
    }
}
