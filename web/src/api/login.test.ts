import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { getJson, keyCredential, setCredential, shownHeaders, whenRefused } from './client.ts';
import { Login, type LoginAnswer } from './login.ts';

const plain = globalThis.fetch;
const answer = (token: string, user = 'ada', expires_in = 3600): LoginAnswer => ({
    access_token: token,
    expires_in,
    session: 'ses_1',
    user,
    organisation: { id: 'org_1', name: 'coastguard', role: 'viewer' },
});

/** A service that knows one token, and what each refresh answers. */
function serve(known: { token: string }, refreshes: (LoginAnswer | number)[]): { asked: string[] } {
    const asked: string[] = [];
    globalThis.fetch = (input, init) => {
        const path = new URL(String(input)).pathname;
        const shown = new Headers(init?.headers).get('authorization') ?? '';
        asked.push(`${path} ${shown} ${init?.credentials}`);
        const refuse = (status: number, code: string) =>
            Promise.resolve(new Response(JSON.stringify({ detail: code, code }), { status, headers: { 'content-type': 'application/json' } }));
        if (path === '/v1/auth/refresh') {
            const next = refreshes.shift() ?? 401;
            return typeof next === 'number' ? refuse(next, 'session_over') : Promise.resolve(Response.json(next));
        }
        return shown === `Bearer ${known.token}` ? Promise.resolve(Response.json({ by: shown })) : refuse(401, 'unauthenticated');
    };
    return { asked };
}

let login: Login | null = null;
function begin(first: LoginAnswer): { refusals: number; others: number } {
    const heard = { refusals: 0, others: 0 };
    login = new Login(first, () => (heard.others += 1));
    setCredential(login);
    whenRefused(() => (heard.refusals += 1));
    return heard;
}

afterEach(() => {
    login?.stop();
    setCredential(null);
    globalThis.fetch = plain;
});

test('a refused token is renewed once, and the request goes again', async () => {
    const { asked } = serve({ token: 'two' }, [answer('two')]);
    const heard = begin(answer('one'));
    assert.deepEqual(await getJson('v1/missions'), { by: 'Bearer two' });
    assert.deepEqual(asked, ['/v1/missions Bearer one omit', '/v1/auth/refresh  same-origin', '/v1/missions Bearer two omit']);
    assert.equal(heard.refusals, 0);
});

test('many requests that are refused at once renew once', async () => {
    const { asked } = serve({ token: 'two' }, [answer('two')]);
    begin(answer('one'));
    await Promise.all([1, 2, 3, 4].map(() => getJson('v1/missions')));
    assert.equal(asked.filter((one) => one.startsWith('/v1/auth/refresh')).length, 1);
});

test('a token that is nearly over is renewed before anything is sent, for the map too', async () => {
    const { asked } = serve({ token: 'two' }, [answer('two')]);
    begin(answer('one', 'ada', 0));
    const headers = shownHeaders();
    assert.ok(headers instanceof Promise, 'the map waits');
    assert.deepEqual(await headers, { Authorization: 'Bearer two' });
    await getJson('v1/missions');
    assert.deepEqual(asked, ['/v1/auth/refresh  same-origin', '/v1/missions Bearer two omit']);
});

test('a session that is over signs out, a service that is out of reach does not', async () => {
    serve({ token: 'two' }, [401]);
    const heard = begin(answer('one'));
    await assert.rejects(getJson('v1/missions'), { status: 401 });
    assert.equal(heard.refusals, 1);

    serve({ token: 'two' }, [503, answer('two')]);
    const other = begin(answer('one'));
    await assert.rejects(getJson('v1/missions'), { status: 503 });
    assert.equal(other.refusals, 0);
    assert.deepEqual(await getJson('v1/missions'), { by: 'Bearer two' });
});

test('a cookie that became somebody else’s is not used', async () => {
    const { asked } = serve({ token: 'bobs' }, [answer('bobs', 'bob')]);
    const heard = begin(answer('one'));
    const asking = getJson('v1/missions');
    const late = new Promise((done) => setTimeout(() => done('nothing'), 50));
    assert.equal(await Promise.race([asking, late]), 'nothing');
    assert.deepEqual([heard.others, heard.refusals], [1, 0]);
    assert.ok(!asked.some((one) => one.includes('bobs')));
});

test('a key is not renewed, and a wrong password signs nobody out', async () => {
    const { asked } = serve({ token: 'none' }, []);
    const heard = begin(answer('one'));
    setCredential(keyCredential('dls_a'));
    await assert.rejects(getJson('v1/missions'), { status: 401 });
    assert.deepEqual([asked.length, heard.refusals], [1, 1]);

    globalThis.fetch = () => Promise.resolve(new Response('{"detail":"no","code":"wrong_credentials"}', { status: 401 }));
    setCredential(login);
    await assert.rejects(getJson('v1/users/me'), { code: 'wrong_credentials' });
    assert.equal(heard.refusals, 1);
});
