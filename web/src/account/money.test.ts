import assert from 'node:assert/strict';
import { test } from 'node:test';

import { money, percentOf } from './money.ts';
import { listOf } from './lists.ts';

test('minor units have the digits of their currency', () => {
    assert.equal(money(49_900, 'EUR'), '€499.00');
    assert.equal(money(-5, 'EUR'), '-€0.05');
    assert.equal(money(1200, 'JPY'), 'JP¥1,200');
    assert.equal(money(1234, 'KWD').replace(/\s/g, ' '), 'KWD 1.234');
    assert.equal(money(7, 'none'), '7 minor units of none');
    assert.equal(percentOf(2550), '25.5 %');
});

test('lists are read however they are typed', () => {
    assert.deepEqual(listOf(' 10.1.0.0/16,\n 2001:db8::/32  '), ['10.1.0.0/16', '2001:db8::/32']);
    assert.deepEqual(listOf('  '), []);
});
