import assert from 'node:assert/strict';
import { test } from 'node:test';

import { between, countAt, decodeParticles } from './decode.ts';

/** Three particles at two times: one drifts on, one strands at step 1, one runs out of data at step 0. */
function sample(): ArrayBuffer {
    const positionsAt = 64 + 3 * 2 + 3 + 3;
    const bytes = new ArrayBuffer(positionsAt + 2 * 3 * 4);
    const view = new DataView(bytes);
    new Uint8Array(bytes).set([0x44, 0x4c, 0x50, 0x54]);
    view.setUint16(4, 1, true);
    view.setUint32(8, 3, true);
    view.setUint32(12, 2, true);
    [0.51, 0.28, 0.52, 0.29].forEach((value, index) => view.setFloat64(16 + 8 * index, value, true));
    view.setBigInt64(48, 1_447_632_000n, true);
    view.setUint32(56, 3600, true);
    view.setUint32(60, 64, true);
    [65535, 1, 0].forEach((value, index) => view.setUint16(64 + 2 * index, value, true));
    new Uint8Array(bytes).set([0, 1, 2], 70);
    return bytes;
}

test('the head says what is where', () => {
    const particles = decodeParticles(sample());
    assert.deepEqual([particles.count, particles.steps, particles.stepMs], [3, 2, 3_600_000]);
    assert.equal(particles.from, Date.UTC(2015, 10, 16));
    assert.deepEqual(particles.box, { x0: 0.51, y0: 0.28, x1: 0.52, y1: 0.29 });
    assert.deepEqual([particles.endStepAt, particles.statusAt, particles.positionsAt], [64, 70, 76]);
    assert.deepEqual(countAt(particles, 0), { active: 2, stranded: 0, missing: 1 });
    assert.deepEqual(countAt(particles, 1), { active: 1, stranded: 1, missing: 1 });
});

test('moments lie between steps and stay within them', () => {
    const particles = decodeParticles(sample());
    const at = (hours: number) => between(particles, particles.from + hours * 3_600_000);
    assert.deepEqual(at(0.25), { step: 0, fraction: 0.25 });
    assert.deepEqual(at(1), { step: 0, fraction: 1 });
    assert.deepEqual(at(-3), { step: 0, fraction: 0 });
    assert.deepEqual(at(9), { step: 0, fraction: 1 });
});

test('what is cut off, of another version or of another kind is refused', () => {
    const broken: [(view: DataView, bytes: ArrayBuffer) => ArrayBuffer, RegExp][] = [
        [(_, bytes) => bytes.slice(0, 40), /less than a head/],
        [(_, bytes) => bytes.slice(0, 90), /90 bytes for 3 particles at 2 times/],
        [(view, bytes) => (view.setUint8(0, 0), bytes), /DLPT/],
        [(view, bytes) => (view.setUint16(4, 2, true), bytes), /version 2/],
        [(view, bytes) => (view.setUint32(8, 4_000_000_000, true), bytes), /4000000000 particles/],
        [(view, bytes) => (view.setFloat64(16, Number.NaN, true), bytes), /box or times/],
        [(view, bytes) => (view.setUint32(56, 0, true), bytes), /box or times/],
        [(view, bytes) => (view.setUint32(60, 66, true), bytes), /100 bytes/],
    ];
    for (const [breakIt, reason] of broken) {
        const bytes = sample();
        assert.throws(() => decodeParticles(breakIt(new DataView(bytes), bytes)), reason);
    }
});
