// A position on WGS 84 in degrees, and its three spellings: degrees (DD), degrees and minutes (DM), degrees, minutes and
// seconds (DMS).

export interface Position {
    readonly lat: number;
    readonly lon: number;
}

export type Notation = 'DD' | 'DM' | 'DMS';

export const NOTATIONS: readonly Notation[] = ['DM', 'DD', 'DMS'];

/** The position as people write it. DM to a thousandth of a minute (2 m), DD to five places (1 m), DMS to a tenth. */
export function formatPosition(position: Position, notation: Notation): string {
    const lon = wrapLon(position.lon);
    return `${formatAngle(position.lat, 'lat', notation)} ${formatAngle(lon, 'lon', notation)}`;
}

/** One coordinate with its hemisphere. */
export function formatAngle(degrees: number, axis: 'lat' | 'lon', notation: Notation): string {
    const letter = axis === 'lat' ? (degrees < 0 ? 'S' : 'N') : degrees < 0 ? 'W' : 'E';
    const size = Math.abs(degrees);
    const width = axis === 'lat' ? 2 : 3;
    // Rounded in the smallest unit first: 59.9999' is a whole degree, never 60'.
    if (notation === 'DD') {
        return `${size.toFixed(5)}° ${letter}`;
    }
    if (notation === 'DM') {
        const thousandths = Math.round(size * 60_000);
        const whole = Math.floor(thousandths / 60_000);
        const minutes = ((thousandths % 60_000) / 1000).toFixed(3).padStart(6, '0');
        return `${pad(whole, width)}°${minutes}' ${letter}`;
    }
    const tenths = Math.round(size * 36_000);
    const whole = Math.floor(tenths / 36_000);
    const minutes = Math.floor((tenths % 36_000) / 600);
    const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
    return `${pad(whole, width)}°${pad(minutes, 2)}'${seconds}" ${letter}`;
}

/** Whole minutes, for the frame of the map: 60°15' N. */
export function formatShort(degrees: number, axis: 'lat' | 'lon', decimals = 0): string {
    const letter = axis === 'lat' ? (degrees < 0 ? 'S' : 'N') : degrees < 0 ? 'W' : 'E';
    const scale = 10 ** decimals;
    const parts = Math.round(Math.abs(degrees) * 60 * scale);
    const whole = Math.floor(parts / (60 * scale));
    const minutes = ((parts % (60 * scale)) / scale).toFixed(decimals);
    return `${whole}°${minutes.padStart(decimals === 0 ? 2 : 3 + decimals, '0')}' ${letter}`;
}

/** The same longitude in [-180, 180). */
export function wrapLon(lon: number): number {
    const wrapped = ((((lon + 180) % 360) + 360) % 360) - 180;
    // Away from the seam the number stays as it is, without the rounding of the turn.
    return lon >= -180 && lon < 180 ? lon : wrapped;
}

function pad(value: number, width: number): string {
    return String(value).padStart(width, '0');
}
