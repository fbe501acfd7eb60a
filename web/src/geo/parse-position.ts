// A typed position: DD, DM or DMS, with hemisphere letters or signs, and whatever stands between the numbers. What can
// be read in two ways is refused with the reason, since a wrong position is worse than none.

import type { Notation, Position } from './position.ts';

export type Parsed =
    | { readonly ok: true; readonly position: Position; readonly notation: Notation }
    | { readonly ok: false; readonly reason: string };

interface Token {
    readonly kind: 'number' | 'letter' | 'break';
    readonly text: string;
    /** A number that is marked as degrees. */
    readonly isDegrees: boolean;
}

/** One half: its numbers from degrees down, its sign and its letter. */
interface Half {
    readonly numbers: readonly string[];
    readonly letter: string | null;
}

class Refusal extends Error {}

/** Latitude first, unless letters say otherwise. */
export function parsePosition(text: string): Parsed {
    try {
        return read(isoHalves(text) ?? split(tokens(text)));
    } catch (refusal) {
        if (refusal instanceof Refusal) {
            return { ok: false, reason: refusal.message };
        }
        throw refusal;
    }
}

/**
 * ISO 6709, annex H: a sign, two digits of latitude (four or six with minutes and seconds), a sign, longitude with one
 * digit more, a closing solidus. Without the solidus only a leading plus says that no dash divides: 33.9 S 18.4 E is
 * sometimes written -33.9-018.4.
 */
function isoHalves(text: string): [Half, Half] | null {
    const pattern = /^\s*([+-]\d\d)((?:\d\d){0,2})(\.\d+)?([+-]\d{3})((?:\d\d){0,2})(\.\d+)?(\/?)\s*$/;
    const [, lat, latRest = '', latDecimals, lon, lonRest = '', lonDecimals, end] = pattern.exec(asciiDashes(text)) ?? [];
    if (lat === undefined || lon === undefined || latRest.length !== lonRest.length || (lat.startsWith('-') && end === '')) {
        return null;
    }
    const half = (degrees: string, rest: string, decimals = ''): Half => ({
        numbers: (degrees + rest.replace(/\d\d/g, ' $&') + decimals).split(' '),
        letter: null,
    });
    return [half(lat, latRest, latDecimals), half(lon, lonRest, lonDecimals)];
}

