import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fieldErrors, formOf, freshForm, parseForm, toRequest, toStretch } from './form-state.ts';
import type { Mission } from '../api/types.ts';

const NOW = Date.UTC(2015, 10, 16, 6, 37);
const filled = { ...freshForm(NOW), position: '60 09.0 N 4 06.0 E', object: 'PIW-1' };

test('a filled form is a request', () => {
    const { request, errors } = toRequest({ ...filled, name: ' Anna ', seed: '7', unit: 'nm', radius: '0,5' });
    assert.deepEqual(errors, {});
    assert.deepEqual(request, {
        name: 'Anna',
        last_known_lat: 60.15,
        last_known_lon: 4.1,
        last_known_time: '2015-11-16T06:30:00Z',
        object_type: 'PIW-1',
        uncertainty_radius_m: 926,
        forecast_hours: 24,
        ensemble_size: 5000,
        config: { seed: 7 },
    });
});

test('forcing is looked for as soon as place and time are known', () => {
    const start = Date.UTC(2015, 10, 16, 6, 30);
    const wanted = { lat: 60.15, lon: 4.1, from: start, until: start + 24 * 3_600_000 };
    assert.deepEqual(toStretch({ ...filled, object: '' }), wanted);
    assert.equal(toStretch({ ...filled, position: '60' }), null);
    assert.equal(toStretch({ ...filled, hours: '' })?.until, start + 3_600_000);
});

test('each field says what is wrong with it', () => {
    const bad = { ...filled, position: '91 4', date: '', object: '', radius: '-1', hours: '2.5', size: '0', seed: 'x' };
    const { request, errors } = toRequest(bad);
    assert.equal(request, null);
    assert.deepEqual(Object.keys(errors).sort(), ['hours', 'object', 'position', 'radius', 'seed', 'size', 'time']);
    assert.match(errors.position ?? '', /beyond 90/);
});

test('objections of the service stand beside their fields', () => {
    const errors = fieldErrors([
        { field: 'last_known_lat', code: 'not_covered', message: 'no current covers it' },
        { field: 'last_known_lon', code: 'not_covered', message: 'no wind covers it' },
        { field: 'config.step_s', code: 'x', message: 'odd' },
    ]);
    assert.deepEqual(errors, { position: 'No current covers it. No wind covers it', form: 'Odd' });
});

test('a mission can be changed and sent again, and a kept form comes back', () => {
    const mission = {
        name: null,
        last_known_lat: 60.15,
        last_known_lon: -4.1,
        last_known_time: '2015-11-16T06:30:00Z',
        object_type: 'PIW-1',
        uncertainty_radius_m: 1000,
        forecast_hours: 12,
        ensemble_size: 100,
        distress: false,
        config: { seed: 5 },
    } as Mission;
    const again = toRequest(formOf(mission)).request;
    assert.equal(again?.last_known_lon, -4.1);
    assert.equal(again?.uncertainty_radius_m, 1000);
    assert.equal(again?.config?.seed, 5);
    const kept = parseForm(JSON.stringify({ ...filled, hours: 7, extra: 1 }), freshForm(NOW));
    assert.deepEqual(kept, filled);
    assert.deepEqual(parseForm('{', freshForm(NOW)), freshForm(NOW));
});
