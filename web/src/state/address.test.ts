import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatAddress, parseAddress, takeKey, takeLink } from './address.ts';
import { DEFAULT_LAYERS } from './layers.ts';

const ID = `mis_${'0a'.repeat(16)}`;

test('an address shows the same again', () => {
    const address = {
        view: 'mission',
        mission: ID,
        time: Date.UTC(2015, 10, 16, 6),
        layers: { ...DEFAULT_LAYERS, wind: true, particles: false },
        camera: { zoom: 7.25, lat: 60.15, lon: 4.1 },
    } as const;
    const text = formatAddress(address);
    assert.equal(
        text,
        `#mission=${ID}&t=2015-11-16T06:00Z&layers=area50,area90,area95,track,wind&map=7.25/60.1500/4.1000`,
    );
    assert.deepEqual(parseAddress(text), address);
    assert.equal(formatAddress(parseAddress('')), '');
});

test('what makes no sense is left out', () => {
    const address = parseAddress('#mission=mis_x&t=soon&map=1/2&layers=area50,secret');
    assert.equal(address.mission, null);
    assert.equal(address.view, 'form');
    assert.equal(address.time, null);
    assert.equal(address.camera, null);
    assert.deepEqual(Object.values(address.layers).filter(Boolean).length, 1);
    assert.equal(parseAddress('#map=x/y/z').camera, null);
    assert.equal(parseAddress('#map=99/0/0').camera, null);
});

test('a key that is handed over is taken out, whatever stands beside it', () => {
    assert.deepEqual(takeKey(`#key=dls_a1&mission=${ID}`), { key: 'dls_a1', rest: `#mission=${ID}` });
    assert.deepEqual(takeKey(`#mission=${ID}&key=dls_a1&map=7/60/4`), { key: 'dls_a1', rest: `#mission=${ID}&map=7/60/4` });
    assert.deepEqual(takeKey('#key=dls_a1'), { key: 'dls_a1', rest: '' });
    assert.deepEqual(takeKey('#k%65y=dls_a1&view=missions&key=dls_b2'), { key: 'dls_a1', rest: '#view=missions' });
    assert.deepEqual(takeKey('#key=&view=missions'), { key: null, rest: '#view=missions' });
    assert.deepEqual(takeKey('#view=missions'), { key: null, rest: '#view=missions' });
    assert.deepEqual(takeKey(''), { key: null, rest: '' });
    assert.equal(parseAddress('#key=dls_a1').view, 'form');
});

test('a token of a mail is taken out, and pages of accounts have addresses', () => {
    assert.deepEqual(takeLink('#password-reset=dle_a1'), { link: { what: 'password-reset', token: 'dle_a1' }, rest: '' });
    assert.deepEqual(takeLink('#view=keys&invitation=dle_a1&map=7/60/4'), {
        link: { what: 'invitation', token: 'dle_a1' },
        rest: '#view=keys&map=7/60/4',
    });
    assert.deepEqual(takeLink('#verify-email='), { link: null, rest: '' });
    assert.deepEqual(takeLink('#view=keys'), { link: null, rest: '#view=keys' });
    for (const view of ['account', 'keys', 'members', 'usage', 'invoices'] as const) {
        assert.equal(parseAddress(`#view=${view}`).view, view);
        assert.equal(formatAddress(parseAddress(`#view=${view}`)), `#view=${view}`);
    }
    assert.equal(parseAddress('#view=elsewhere').view, 'form');
});
