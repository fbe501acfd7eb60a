import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Mission, Results } from '../api/types.ts';
import { fromSummary, withShapes } from './data.ts';
import { driftTo, driftText, strandedShare, summaryText } from './numbers.ts';

const mission = {
    id: 'mis_x',
    name: 'Test',
    last_known_lat: 60.15,
    last_known_lon: 4.1,
    uncertainty_radius_m: 1000,
} as Mission;

const hour = (n: number, lat: number) => ({
    valid_time: `2015-11-16T0${n}:00:00Z`,
    areas_km2: { 50: 3.429904, 90: 34.29904, 95: 342.9904 },
    datum: { lon: 4.1, lat },
    active: 90,
    stranded: 9,
    missing_data: 1,
});

const results = {
    valid_from: '2015-11-16T00:00:00Z',
    valid_until: '2015-11-16T02:00:00Z',
    summary: {
        particles: 100,
        seed: 7,
        engine_version: '0.1.0',
        issued: '2015-11-16T03:00:00Z',
        output_interval_s: 3600,
        warnings: ['forcing ends early'],
        attribution: ['Data from A'],
        current_error: { calibration: 'uncalibrated' },
        object: { key: 'PIW-1', description: 'Person' },
        forcing: [{ kind: 'wind', feed: 'arome', run: '2015-11-14T00:00:00Z' }],
        hourly: [hour(0, 60), hour(1, 60.05), hour(2, 60.1)],
    },
} as unknown as Results;

test('the summary alone gives numbers, the features their shapes', () => {
    const result = fromSummary(mission, results, 0);
    assert.equal(result.steps.length, 3);
    assert.deepEqual(result.steps[1]?.areas.map((area) => area.nm2.toFixed(2)), ['1.00', '10.00', '100.00']);
    const ring: [number, number][] = [[4, 60], [4.1, 60], [4.1, 60.1], [4, 60]];
    const properties = { level: 0.9, area_km2: 1, area_nm2: 9.5, valid_time: '2015-11-16T01:00:00Z', status: 'current' };
    const mode = {
        geometry: { type: 'Point', coordinates: [4.2, 60.2] },
        properties: { datum_kind: 'mode', valid_time: '2015-11-16T01:00:00Z' },
    } as const;
    const shaped = withShapes(result, [{ geometry: { type: 'Polygon', coordinates: [ring] }, properties }], [mode]);
    assert.deepEqual(shaped.steps[1]?.areas[1], { level: 90, km2: 34.29904, nm2: 9.5, polygons: [[ring]] });
    assert.deepEqual(shaped.steps[1]?.mode, { lat: 60.2, lon: 4.2 });
    assert.deepEqual([shaped.hasShapes, shaped.isSuperseded], [true, false]);
});

test('drift since the start, and the text for the radio', () => {
    const result = fromSummary(mission, results, 0);
    const last = result.steps[2];
    assert.ok(last !== undefined);
    const drift = driftTo(result, last);
    assert.ok(drift !== null);
    assert.equal(driftText(drift), '6.0 nm towards 000° true, 3.01 kn on average');
    assert.equal(driftText(driftTo(result, result.steps[0] as typeof last) as typeof drift), 'none yet');
    assert.equal(strandedShare(last), 0.09);
    const text = summaryText(result, last, Date.UTC(2020, 0, 1));
    for (const line of [
        "Datum: 60°06.000' N 004°06.000' E",
        'Area 95 %: 100 nm2 (343 km2)',
        'Forcing: wind arome, cycle 14 Nov 2015 00:00 UTC, 2 d old at the start STALE',
        'Warning: forcing ends early',
        'Data from A',
        'NOT FOR NAVIGATION',
    ]) {
        assert.ok(text.includes(`${line}\n`), `${line} is missing in\n${text}`);
    }
});
