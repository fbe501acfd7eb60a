import assert from 'node:assert/strict';
import { test } from 'node:test';

import { className, searchClasses } from './classes.ts';

const TYPES = [
    { number: 2, key: 'PIW-2', description: 'Person in water, upright', aliases: [] },
    { number: 1, key: 'PIW-1', description: 'Person in water, state unknown', aliases: ['person in water'] },
    { number: 7, key: 'LIFE-RAFT-DB-10', description: 'Life raft, deep ballast', aliases: ['life raft'] },
];

test('everyday names first, all words anywhere, keys exactly', () => {
    assert.deepEqual(searchClasses(TYPES, '').map((type) => type.key), ['PIW-1', 'LIFE-RAFT-DB-10', 'PIW-2']);
    assert.deepEqual(searchClasses(TYPES, 'water upr').map((type) => type.key), ['PIW-2']);
    assert.deepEqual(searchClasses(TYPES, 'piw-2').map((type) => type.key), ['PIW-2']);
    assert.deepEqual(searchClasses(TYPES, 'raft')[0]?.key, 'LIFE-RAFT-DB-10');
    assert.deepEqual(searchClasses(TYPES, 'submarine'), []);
    assert.deepEqual(TYPES.map(className), ['Person in water, upright', 'Person in water', 'Life raft']);
});
