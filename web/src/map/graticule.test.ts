import assert from 'node:assert/strict';
import { test } from 'node:test';

import { graticule } from './graticule.ts';

test('lines are as dense as the view asks for', () => {
    const wide = graticule({ west: 2, south: 59, east: 7, north: 62 }, 5);
    assert.deepEqual([wide.minutes, wide.decimals], [60, 0]);
    assert.deepEqual(wide.meridians, [2, 3, 4, 5, 6, 7]);
    assert.deepEqual(wide.parallels, [59, 60, 61, 62]);
    const close = graticule({ west: 4.001, south: 60, east: 4.03, north: 60.01 }, 5);
    assert.deepEqual([close.minutes, close.decimals], [0.5, 1]);
    const over = graticule({ west: 178, south: -89, east: 183, north: 0 }, 5);
    assert.deepEqual(over.meridians, [178, 179, 180, 181, 182, 183]);
    assert.equal(over.parallels[0], -85);
});
