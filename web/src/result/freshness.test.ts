import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HOUR } from '../time/utc.ts';
import { ageOf } from './freshness.ts';

test('a forecast that goes on is measured now, one of the past at its start', () => {
    const now = 1000 * HOUR;
    const live = ageOf(now - 30 * HOUR, now - 2 * HOUR, now + 22 * HOUR, now);
    assert.deepEqual(live, { ms: 30 * HOUR, against: 'now', isStale: true });
    const past = ageOf(500 * HOUR, 503 * HOUR, 527 * HOUR, now);
    assert.deepEqual(past, { ms: 3 * HOUR, against: 'start', isStale: false });
    const analysed = ageOf(510 * HOUR, 503 * HOUR, 527 * HOUR, now);
    assert.deepEqual(analysed, { ms: 0, against: 'start', isStale: false });
});
