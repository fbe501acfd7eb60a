import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pictureNotes } from './pictures.ts';

const at = (hour: number): number => Date.UTC(2015, 10, 17, hour);

test('a picture of another time says so, one of the shown time and one that is not there do not', () => {
    const pictures = {
        probability: { time: at(16), isFailed: false },
        wind: { time: at(4), isFailed: false },
        waves: { time: null, isFailed: false },
    };
    assert.deepEqual(pictureNotes(pictures, at(4)), ['Probability of 17 Nov 16:00 UTC']);
    assert.deepEqual(pictureNotes({}, at(4)), []);
});

test('a picture that cannot be read says so, beside the time of the one that is left', () => {
    assert.deepEqual(pictureNotes({ currents: { time: null, isFailed: true } }, at(4)), ['Currents cannot be read']);
    assert.deepEqual(pictureNotes({ currents: { time: at(3), isFailed: true } }, at(4)), [
        'Currents of 17 Nov 03:00 UTC',
        'Currents cannot be read',
    ]);
});
