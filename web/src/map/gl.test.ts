import assert from 'node:assert/strict';
import { test } from 'node:test';

import { boxMatrix, mercator, visibleTurns } from './gl.ts';

test('a box lands where its corners do, even far from the origin and zoomed in', () => {
    // A map of 1000 pixels around x = 0.512345678, y = 0.28 at zoom 18, as a matrix from the world to clip space.
    const scale = 2 * ((512 * 2 ** 18) / 1000);
    const [cx, cy] = [0.512345678, 0.28];
    const world = [scale, 0, 0, 0, 0, -scale, 0, 0, 0, 0, 1, 0, -scale * cx, scale * cy, 0, 1];
    const box = { x0: cx - 1e-6, y0: cy - 2e-6, x1: cx + 3e-6, y1: cy + 2e-6 };
    const out = new Float32Array(16);
    boxMatrix(world, box, 0, out);
    const at = (u: number, v: number) => [
        (out[0] as number) * u + (out[4] as number) * v + (out[12] as number),
        (out[1] as number) * u + (out[5] as number) * v + (out[13] as number),
    ];
    const [x, y] = at(0.25, 0.5) as [number, number];
    assert.ok(Math.abs(x) < 1e-4 && Math.abs(y) < 1e-4, `${x} ${y}`);
    const [x1] = at(1, 0) as [number, number];
    assert.ok(Math.abs(x1 - scale * 3e-6) < 1e-4);
});

test('a box across the antimeridian is seen from both sides', () => {
    const box = { x0: 0.99, y0: 0.4, x1: 1.02, y1: 0.5 };
    assert.deepEqual(visibleTurns(box, 170, 179), [0]);
    assert.deepEqual(visibleTurns(box, -179, -175), [-1]);
    assert.deepEqual(visibleTurns(box, 0, 10), []);
    assert.deepEqual(visibleTurns(box, -180, 180), [-1, 0]);
    assert.deepEqual(mercator(0, 0).map((value) => value.toFixed(6)), ['0.500000', '0.500000']);
    assert.ok(Math.abs(mercator(180, 90)[1]) < 1e-6);
});
