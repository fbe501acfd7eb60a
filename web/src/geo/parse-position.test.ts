import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parsePosition } from './parse-position.ts';
import { formatPosition, formatShort, wrapLon } from './position.ts';

const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;

test('positions are read in every spelling', () => {
    const lat = 60 + 9.5 / 60;
    const lon = 4 + 6.25 / 60;
    const cases: [string, number, number, string][] = [
        ['60.15, 4.1', 60.15, 4.1, 'DD'],
        ['60.15 4.1', 60.15, 4.1, 'DD'],
        ['60.15,4.1', 60.15, 4.1, 'DD'],
        ['60.15,-4.1', 60.15, -4.1, 'DD'],
        ['60.15 -4.1', 60.15, -4.1, 'DD'],
        ['-60.15 / +4.1', -60.15, 4.1, 'DD'],
        ['60,15 4,1', 60.15, 4.1, 'DD'],
        ['60,15, 4,1', 60.15, 4.1, 'DD'],
        ['60,15 N; 4,1 W', 60.15, -4.1, 'DD'],
        ['60, 4', 60, 4, 'DD'],
        ['60,-4', 60, -4, 'DD'],
        ['+60.15-004.10/', 60.15, -4.1, 'DD'],
        ['+60.1500-004.1000', 60.15, -4.1, 'DD'],
        ['-33.9-018.4/', -33.9, -18.4, 'DD'],
        ['-33.9+018.4', -33.9, 18.4, 'DD'],
        ['+6009.5−00406.25/', lat, -lon, 'DM'],
        ['+600930-0040615/', lat, -lon, 'DMS'],
        ['-60+004/', -60, 4, 'DD'],
        ['N60.15 E4.1', 60.15, 4.1, 'DD'],
        ['4.1E 60.15N', 60.15, 4.1, 'DD'],
        ['60.15° N 4.1° E', 60.15, 4.1, 'DD'],
        ['Lat: 60.15 Lon: 4.1', 60.15, 4.1, 'DD'],
        ['60 09.5 N 4 06.25 E', lat, lon, 'DM'],
        ["60°09.5'N 004°06.25'E", lat, lon, 'DM'],
        ["60º 9.5′ N, 4º 6.25′ Ø", lat, lon, 'DM'],
        ['60 09,5 N 4 06,25 E', lat, lon, 'DM'],
        ['60-09.5N 004-06.25E', lat, lon, 'DM'],
        ['60 9.5 4 6.25', lat, lon, 'DM'],
        ["60°9.5' -4°6.25'", lat, -lon, 'DM'],
        ['60-09.5 004-06.25', lat, lon, 'DM'],
        ['60-09.5, -004-06.25', lat, -lon, 'DM'],
        ['60-09,5 004-06,25', lat, lon, 'DM'],
        ['60-09-30 004-06-15', lat, lon, 'DMS'],
        ['6009.5N 00406.25E', lat, lon, 'DM'],
        ["60°09.5' 4°", lat, 4, 'DM'],
        ['60 09 30 N, 4 06 15 E', lat, lon, 'DMS'],
        ['60°09\'30"N 4°06\'15"E', lat, lon, 'DMS'],
        ['60:09:30N 4:06:15E', lat, lon, 'DMS'],
        ['60d09m30sN 4d06m15sE', lat, lon, 'DMS'],
        ['60 09 30 s 4 06 15 e', -lat, lon, 'DMS'],
        ['60 09 30S 4 06 15E', -lat, lon, 'DMS'],
        ['60 09.5s 4 06.25w', -lat, -lon, 'DM'],
        ['60°09’30”s 4°06’15”w', -lat, -lon, 'DMS'],
        ['60°09’30”S 4°06’15”W', -lat, -lon, 'DMS'],
        ["60° 9' 30'' N 4° 6' 15'' E", lat, lon, 'DMS'],
        ['600930N 0040615E', lat, lon, 'DMS'],
        ['60 09 30.0 -4 06 15.0', lat, -lon, 'DMS'],
        ['60 north 4 west', 60, -4, 'DD'],
        ['0 -0.5', 0, -0.5, 'DD'],
        ['-0 30, 4 0', -0.5, 4, 'DM'],
        ['−33.9 18.4', -33.9, 18.4, 'DD'],
        ['10 N 180 E', 10, -180, 'DD'],
    ];
    for (const [text, wantedLat, wantedLon, notation] of cases) {
        const parsed = parsePosition(text);
        assert.ok(parsed.ok, `${text}: ${parsed.ok ? '' : parsed.reason}`);
        assert.ok(near(parsed.position.lat, wantedLat), `${text}: latitude ${parsed.position.lat}`);
        assert.ok(near(parsed.position.lon, wantedLon), `${text}: longitude ${parsed.position.lon}`);
        assert.equal(parsed.notation, notation, text);
    }
});

