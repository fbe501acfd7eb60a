import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Result } from '../result/data.ts';
import { areaShapes, POINT_FLOATS } from './area-shapes.ts';

function result(polygons: [number, number][][][], lon: number): Result {
    const areas = [{ level: 50, km2: 1, nm2: 1, polygons }];
    return { mission: { last_known_lon: lon }, steps: [{ areas: [] }, { areas }] } as unknown as Result;
}

test('rings end, holes stay open, and every step knows its part', () => {
    const outer: [number, number][] = [[4, 60], [5, 60], [5, 61], [4, 61], [4, 60]];
    const hole: [number, number][] = [[4.4, 60.4], [4.4, 60.6], [4.6, 60.6], [4.6, 60.4], [4.4, 60.4]];
    const shapes = areaShapes(result([[outer, hole]], 4));
    assert.ok(shapes !== null);
    assert.deepEqual(shapes.parts[0], []);
    assert.deepEqual(shapes.parts[1], [{ level: 50, firstPoint: 0, points: 10, firstCorner: 0, corners: 24 }]);
    const goesOn = Array.from({ length: 10 }, (_, point) => shapes.lines[point * POINT_FLOATS + 3]);
    assert.deepEqual(goesOn, [1, 1, 1, 1, 0, 1, 1, 1, 1, 0]);
    let area = 0;
    for (let at = 0; at < shapes.fills.length; at += 6) {
        const [ax, ay, bx, by, cx, cy] = shapes.fills.subarray(at, at + 6) as unknown as [number, number, number, number, number, number];
        area += Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2;
    }
    assert.ok(Math.abs(area - 0.96) < 0.001, `the fill covers ${area} of the box`);
});

test('areas across the antimeridian are in one piece', () => {
    const ring: [number, number][] = [[179.5, 0], [-179.5, 0], [-179.5, 1], [179.5, 1], [179.5, 0]];
    const shapes = areaShapes(result([[ring]], 179));
    assert.ok(shapes !== null);
    assert.ok(shapes.box.x1 - shapes.box.x0 < 0.003 && shapes.box.x1 > 1);
    assert.equal(areaShapes(result([], 0)), null);
});

test('an area cut at the antimeridian has no line along the cut', () => {
    const west: [number, number][] = [[179.5, 0], [180, 0], [180, 1], [179.5, 1], [179.5, 0]];
    const east: [number, number][] = [[-180, 0], [-179.5, 0], [-179.5, 1], [-180, 1], [-180, 0]];
    const shapes = areaShapes(result([[west], [east]], 179));
    const goesOn = Array.from({ length: 10 }, (_, point) => shapes?.lines[point * POINT_FLOATS + 3]);
    assert.deepEqual(goesOn, [1, 0, 1, 1, 0, 1, 1, 1, 0, 0]);
});
