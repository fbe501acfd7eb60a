// What stands in the mission form, as typed, and what it becomes: a request, or what is wrong with which field.

import type { Mission, MissionRequest, Violation } from '../api/types.ts';
import { NM_M } from '../geo/geodesic.ts';
import { parsePosition } from '../geo/parse-position.ts';
import { formatPosition, type Position } from '../geo/position.ts';
import { floorTo, fromInputs, HOUR, iso, parseIso, toInputs } from '../time/utc.ts';

export interface FormValues {
    readonly name: string;
    readonly position: string;
    readonly date: string;
    readonly time: string;
    /** Key of the chosen class; empty while none is. */
    readonly object: string;
    /** What is typed to search for a class, while none is chosen. */
    readonly objectText: string;
    readonly radius: string;
    readonly unit: 'nm' | 'm';
    readonly hours: string;
    readonly size: string;
    readonly seed: string;
    readonly distress: boolean;
    /** What a mission was sent with that no field here holds, as JSON; empty when there is nothing. */
    readonly carried: string;
}

export type FieldName = 'position' | 'time' | 'object' | 'radius' | 'hours' | 'name' | 'size' | 'seed' | 'distress' | 'form';

export type FieldErrors = Partial<Record<FieldName, string>>;

/** A form as it opens: the present, to the minute. */
export function freshForm(now: number): FormValues {
    return {
        name: '',
        position: '',
        ...toInputs(floorTo(now, 1)),
        object: '',
        objectText: '',
        radius: '0.5',
        unit: 'nm',
        hours: '24',
        size: '5000',
        seed: '',
        distress: false,
        carried: '',
    };
}

/** The form that made a mission, to change it and send it again. */
export function formOf(mission: Mission): FormValues {
    const start = parseIso(mission.last_known_time) ?? 0;
    return {
        name: mission.name ?? '',
        position: exactText({ lat: mission.last_known_lat, lon: mission.last_known_lon }),
        ...toInputs(start),
        object: mission.object_type,
        objectText: '',
        radius: String(mission.uncertainty_radius_m),
        unit: 'm',
        hours: String(mission.forecast_hours),
        size: String(mission.ensemble_size),
        seed: mission.config.seed === null ? '' : String(mission.config.seed),
        distress: mission.distress,
        carried: carriedOf(mission),
    };
}

