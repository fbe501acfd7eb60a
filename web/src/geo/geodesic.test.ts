import assert from 'node:assert/strict';
import { test } from 'node:test';

import { leg, NM_M, ring } from './geodesic.ts';

test('known lines on the ellipsoid', () => {
    // Flinders Peak to Buninyong, the published example of the inverse problem (GRS 80): 54,972.271 m, 306.8682 degrees.
    const flinders = { lat: -(37 + 57 / 60 + 3.7203 / 3600), lon: 144 + 25 / 60 + 29.5244 / 3600 };
    const buninyong = { lat: -(37 + 39 / 60 + 10.1561 / 3600), lon: 143 + 55 / 60 + 35.3839 / 3600 };
    const line = leg(flinders, buninyong);
    assert.ok(Math.abs(line.distanceM - 54_972.271) < 0.01, String(line.distanceM));
    assert.ok(Math.abs(line.bearingDeg - 306.8682) < 0.0001, String(line.bearingDeg));
});

test('nowhere, the antimeridian and a minute of latitude', () => {
    assert.deepEqual(leg({ lat: 60, lon: 4 }, { lat: 60, lon: 4 }), { distanceM: 0, bearingDeg: 0 });
    const over = leg({ lat: 0, lon: 179.9 }, { lat: 0, lon: -179.9 });
    assert.ok(Math.abs(over.distanceM - 22_263.9) < 0.1 && Math.abs(over.bearingDeg - 90) < 1e-9);
    const minute = leg({ lat: 45, lon: 4 }, { lat: 45 + 1 / 60, lon: 4 });
    assert.ok(Math.abs(minute.distanceM - NM_M) < 1, String(minute.distanceM));
});

test('a ring is closed and as far out as it says', () => {
    const centre = { lat: 60, lon: 179.9 };
    const points = ring(centre, 20_000);
    assert.deepEqual(points[0], points.at(-1));
    for (const [lon, lat] of points) {
        assert.ok(Math.abs(leg(centre, { lat, lon }).distanceM - 20_000) < 200);
    }
});
