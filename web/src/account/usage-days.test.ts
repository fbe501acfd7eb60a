import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lastDays, standing, usageTable } from './usage-days.ts';

const group = (day: string, meter: string, units: number, late = false) => ({ from: `${day}T00:00:00Z`, meter, late, units, records: 1 });

test('days stand newest first, what came late in a row of its own', () => {
    const table = usageTable([
        group('2026-01-01', 'tile', 5),
        group('2026-01-02', 'tile', 7),
        group('2026-01-02', 'features', 2),
        group('2026-01-02', 'tile', 100, true),
    ]);
    assert.deepEqual(
        table.days.map(({ day, late }) => `${day} ${late}`),
        ['2026-01-02 false', '2026-01-02 true', '2026-01-01 false'],
    );
    assert.deepEqual(table.meters, [
        { meter: 'features', units: 2, records: 1, most: 2 },
        { meter: 'tile', units: 112, records: 3, most: 100 },
    ]);
    assert.equal(table.days[2]?.units.get('features'), undefined);
});

test('a sum that is made by less than day and meter is no row', () => {
    assert.deepEqual(usageTable([{ late: false, units: 1, records: 1 }]), { meters: [], days: [] });
});

test('days are whole days of UTC', () => {
    const now = Date.UTC(2026, 0, 31, 23, 59);
    assert.deepEqual(lastDays(7, now), { from: '2026-01-25T00:00:00Z', until: '2026-02-01T00:00:00Z' });
});

test('80 and 100 percent have their names', () => {
    assert.deepEqual(standing(79, 100), { percent: 79, state: 'good' });
    assert.deepEqual(standing(80, 100), { percent: 80, state: 'near' });
    assert.deepEqual(standing(799_999, 1_000_000), { percent: 79, state: 'good' });
    assert.deepEqual(standing(1_000_001, 1_000_000), { percent: 100, state: 'reached' });
    assert.equal(standing(0, 0).state, 'reached');
});
