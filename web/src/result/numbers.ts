// The numbers of a moment, and the whole of them as text for a log, a radio or a mail.

import { type Leg, leg, NM_M } from '../geo/geodesic.ts';
import { formatPosition } from '../geo/position.ts';
import { elapsed, HOUR, parseIso, span, utc } from '../time/utc.ts';
import type { Result, Step } from './data.ts';
import { ageOf } from './freshness.ts';

export interface Drift extends Leg {
    /** Mean speed since the start, knots; 0 at the start. */
    readonly knots: number;
}

/** How far and where to the datum has gone since the start of the run. */
export function driftTo(result: Result, step: Step): Drift | null {
    const from = result.steps[0]?.datum ?? null;
    if (from === null || step.datum === null) {
        return null;
    }
    const way = leg(from, step.datum);
    const hours = (step.time - result.from) / HOUR;
    return { ...way, knots: hours > 0 ? way.distanceM / NM_M / hours : 0 };
}

export function strandedShare(step: Step): number {
    const all = step.active + step.stranded + step.missing;
    return all === 0 ? 0 : step.stranded / all;
}

export const size = (value: number): string => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));

export function driftText({ distanceM, bearingDeg, knots }: Drift): string {
    if (distanceM === 0) {
        return 'none yet';
    }
    const bearing = String(Math.round(bearingDeg) % 360).padStart(3, '0');
    return `${(distanceM / NM_M).toFixed(1)} nm towards ${bearing}° true, ${knots.toFixed(2)} kn on average`;
}

/** Everything that a reader without a map needs, for one moment. */
export function summaryText(result: Result, step: Step, now: number): string {
    const { mission } = result;
    const { summary } = result.results;
    const lastKnown = { lat: mission.last_known_lat, lon: mission.last_known_lon };
    const drift = driftTo(result, step);
    const lines = [
        `DRIFT FORECAST ${mission.name ?? mission.id}`,
        `Object: ${summary.object.key}, ${summary.object.description}`,
        `Last known: ${formatPosition(lastKnown, 'DM')} at ${utc(result.from)}, radius ${Math.round(mission.uncertainty_radius_m)} m`,
        `Valid: ${utc(step.time)} (${elapsed(step.time - result.from)} after the start)`,
    ];
    if (step.datum !== null) {
        lines.push(`Datum: ${formatPosition(step.datum, 'DM')}`);
        lines.push(`       ${formatPosition(step.datum, 'DD')}`);
        lines.push(`       ${formatPosition(step.datum, 'DMS')}`);
    }
    lines.push(...step.areas.map((area) => `Area ${area.level} %: ${size(area.nm2)} nm2 (${size(area.km2)} km2)`));
    if (drift !== null) {
        lines.push(`Drift: ${driftText(drift)}`);
    }
    lines.push(
        `Particles: ${summary.particles}; afloat ${step.active}, stranded ${step.stranded} (${(strandedShare(step) * 100).toFixed(1)} %), out of data ${step.missing}`,
        `Seed ${summary.seed}, engine ${summary.engine_version}, error growth ${summary.current_error.calibration}`,
        ...summary.forcing.map((used) => {
            const cycle = parseIso(used.run) ?? 0;
            const age = ageOf(cycle, result.from, result.until, now);
            const against = age.against === 'now' ? 'now' : 'at the start';
            return `Forcing: ${used.kind} ${used.feed}, cycle ${utc(cycle)}, ${span(age.ms)} old ${against}${age.isStale ? ' STALE' : ''}`;
        }),
        ...(result.isSuperseded ? ['SUPERSEDED by a newer run'] : []),
        ...summary.warnings.map((warning) => `Warning: ${warning}`),
        `Issued: ${utc(parseIso(summary.issued) ?? 0)}, mission ${mission.id}`,
        ...summary.attribution,
        'NOT FOR NAVIGATION',
    );
    return `${lines.join('\n')}\n`;
}
