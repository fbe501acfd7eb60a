import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EventReader } from './events.ts';

test('events are whole however the stream is cut', () => {
    const text =
        ': heartbeat\n\nid: 7.running.100\nevent: status\ndata: {"a":1}\n\n' +
        'id: 8\r\nevent: status\r\ndata: first\r\ndata: second\r\n\r\nevent: nothing\n\ndata:x\n\n';
    const wanted = [
        { id: '7.running.100', name: 'status', data: '{"a":1}' },
        { id: '8', name: 'status', data: 'first\nsecond' },
        { id: '8', name: 'message', data: 'x' },
    ];
    for (let size = 1; size <= text.length; size += 1) {
        const reader = new EventReader();
        const found = [];
        for (let at = 0; at < text.length; at += size) {
            found.push(...reader.feed(text.slice(at, at + size)));
        }
        assert.deepEqual(found, wanted, `pieces of ${size}`);
    }
});

test('an event that is not finished is not told', () => {
    const reader = new EventReader();
    assert.deepEqual(reader.feed('id: 1\ndata: half'), []);
    assert.deepEqual(reader.feed('\n'), []);
    assert.deepEqual(reader.feed('\n'), [{ id: '1', name: 'message', data: 'half' }]);
});
