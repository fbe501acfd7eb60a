// A run as the page shows it: for each output time the areas, the datum and the counts. Put together from the summary,
// which comes first, and the features, which come after it.

import type { AreaFeature, DatumFeature, Mission, Results, Ring } from '../api/types.ts';
import { KM2_PER_NM2 } from '../geo/geodesic.ts';
import type { Position } from '../geo/position.ts';
import { LEVELS, type Level } from '../state/layers.ts';
import { parseIso } from '../time/utc.ts';

export interface Area {
    readonly level: Level;
    readonly km2: number;
    readonly nm2: number;
    /** Empty until the features are there. */
    readonly polygons: readonly (readonly Ring[])[];
}

export interface Step {
    readonly time: number;
    readonly datum: Position | null;
    /** The most likely place. */
    readonly mode: Position | null;
    readonly areas: readonly Area[];
    readonly active: number;
    readonly stranded: number;
    readonly missing: number;
}

export interface Result {
    readonly mission: Mission;
    readonly results: Results;
    readonly from: number;
    readonly until: number;
    readonly stepMs: number;
    readonly steps: readonly Step[];
    readonly hasShapes: boolean;
    readonly isSuperseded: boolean;
    /** When it was read, milliseconds since 1970. */
    readonly readAt: number;
}

/** What the summary alone says. */
export function fromSummary(mission: Mission, results: Results, readAt: number): Result {
    const from = parseIso(results.valid_from) ?? 0;
    const until = parseIso(results.valid_until) ?? from;
    const steps = results.summary.hourly.map((hour): Step => {
        const datum = hour.datum === null ? null : { lat: hour.datum.lat, lon: hour.datum.lon };
        const areas = LEVELS.flatMap((level): Area[] => {
            const km2 = hour.areas_km2?.[String(level)];
            return km2 === undefined ? [] : [{ level, km2, nm2: km2 / KM2_PER_NM2, polygons: [] }];
        });
        const time = parseIso(hour.valid_time) ?? from;
        return { time, datum, mode: null, areas, active: hour.active, stranded: hour.stranded, missing: hour.missing_data };
    });
    const stepMs = results.summary.output_interval_s * 1000;
    return { mission, results, from, until, stepMs, steps, hasShapes: false, isSuperseded: false, readAt };
}

/** The same with its shapes. */
export function withShapes(result: Result, areas: readonly AreaFeature[], datums: readonly DatumFeature[]): Result {
    const shapes = new Map<string, AreaFeature>();
    for (const area of areas) {
        shapes.set(`${parseIso(area.properties.valid_time)} ${Math.round(area.properties.level * 100)}`, area);
    }
    const modes = new Map<number | null, DatumFeature>();
    for (const datum of datums) {
        if (datum.properties.datum_kind === 'mode') {
            modes.set(parseIso(datum.properties.valid_time), datum);
        }
    }
    const steps = result.steps.map((step): Step => {
        const [lon, lat] = modes.get(step.time)?.geometry.coordinates ?? [];
        const mode = lon === undefined || lat === undefined ? null : { lat, lon };
        const filled = step.areas.map((area): Area => {
            const shape = shapes.get(`${step.time} ${area.level}`);
            return shape === undefined ? area : { ...area, nm2: shape.properties.area_nm2, polygons: polygonsOf(shape) };
        });
        return { ...step, mode, areas: filled };
    });
    const isSuperseded = areas.some((area) => area.properties.status === 'superseded');
    return { ...result, steps, hasShapes: true, isSuperseded };
}

function polygonsOf({ geometry }: AreaFeature): readonly (readonly Ring[])[] {
    return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
}
