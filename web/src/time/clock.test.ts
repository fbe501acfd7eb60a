import assert from 'node:assert/strict';
import { test } from 'node:test';

import { advance, clock, goHours, goSteps, runClock, seek, span, stepAt, stepCount, togglePlay } from './clock.ts';

const HOUR = 3_600_000;

test('steps stay within the result', () => {
    span(0, 24 * HOUR, HOUR, 5.4 * HOUR);
    assert.equal(stepCount(clock.getState()), 25);
    assert.equal(stepAt(clock.getState()), 5);
    goSteps(1);
    assert.equal(clock.getState().now, 6 * HOUR);
    goHours(-12);
    assert.equal(clock.getState().now, 0);
    seek(99 * HOUR);
    assert.equal(stepAt(clock.getState()), 24);
    goSteps(1);
    assert.equal(clock.getState().now, 24 * HOUR);
});

test('a run that was cut short within a step has its whole steps only', () => {
    span(0, 5.5 * HOUR, HOUR, 9 * HOUR);
    assert.equal(stepCount(clock.getState()), 6);
    assert.equal(stepAt(clock.getState()), 5);
});

test('play starts over at the end and not without a span', () => {
    span(0, 2 * HOUR, HOUR, 2 * HOUR);
    togglePlay();
    assert.deepEqual([clock.getState().isPlaying, clock.getState().now], [true, 0]);
    togglePlay();
    assert.equal(clock.getState().isPlaying, false);
    span(0, 0, HOUR, 0);
    togglePlay();
    assert.equal(clock.getState().isPlaying, false);
});

test('play is smooth, or in whole steps where less motion is wanted', () => {
    span(0, 2 * HOUR, HOUR, 0);
    const state = { ...clock.getState(), speed: 2 };
    assert.deepEqual(advance(state, 250, 0, false), { now: HOUR / 2, carry: 0, isOver: false });
    assert.deepEqual(advance(state, 5000, 0, false), { now: 2 * HOUR, carry: 0, isOver: true });
    assert.deepEqual(advance(state, 250, 0, true), { now: 0, carry: HOUR / 2, isOver: false });
    assert.deepEqual(advance(state, 250, HOUR / 2, true), { now: HOUR, carry: 0, isOver: false });
});

test('a clock that is paused between two frames stays paused', () => {
    const frames: FrameRequestCallback[] = [];
    const browser = {
        requestAnimationFrame: (act: FrameRequestCallback) => frames.push(act),
        cancelAnimationFrame: () => undefined,
        matchMedia: () => ({ matches: false }),
    };
    Object.assign(globalThis, browser);
    const stop = runClock();
    span(0, 24 * HOUR, HOUR, 0);
    const frame = (): void => frames.shift()?.(performance.now() + 100);
    togglePlay();
    frame();
    assert.ok(clock.getState().now > 0);
    togglePlay();
    const paused = clock.getState().now;
    frame();
    assert.deepEqual([clock.getState().now, clock.getState().isPlaying, frames.length], [paused, false, 0]);
    togglePlay();
    frame();
    assert.ok(clock.getState().now > paused);
    stop();
});