/** Degrees and minutes where they hold all of the position, else plain degrees. */
function exactText(position: Position): string {
    const text = formatPosition(position, 'DM');
    const parsed = parsePosition(text);
    const [lat, lon] = [rounded(position.lat), rounded(position.lon)];
    const isSame = parsed.ok && rounded(parsed.position.lat) === lat && rounded(parsed.position.lon) === lon;
    return isSame ? text : `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
}

/** What a mission has without being asked for it. */
const USUAL: Readonly<Record<string, unknown>> = {
    mode: 'operational',
    step_s: 600,
    output_interval_s: 3600,
    forcing: [],
};

type Carried = Pick<MissionRequest, 'description' | 'priority' | 'config'>;

function carriedOf({ description, priority, config }: Mission): string {
    const { seed, ...others } = config;
    const unusual = Object.entries(others).filter(
        ([name, value]) => value !== null && JSON.stringify(value) !== JSON.stringify(USUAL[name]),
    );
    const carried: Carried = {
        ...(description && { description }),
        ...(priority !== undefined && priority !== 'normal' && { priority }),
        ...(unusual.length > 0 && { config: Object.fromEntries(unusual) }),
    };
    return Object.keys(carried).length > 0 ? JSON.stringify(carried) : '';
}

/** What is carried, in words for whoever sends it again. */
export function carriedText({ carried }: FormValues): string {
    const { config, ...others } = JSON.parse(carried || '{}') as Carried;
    const members = Object.entries({ ...others, ...config });
    return members.map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
}

/** What was kept of a form, as far as it still fits. */
export function parseForm(text: string | null, fresh: FormValues): FormValues {
    try {
        const kept = JSON.parse(text ?? '{}') as Record<string, unknown>;
        const fits = Object.entries(fresh).map(([name, value]) => {
            const old = kept[name];
            return [name, typeof old === typeof value ? old : value];
        });
        return Object.fromEntries(fits) as unknown as FormValues;
    } catch {
        return fresh;
    }
}

export function radiusM(form: FormValues): number {
    const value = number(form.radius);
    return form.unit === 'nm' ? Math.round(value * NM_M * 10) / 10 : value;
}

/** Where and when forcing is needed; `null` until both are known. */
export interface Stretch {
    readonly lat: number;
    readonly lon: number;
    /** Start and end, milliseconds since 1970; no end while the hours are none. */
    readonly from: number;
    readonly until: number | null;
}

export function toStretch(form: FormValues): Stretch | null {
    const parsed = parsePosition(form.position);
    const from = fromInputs(form.date, form.time);
    if (!parsed.ok || from === null) {
        return null;
    }
    return { ...parsed.position, from, until: isWhole(form.hours, 1, 240) ? from + number(form.hours) * HOUR : null };
}

/** The request that the form makes, or what keeps it from being one. */
export function toRequest(form: FormValues): { request: MissionRequest | null; errors: FieldErrors } {
    const errors: FieldErrors = {};
    const parsed = parsePosition(form.position);
    if (!parsed.ok) {
        errors.position = form.position.trim() === '' ? 'Type a position or click on the map' : sentence(parsed.reason);
    }
    const time = fromInputs(form.date, form.time);
    if (time === null) {
        errors.time = 'A date, and a time in UTC from 00:00 to 23:59, such as 06:30';
    }
    if (form.object === '') {
        const text = form.objectText.trim();
        errors.object =
            text === '' ? 'Choose an object class from the list' : `“${text}” is not chosen yet: choose one of the list`;
    }
    const radius = radiusM(form);
    check(errors, 'radius', radius >= 0 && radius <= 200_000, 'A radius from 0 to 200,000 m (108 nm)');
    check(errors, 'hours', isWhole(form.hours, 1, 240), 'Whole hours from 1 to 240');
    check(errors, 'size', isWhole(form.size, 1, 1_000_000), 'A whole number from 1 to 1,000,000');
    check(errors, 'seed', form.seed.trim() === '' || isWhole(form.seed, 0, Number.MAX_SAFE_INTEGER), 'A whole number, or nothing');
    if (!parsed.ok || time === null || Object.keys(errors).length > 0) {
        return { request: null, errors };
    }
    const carried = JSON.parse(form.carried || '{}') as Carried;
    const config = { ...carried.config, ...(form.seed.trim() !== '' && { seed: number(form.seed) }) };
    const request: MissionRequest = {
        ...carried,
        ...(form.name.trim() !== '' && { name: form.name.trim() }),
        // Scenarios say themselves where and when: the plain fields beside them would contradict.
        ...(!hasScenarios(config) && {
            last_known_lat: rounded(parsed.position.lat),
            last_known_lon: rounded(parsed.position.lon),
            last_known_time: iso(time),
            uncertainty_radius_m: radius,
        }),
        object_type: form.object,
        forecast_hours: number(form.hours),
        ensemble_size: number(form.size),
        ...(form.distress && { distress: true }),
        ...(Object.keys(config).length > 0 && { config }),
    };
    return { request, errors };
}

function hasScenarios(config: Readonly<Record<string, unknown>>): boolean {
    return Array.isArray(config.scenarios) && config.scenarios.length > 0;
}

const FIELD_OF: Readonly<Record<string, FieldName>> = {
    last_known_lat: 'position',
    last_known_lon: 'position',
    last_known_time: 'time',
    object_type: 'object',
    uncertainty_radius_m: 'radius',
    forecast_hours: 'hours',
    ensemble_size: 'size',
    'config.seed': 'seed',
    name: 'name',
    distress: 'distress',
};

/** What the service objects to, beside the fields it is about. */
export function fieldErrors(violations: readonly Violation[]): FieldErrors {
    const errors: FieldErrors = {};
    const missing = violations.filter((violation) => violation.code === 'not_covered');
    for (const violation of violations) {
        const field = FIELD_OF[violation.field] ?? 'form';
        if (violation.code === 'not_covered') {
            errors[field] = uncovered(missing);
        } else {
            const message = sentence(violation.message);
            errors[field] = errors[field] === undefined ? message : `${errors[field]}. ${message}`;
        }
    }
    return errors;
}

/** One short line: the box of forcing below has the details. */
function uncovered(missing: readonly Violation[]): string {
    const kinds = missing.map(({ message }) => /^no (\w+) covers/.exec(message)?.[1] ?? 'forcing');
    return `No ${[...new Set(kinds)].join(' and no ')} here at that time; see below`;
}

function check(errors: FieldErrors, field: FieldName, holds: boolean, message: string): void {
    if (!holds) {
        errors[field] = message;
    }
}

/** A number as typed, with a decimal comma or point; NaN for what is none. */
function number(text: string): number {
    const plain = text.trim().replace(',', '.');
    return plain === '' ? Number.NaN : Number(plain);
}

function isWhole(text: string, from: number, until: number): boolean {
    const value = number(text);
    return Number.isSafeInteger(value) && value >= from && value <= until;
}

/** To a tenth of a metre: what is typed is no sharper. */
function rounded(degrees: number): number {
    return Math.round(degrees * 1e6) / 1e6;
}

function sentence(text: string): string {
    return text.charAt(0).toUpperCase() + text.slice(1);
}
