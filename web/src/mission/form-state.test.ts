import assert from 'node:assert/strict';
import { test } from 'node:test';

import { carriedText, fieldErrors, formOf, freshForm, parseForm, toRequest, toStretch } from './form-state.ts';
import type { Mission } from '../api/types.ts';

const NOW = Date.UTC(2015, 10, 16, 6, 30, 59);
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
    assert.equal(toStretch({ ...filled, hours: '' })?.until, null);
    assert.equal(toStretch({ ...filled, hours: '241' })?.until, null);
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
        { field: 'last_known_lat', code: 'not_covered', message: 'no current covers 10, -30 at 06:00; others do' },
        { field: 'last_known_lat', code: 'not_covered', message: 'no wind covers 10, -30 at 06:00; others do' },
        { field: 'forecast_hours', code: 'out_of_range', message: 'too many' },
        { field: 'config.step_s', code: 'x', message: 'odd' },
        { field: 'config.step_s', code: 'y', message: 'even' },
    ]);
    assert.deepEqual(errors, {
        position: 'No current and no wind here at that time; see below',
        hours: 'Too many',
        form: 'Odd. Even',
    });
    const late = fieldErrors([{ field: 'last_known_time', code: 'not_covered', message: 'nothing there' }]);
    assert.deepEqual(late, { time: 'No forcing here at that time; see below' });
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
    assert.deepEqual(again?.config, { seed: 5 });
    const kept = parseForm(JSON.stringify({ ...filled, hours: 7, extra: 1 }), freshForm(NOW));
    assert.deepEqual(kept, filled);
    assert.deepEqual(parseForm('{', freshForm(NOW)), freshForm(NOW));
});

test('what no field holds goes along when a mission is sent again', () => {
    const mission = {
        name: 'Anna',
        last_known_lat: 60.1234567,
        last_known_lon: -0.000001,
        last_known_time: '2015-11-16T06:30:15.250Z',
        object_type: 'PIW-1',
        uncertainty_radius_m: 1000,
        forecast_hours: 12,
        ensemble_size: 100,
        distress: false,
        description: null,
        priority: 'urgent',
        config: { mode: 'operational', step_s: 300, output_interval_s: 3600, seed: null, forcing: ['arome'] },
    } as unknown as Mission;
    const form = formOf(mission);
    const { request } = toRequest(form);
    assert.equal(request?.last_known_lat, 60.123457);
    assert.equal(request?.last_known_lon, -0.000001);
    assert.equal(request?.last_known_time, '2015-11-16T06:30:15.250Z');
    assert.equal(request?.priority, 'urgent');
    assert.deepEqual(request?.config, { step_s: 300, forcing: ['arome'] });
    assert.equal(carriedText(form), 'priority urgent, step_s 300, forcing ["arome"]');
    assert.equal(carriedText(filled), '');
    assert.deepEqual(toRequest({ ...form, seed: '3' }).request?.config, { step_s: 300, forcing: ['arome'], seed: 3 });
});

test('a mission with scenarios is sent again without the plain fields, which would contradict them', () => {
    const scenarios = [{ release: { point: { lat: 60, lon: 4, time: '2015-11-16T00:00:00Z', radius_m: 500 } } }];
    const form = { ...filled, carried: JSON.stringify({ config: { scenarios } }) };
    const request = toRequest(form).request;
    assert.deepEqual(request?.config?.scenarios, scenarios);
    assert.equal(request?.last_known_lat, undefined);
    assert.equal(request?.last_known_time, undefined);
    assert.equal(request?.uncertainty_radius_m, undefined);
    assert.equal(request?.object_type, filled.object);
});

test('what is typed is no choice', () => {
    const { request, errors } = toRequest({ ...filled, object: '', objectText: 'raft' });
    assert.equal(request, null);
    assert.match(errors.object ?? '', /“raft” is not chosen yet/);
});
