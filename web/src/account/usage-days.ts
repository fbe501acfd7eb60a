// Usage as the service sums it up by meter and day, turned into a table: days down, newest first, meters across.

import { HOUR, iso } from '../time/utc.ts';
import type { UsageGroup } from './types.ts';

const DAY = 24 * HOUR;

export interface UsageTable {
    readonly meters: readonly MeterColumn[];
    readonly days: readonly DayRow[];
}

export interface MeterColumn {
    readonly meter: string;
    readonly units: number;
    readonly records: number;
    /** The most of one day, which bars are drawn against. */
    readonly most: number;
}

export interface DayRow {
    readonly day: string;
    /** It came when the day's hours were closed, and is billed when it was entered. */
    readonly late: boolean;
    readonly units: ReadonlyMap<string, number>;
}

export function usageTable(groups: readonly UsageGroup[]): UsageTable {
    const days = new Map<string, { day: string; late: boolean; units: Map<string, number> }>();
    const sums = new Map<string, { units: number; records: number; most: number }>();
    for (const { from, meter, late, units, records } of groups) {
        if (from === undefined || meter === undefined) {
            continue;
        }
        const day = from.slice(0, 10);
        const row = days.get(`${day} ${late}`) ?? { day, late, units: new Map<string, number>() };
        days.set(`${day} ${late}`, row);
        row.units.set(meter, (row.units.get(meter) ?? 0) + units);
        const sum = sums.get(meter) ?? { units: 0, records: 0, most: 0 };
        sums.set(meter, {
            units: sum.units + units,
            records: sum.records + records,
            most: Math.max(sum.most, row.units.get(meter) ?? 0),
        });
    }
    const rows = [...days.values()].sort((a, b) => b.day.localeCompare(a.day) || Number(a.late) - Number(b.late));
    const meters = [...sums].map(([meter, sum]) => ({ meter, ...sum })).sort((a, b) => a.meter.localeCompare(b.meter));
    return { meters, days: rows };
}

/** Whole days of UTC up to and with the present one. */
export function lastDays(days: number, now: number): { from: string; until: string } {
    const tomorrow = (Math.floor(now / DAY) + 1) * DAY;
    return { from: iso(tomorrow - days * DAY), until: iso(tomorrow) };
}

/** How much of a bound is used, in percent, and how that is called. */
export function standing(used: number, bound: number): { percent: number; state: 'good' | 'near' | 'reached' } {
    const percent = bound <= 0 ? 100 : Math.floor((used / bound) * 100);
    return { percent, state: percent >= 100 ? 'reached' : percent >= 80 ? 'near' : 'good' };
}
