import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mayPay, mayWithKeys, mayWithMembers, roleName, type Standing, viewsOf } from './rights.ts';

const ALL = ['create', 'see', 'change', 'delete'];
const standing = (role: string, keys: [string[], string[]], members: string[], scopes: string[]): Standing => ({
    isPerson: true,
    scopes,
    rights: {
        role,
        scopes,
        rights: {
            'API keys and webhooks': { all: keys[0], own: keys[1] },
            'members and invitations': { all: members, own: [] },
            'the organisation and its bills': { all: role === 'org_admin' ? ALL : ['see'], own: [] },
        },
    },
});
const admin = standing('org_admin', [ALL, []], ALL, ['usage:read']);
const operator = standing('operator', [[], ALL], [], ['usage:read']);
const viewer = standing('viewer', [[], []], [], ['features:read']);

test('each role is offered the pages that it may see', () => {
    assert.deepEqual(viewsOf(admin), ['account', 'keys', 'members', 'usage', 'invoices']);
    assert.deepEqual(viewsOf(operator), ['account', 'keys', 'usage', 'invoices']);
    assert.deepEqual(viewsOf(viewer), ['account', 'invoices']);
    assert.deepEqual([admin, operator].map(mayPay), [true, false]);
});

test('an operator revokes keys of its own only', () => {
    assert.equal(mayWithKeys(operator, 'delete', true), true);
    assert.equal(mayWithKeys(operator, 'delete', false), false);
    assert.equal(mayWithKeys(admin, 'delete', false), true);
    assert.equal(mayWithMembers(operator, 'see'), false);
});

test('a key has no account, and who works for nobody has nothing else', () => {
    assert.deepEqual(viewsOf({ isPerson: false, rights: null, scopes: ['usage:read'] }), ['usage', 'invoices']);
    assert.deepEqual(viewsOf({ isPerson: false, rights: null, scopes: ['missions:read'] }), []);
    assert.deepEqual(viewsOf({ isPerson: true, rights: null, scopes: [] }), ['account']);
    assert.equal(roleName('org_admin'), 'Org admin');
});