function tokens(text: string): Token[] {
    if (text.trim() === '') {
        throw new Refusal('no position yet');
    }
    const plain = plainSigns(text);
    const found: Token[] = [];
    const pattern = /([+-]?\d+(?:\.\d+)?|[+-]?\.\d+)\s*(°)?|([NSEW])|([,;/|])|(['"°])|(\s+)|(.)/gu;
    for (const match of plain.matchAll(pattern)) {
        const [, number, degree, letter, divider, , , odd] = match;
        if (number !== undefined) {
            found.push({ kind: 'number', text: number, isDegrees: degree !== undefined });
        } else if (letter !== undefined) {
            found.push({ kind: 'letter', text: letter, isDegrees: false });
        } else if (divider !== undefined) {
            found.push({ kind: 'break', text: divider, isDegrees: false });
        } else if (odd !== undefined && odd !== ':') {
            throw new Refusal(`'${odd}' is not part of a position`);
        }
    }
    return found;
}

function asciiDashes(text: string): string {
    return text.replace(/[\u2212\u2010-\u2015]/g, '-');
}

/** A small s behind degrees, minutes and a number, or any S behind minutes marked M: seconds as well as South. */
const OPEN_S = new RegExp(
    String.raw`(?:\d\s*(?:[°º˚:\s-]|d|deg|degrees)\s*\d+\s*(?:['′’‘´\`:\s-]|m|min|minutes)\s*\d+(?:[.,]\d+)?s` +
        String.raw`|[Mm]\s*\d+(?:[.,]\d+)?[sS])(?!\s*[nsewøNSEWØ]|[a-zA-Z])`,
);

/** One spelling for every sign: ° ' " and points as decimal marks. */
function plainSigns(text: string): string {
    if (OPEN_S.test(text)) {
        throw new Refusal('an s can mean seconds or South here: write seconds with ", or South with a blank before S');
    }
    const plain = asciiDashes(text)
        .toUpperCase()
        .replace(/[º˚]/g, '°')
        .replace(/''|[″”“]/g, '"')
        .replace(/[′’‘´`]/g, "'")
        .replace(/\b(?:LATITUDE|LONGITUDE|LAT|LON|LONG|POSITION|POS)\b[.:=]?/g, ' ')
        .replace(/\b(NORTH|SOUTH|EAST|WEST)\b/g, (word) => word.charAt(0))
        .replace(/Ø/g, 'E')
        .replace(/(\d)\s*(?:DEGREES|DEG|D)(?![A-Z])/g, '$1°')
        .replace(/(\d)\s*(?:MINUTES|MIN|M)(?![A-Z])/g, "$1'")
        // An S behind minutes and a number is seconds, unless nothing else could be the hemisphere.
        .replace(/('\s*\d+(?:[.,]\d+)?)\s*(?:SECONDS|SEC|S(?=\s*[NSEW]))/g, '$1"');
    return definiteDashes(decimalPoints(plain))
        // A dash after a number joins, as in 60-09.5N; elsewhere it is a sign.
        .replace(/([\d°'".])\s*-(?=\s|\d)(?!\s*$)/g, (whole, before: string) =>
            /\s-/.test(whole) && !/-\s/.test(whole) ? `${before} -` : `${before} `,
        )
        .replace(/-\s+(?=\d)/g, '-')
        .replace(/\(|\)/g, ' ');
}

/** Degrees, minutes and seconds joined by dashes, in both halves. */
const DASHED = /^\s*[+-]?\d+(?:-\d+(?:\.\d+)?){1,2}\s*[\s,;/|]\s*[+-]?\d+(?:-\d+(?:\.\d+)?){1,2}\s*$/;

/** Without hemisphere letters, a dash behind a number could divide, join or be the sign of what follows. */
function definiteDashes(text: string): string {
    if (/[\d°'".](?:\s*-\s+|-)[\d.]/.test(text) && !/[NSEW]/.test(text) && !DASHED.test(text)) {
        throw new Refusal('a dash can divide or be a minus here: write N or S and E or W, or a comma between the two');
    }
    return text;
}

/** Commas between digits are decimal marks only where nothing else can be meant. */
function decimalPoints(text: string): string {
    const inner = text.match(/\d,\d/g)?.length ?? 0;
    if (inner === 0) {
        return text;
    }
    if (text.includes('.')) {
        return text.replace(/(\d),(?=\d)/g, '$1 , ');
    }
    const hasOther = /[NSEW;/|°'"]|\d\s+[-+]?\d|,\s/.test(text);
    if (!hasOther) {
        throw new Refusal(
            inner > 1
                ? 'commas may divide or be decimal marks here: write decimals with a point'
                : 'the comma may divide or be a decimal mark: write a blank behind it, or the longitude',
        );
    }
    if (/\d,\d+,\d/.test(text)) {
        throw new Refusal('commas may divide or be decimal marks here: write decimals with a point');
    }
    return text.replace(/(\d),(?=\d)/g, '$1.');
}

function split(all: readonly Token[]): [Half, Half] {
    const letters = all.filter((token) => token.kind === 'letter');
    const numbers = all.filter((token) => token.kind === 'number');
    if (numbers.length === 0) {
        throw new Refusal('there is no number in it');
    }
    if (numbers.length > 6) {
        throw new Refusal(`${numbers.length} numbers are too many for a position`);
    }
    if (letters.length > 2) {
        throw new Refusal('there are more than two hemisphere letters');
    }
    if (letters.length === 1) {
        const isLat = 'NS'.includes(letters[0]?.text ?? '');
        throw new Refusal(isLat ? 'the longitude has no E or W' : 'the latitude has no N or S');
    }
    return letters.length === 2 ? byLetters(all) : byPlace(all, numbers);
}

function byLetters(all: readonly Token[]): [Half, Half] {
    const parts = all.filter((token) => token.kind !== 'break');
    const isPrefix = parts[0]?.kind === 'letter';
    const halves: Half[] = [];
    let open: { numbers: string[]; letter: string | null } = { numbers: [], letter: null };
    for (const token of parts) {
        if (token.kind === 'number') {
            open.numbers.push(token.text);
            continue;
        }
        if (isPrefix && open.letter !== null) {
            halves.push(open);
            open = { numbers: [], letter: token.text };
        } else if (isPrefix) {
            open.letter = token.text;
        } else {
            halves.push({ ...open, letter: token.text });
            open = { numbers: [], letter: null };
        }
    }
    if (isPrefix) {
        halves.push(open);
    } else if (open.numbers.length > 0) {
        throw new Refusal('the hemisphere letters must stand before or after both numbers alike');
    }
    const [first, second] = halves;
    if (first === undefined || second === undefined || first.numbers.length === 0 || second.numbers.length === 0) {
        throw new Refusal('each hemisphere letter needs its numbers');
    }
    return [first, second];
}

function byPlace(all: readonly Token[], numbers: readonly Token[]): [Half, Half] {
    const texts = numbers.map((token) => token.text);
    const half = (list: readonly string[]): Half => ({ numbers: list, letter: null });
    const at = dividedAt(all, numbers);
    if (at === null && texts.length === 1) {
        throw new Refusal('the longitude is missing');
    }
    if (at === null && texts.length % 2 === 1) {
        throw new Refusal(`${texts.length} numbers do not divide into latitude and longitude: write N, S, E, W`);
    }
    const middle = at ?? texts.length / 2;
    return [half(texts.slice(0, middle)), half(texts.slice(middle))];
}

/** Where the longitude begins, by degree signs or by the one divider; `null` when nothing says so. */
function dividedAt(all: readonly Token[], numbers: readonly Token[]): number | null {
    const degrees = numbers.map((token, index) => (token.isDegrees ? index : -1)).filter((index) => index >= 0);
    const [, second] = degrees;
    if (degrees.length === 2 && second !== undefined) {
        return second;
    }
    const breaks = all.filter((token) => token.kind === 'break');
    if (breaks.length !== 1) {
        return null;
    }
    const before = all.slice(0, all.indexOf(breaks[0] as Token)).filter((token) => token.kind === 'number').length;
    return before > 0 && before < numbers.length ? before : null;
}

function read(halves: readonly [Half, Half]): Parsed {
    let [first, second] = halves;
    const isEast = (half: Half): boolean => half.letter === 'E' || half.letter === 'W';
    if (first.letter !== null && isEast(first) === isEast(second)) {
        throw new Refusal(isEast(first) ? 'both letters are of longitude' : 'both letters are of latitude');
    }
    if (isEast(first)) {
        [first, second] = [second, first];
    }
    const lat = angle(first, 'latitude', 90);
    const lon = angle(second, 'longitude', 180);
    const depth = Math.max(lat.depth, lon.depth);
    const notation: Notation = depth === 1 ? 'DD' : depth === 2 ? 'DM' : 'DMS';
    return { ok: true, position: { lat: lat.degrees, lon: lon.degrees === 180 ? -180 : lon.degrees }, notation };
}

function angle(half: Half, name: string, limit: number): { degrees: number; depth: number } {
    const numbers = half.letter === null ? half.numbers : spread(half.numbers, name);
    const [whole = '', ...rest] = numbers;
    if (numbers.length > 3) {
        throw new Refusal(`the ${name} has ${numbers.length} numbers; it can have degrees, minutes and seconds`);
    }
    const isSigned = /^[+-]/.test(whole);
    if (isSigned && half.letter !== null) {
        throw new Refusal(`the ${name} has a sign and a letter: one of them is enough`);
    }
    if (rest.some((text) => /^[+-]/.test(text))) {
        throw new Refusal(`the ${name} has a sign inside`);
    }
    if (numbers.slice(0, -1).some((text) => text.includes('.'))) {
        throw new Refusal(`only the last number of the ${name} may have decimals`);
    }
    let size = Math.abs(Number(whole));
    rest.forEach((text, index) => {
        const value = Number(text);
        if (value >= 60) {
            const unit = index === 0 ? 'minutes' : 'seconds';
            throw new Refusal(`${text} ${unit} of ${name}: they must be below 60`);
        }
        size += value / 60 ** (index + 1);
    });
    if (size > limit) {
        const hint = name === 'latitude' && half.letter === null && size <= 180 ? '; latitude comes first' : '';
        throw new Refusal(`the ${name} ${trimmed(size)} is beyond ${limit}°${hint}`);
    }
    const isNegative = whole.startsWith('-') || half.letter === 'S' || half.letter === 'W';
    return { degrees: isNegative && size > 0 ? -size : size, depth: numbers.length };
}

/** 6009.5 with a letter is 60 degrees 9.5 minutes, as receivers write it; 600930 has seconds, too. */
function spread(numbers: readonly string[], name: string): readonly string[] {
    const [only] = numbers;
    if (numbers.length !== 1 || only === undefined || !/^\d+(?:\.\d+)?$/.test(only)) {
        return numbers;
    }
    const degrees = name === 'latitude' ? 2 : 3;
    const [digits = '', decimals] = only.split('.');
    const tail = decimals === undefined ? '' : `.${decimals}`;
    if (digits.length === degrees + 2) {
        return [digits.slice(0, degrees), digits.slice(degrees) + tail];
    }
    if (digits.length === degrees + 4) {
        return [digits.slice(0, degrees), digits.slice(degrees, degrees + 2), digits.slice(degrees + 2) + tail];
    }
    return numbers;
}

function trimmed(value: number): string {
    return `${Number(value.toFixed(4))}°`;
}
