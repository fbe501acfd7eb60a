// Times are milliseconds since 1970 inside, UTC on the page with "UTC" written beside, local time second.

const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const two = (value: number): string => String(value).padStart(2, '0');

/** 2015-11-16T06:00:00Z, as the service writes and reads times. */
export function iso(ms: number): string {
    return new Date(ms).toISOString().replace('.000Z', 'Z');
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** 16 Nov 2015 06:00 UTC. */
export function utc(ms: number): string {
    const date = new Date(ms);
    return `${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()} ${clock(ms)} UTC`;
}

/** 06:00. */
export function clock(ms: number): string {
    const date = new Date(ms);
    return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

/** Made once: the clock asks for it in every frame. */
const LOCAL = new Intl.DateTimeFormat('en-GB', {
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
});

/** The same moment where the reader is, with the zone's name. */
export function local(ms: number): string {
    return LOCAL.format(ms);
}

/** A time of the service; `null` for what is none. */
export function parseIso(text: string | null | undefined): number | null {
    const ms = text ? Date.parse(text) : Number.NaN;
    return Number.isNaN(ms) ? null : ms;
}

/** A date input and a time as typed (06:30, 0630, 6.30, 0630Z, 06:30:15), read as UTC; `null` for what is none. */
export function fromInputs(date: string, time: string): number | null {
    const pattern = /^\s*(\d{1,2})[:.]?(\d{2})(?:[:.](\d{2}(?:\.\d{1,3})?))?\s*(?:Z|UTC)?\s*$/i;
    const [, hours, minutes, seconds = '00'] = pattern.exec(time) ?? [];
    // 24:00 would be a time of the next day, which nobody sees beside this date.
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || hours === undefined || minutes === undefined || Number(hours) > 23) {
        return null;
    }
    return parseIso(`${date}T${hours.padStart(2, '0')}:${minutes}:${seconds}Z`);
}

/** What the inputs show for a moment: hours and minutes, and seconds where there are any. */
export function toInputs(ms: number): { date: string; time: string } {
    const text = new Date(ms).toISOString();
    return { date: text.slice(0, 10), time: text.slice(11, 23).replace(/(?::00)?\.000$/, '') };
}

/** The moment rounded down to whole minutes of this many. */
export function floorTo(ms: number, minutes: number): number {
    return Math.floor(ms / (minutes * MINUTE)) * minutes * MINUTE;
}

/** Time that has passed, in exact hours and minutes: 45 min, 1 h 40 min, 66 h. What is under a minute is left out. */
export function elapsed(ms: number): string {
    const minutes = Math.floor(Math.abs(ms) / MINUTE + 1e-6);
    const hours = Math.floor(minutes / 60);
    const rest = minutes % 60;
    return hours === 0 ? `${rest} min` : rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** How old something is: to the minute below two days, coarser from there on. 5 h 20 min, 2 d 4 h, 20 days, 11 years. */
export function span(ms: number): string {
    const hours = Math.floor(Math.abs(ms) / HOUR + 1e-6);
    if (hours < 48) {
        return elapsed(ms);
    }
    const days = Math.floor(hours / 24);
    if (days < 14) {
        return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
    }
    return days < 730 ? `${days} days` : `${Math.floor(days / 365.25)} years`;
}
