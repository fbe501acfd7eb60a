// How old forcing is, and when that is too old. What counts is how far the forcing's cycle lies before the latest moment
// that could have been analysed: now, for a forecast that is still going on; its start, for one of the past.

import { HOUR } from '../time/utc.ts';

/** Beyond this, forcing is called stale: every product in use publishes at least one cycle a day. */
export const STALE_MS = 24 * HOUR;

export interface Age {
    /** From the cycle to the moment it is measured at; never negative. */
    readonly ms: number;
    /** What it is measured at. */
    readonly against: 'now' | 'start';
    readonly isStale: boolean;
}

export function ageOf(cycle: number, start: number, end: number, now: number): Age {
    const isLive = end > now;
    const ms = Math.max(0, (isLive ? now : start) - cycle);
    return { ms, against: isLive ? 'now' : 'start', isStale: ms > STALE_MS };
}
