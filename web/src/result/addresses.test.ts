import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addressLines } from './addresses.ts';

test('addresses carry what was chosen, and a key only then', () => {
    const at = (credential: Parameters<typeof addressLines>[3]) =>
        addressLines('https://h/drift/', 'mis_1', '2015-11-16T06:00:00Z', credential);
    assert.ok(at({ kind: 'none' }).every(({ url }) => url.startsWith('https://h/drift/missions/mis_1/') && !url.includes('key=')));
    const keyed = at({ kind: 'key', key: 'dls_a+b' });
    assert.equal(keyed[0]?.url, 'https://h/drift/missions/mis_1/wms?key=dls_a%2Bb');
    assert.ok(keyed.at(-1)?.url.endsWith('.png?datetime=2015-11-16T06:00:00Z&key=dls_a%2Bb'));
    const signed = at({ kind: 'signed', link: { query: 'exp=1&kid=2&sig=3', expiresAt: null } });
    assert.equal(signed[1]?.url, 'https://h/drift/missions/mis_1/ogc?exp=1&kid=2&sig=3');
});
