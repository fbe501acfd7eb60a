import assert from 'node:assert/strict';
import { test } from 'node:test';

import { elapsed, floorTo, fromInputs, HOUR, iso, parseIso, span, toInputs, utc } from './utc.ts';

test('inputs are UTC whatever the zone of the machine', () => {
    const ms = fromInputs('2015-11-16', '06:30');
    assert.equal(ms, Date.UTC(2015, 10, 16, 6, 30));
    assert.deepEqual(toInputs(ms as number), { date: '2015-11-16', time: '06:30' });
    for (const typed of ['0630', '6:30', '06.30', ' 0630z ', '06:30 UTC']) {
        assert.equal(fromInputs('2015-11-16', typed), ms, typed);
    }
    for (const typed of ['', '25:00', '24:00', '2400', '06:61', '06:30:61', '6', 'half past six', '06:30 CET']) {
        assert.equal(fromInputs('2015-11-16', typed), null, typed);
    }
    for (const time of ['00:00:30', '23:59:59.500']) {
        assert.equal(toInputs(fromInputs('2015-11-16', time) as number).time, time);
    }
    assert.equal(fromInputs('2015-13-40', '06:30'), null);
    assert.equal(utc(ms as number), '16 Nov 2015 06:30 UTC');
    assert.equal(iso(ms as number), '2015-11-16T06:30:00Z');
});

test('times of the service, and none', () => {
    assert.equal(parseIso('2015-11-16T00:00:00Z'), Date.UTC(2015, 10, 16));
    assert.equal(parseIso('soon'), null);
    assert.equal(parseIso(null), null);
});

test('spans in words', () => {
    const cases: [number, string][] = [
        [0, '0 min'],
        [0.75 * HOUR, '45 min'],
        [5 * HOUR / 3, '1 h 40 min'],
        [6 * HOUR, '6 h'],
        [52 * HOUR, '2 d 4 h'],
        [72 * HOUR, '3 d'],
        [24 * 20 * HOUR, '20 days'],
        [96_555 * HOUR, '11 years'],
    ];
    for (const [ms, words] of cases) {
        assert.equal(span(ms), words);
    }
    const passed: [number, string][] = [
        [0, '0 min'],
        [100 * 60_000, '1 h 40 min'],
        [2.5 * HOUR, '2 h 30 min'],
        [2.5 * HOUR - 1, '2 h 29 min'],
        [66 * HOUR, '66 h'],
        [240 * HOUR, '240 h'],
    ];
    for (const [ms, words] of passed) {
        assert.equal(elapsed(ms), words);
    }
    assert.equal(floorTo(Date.UTC(2020, 0, 1, 6, 29, 59), 10), Date.UTC(2020, 0, 1, 6, 20));
});