test('what cannot be a position says why', () => {
    const cases: [string, RegExp][] = [
        ['', /no position yet/],
        ['north', /no number/],
        ['60.15', /longitude is missing/],
        ['60.15N 4.1', /longitude has no E or W/],
        ['60.15 4.1E', /latitude has no N or S/],
        ['60.15N 4.1N', /both letters are of latitude/],
        ['60 61 N 4 6 E', /61 minutes of latitude.*below 60/],
        ['60 9 75 N 4 6 0 E', /75 seconds of latitude/],
        ['91 4', /latitude 91° is beyond 90°; latitude comes first/],
        ['60 181', /longitude 181° is beyond 180°/],
        ['-60N 4E', /a sign and a letter/],
        ['60.5 9 N 4 6 E', /only the last number/],
        ['60 9 4', /3 numbers do not divide/],
        ['60,15,4,1', /write decimals with a point/],
        ['60,15', /comma may divide or be a decimal mark: write a blank behind it/],
        ['-60,4 ', /comma may divide/],
        ['60.15-4.1', /a dash can divide or be a minus/],
        ['-33.9-018.4', /a dash can divide/],
        ['60.15-004.10', /a dash can divide/],
        ['+60.15-4.1', /a dash can divide/],
        ["60°9'-4°6'", /a dash can divide/],
        ['60.15 - 4.1', /a dash can divide/],
        ['60.15- 4.1', /a dash can divide/],
        ['60.15-.5', /a dash can divide/],
        ['60,15 – 4,1', /commas may divide/],
        ['60 09 - 4 06', /a dash can divide/],
        ['60-09-4-06', /a dash can divide/],
        ['60-4', /a dash can divide/],
        ['60 9 30s 4 6 15 e', /an s can mean seconds or South/],
        ['60 9 30s 4 6 15e', /an s can mean seconds or South/],
        ['60:9:30s 4:6:15e', /an s can mean seconds or South/],
        ['60d9m30s 4d6m15s e', /an s can mean seconds or South/],
        ['60D9M30S 4D6M15S E', /an s can mean seconds or South/],
        ['+91.5-004.1/', /latitude 91.5° is beyond 90°/],
        ['+6061-00406/', /61 minutes of latitude/],
        ['60.15 x 4.1', /'X' is not part/],
        ['1 2 3 4 5 6 7', /7 numbers are too many/],
        ['N E', /no number/],
        ['N 60 E', /needs its numbers/],
    ];
    for (const [text, reason] of cases) {
        const parsed = parsePosition(text);
        assert.ok(!parsed.ok, `${text} was read as ${JSON.stringify(parsed)}`);
        assert.match(parsed.reason, reason, text);
    }
});

test('what is written can be read again, to the precision written', () => {
    for (const [lat, lon] of [
        [60.15, 4.1],
        [-33.999999, -18.123456],
        [59.99999999, 179.99999],
        [0, -0.00001],
        [89.9999, -179.5],
    ] as const) {
        for (const notation of ['DD', 'DM', 'DMS'] as const) {
            const text = formatPosition({ lat, lon }, notation);
            const parsed = parsePosition(text);
            assert.ok(parsed.ok, text);
            assert.ok(Math.abs(parsed.position.lat - lat) < 2e-5, `${text} of ${lat}`);
            assert.ok(Math.abs(wrapLon(parsed.position.lon - lon)) < 2e-5, `${text} of ${lon}`);
        }
    }
});

test('rounding never writes sixty', () => {
    assert.equal(formatPosition({ lat: 59.99999999, lon: 4.1 }, 'DM'), "60°00.000' N 004°06.000' E");
    assert.equal(formatPosition({ lat: -59.99999999, lon: -4.1 }, 'DMS'), '60°00\'00.0" S 004°06\'00.0" W');
    assert.equal(formatShort(59.9999999, 'lat'), "60°00' N");
    assert.equal(formatShort(-4.125, 'lon', 1), "4°07.5' W");
    assert.equal(wrapLon(184), -176);
    assert.equal(wrapLon(-180), -180);
});
