// The one clock of a result: every layer and number reads its time here. It ticks outside of React, by animation frames;
// what depends on whole output steps hears of a change only when the step changes.

import { createStore } from 'zustand/vanilla';

/** Hours of forecast per second of play. */
export const SPEEDS = [0.5, 1, 2, 4, 8] as const;

export interface ClockState {
    /** Shown moment, milliseconds since 1970; between `from` and `until`. */
    readonly now: number;
    readonly from: number;
    readonly until: number;
    /** Between two output times; at least 1. */
    readonly stepMs: number;
    readonly isPlaying: boolean;
    /** Hours of forecast per second. */
    readonly speed: number;
}

const HOUR = 3_600_000;

export const clock = createStore<ClockState>(() => ({
    now: 0,
    from: 0,
    until: 0,
    stepMs: HOUR,
    isPlaying: false,
    speed: 2,
}));

/** The output step nearest to a moment. */
export function stepAt({ now, from, until, stepMs }: ClockState): number {
    const last = Math.floor((until - from) / stepMs + 1e-6);
    return Math.min(last, Math.max(0, Math.round((now - from) / stepMs)));
}

/** Steps of the result, the first included. */
export function stepCount({ from, until, stepMs }: ClockState): number {
    return Math.floor((until - from) / stepMs + 1e-6) + 1;
}

export function span(from: number, until: number, stepMs: number, now: number): void {
    clock.setState({ from, until, stepMs: Math.max(1, stepMs), isPlaying: false });
    seek(now);
}

/** Shows a moment, held within the result's times. */
export function seek(ms: number): void {
    const { from, until } = clock.getState();
    clock.setState({ now: Math.min(until, Math.max(from, ms)) });
}

/** Goes this many steps on or back, from the nearest one. */
export function goSteps(count: number): void {
    const state = clock.getState();
    clock.setState({ isPlaying: false });
    seek(state.from + (stepAt(state) + count) * state.stepMs);
}

/** Goes this many hours on or back. */
export function goHours(hours: number): void {
    clock.setState({ isPlaying: false });
    seek(clock.getState().now + hours * HOUR);
}

/** Starts or stops; at the end it starts over. */
export function togglePlay(): void {
    const { now, from, until, isPlaying } = clock.getState();
    if (!isPlaying && now >= until) {
        clock.setState({ now: from });
    }
    clock.setState({ isPlaying: !isPlaying && until > from });
}

/**
 * The moment after this much play. With `inSteps` (for readers who want less motion) only whole steps are shown: the
 * time that has not made a step yet is handed back as `carry`.
 */
export function advance(
    state: ClockState,
    elapsedMs: number,
    carry: number,
    inSteps: boolean,
): { now: number; carry: number; isOver: boolean } {
    const gained = carry + elapsedMs * state.speed * (HOUR / 1000);
    if (!inSteps) {
        const now = Math.min(state.until, state.now + gained);
        return { now, carry: 0, isOver: now >= state.until };
    }
    const steps = Math.floor(gained / state.stepMs);
    const now = Math.min(state.until, state.now + steps * state.stepMs);
    return { now, carry: gained - steps * state.stepMs, isOver: now >= state.until };
}

/** Runs the clock while it plays; hands back what stops it for good. */
export function runClock(): () => void {
    let frame = 0;
    let last = 0;
    let carry = 0;
    const wantsLess = matchMedia('(prefers-reduced-motion: reduce)');
    const tick = (at: number): void => {
        const state = clock.getState();
        if (!state.isPlaying) {
            frame = 0;
            return;
        }
        // A tab that was asleep does not jump hours ahead.
        const elapsed = Math.min(250, at - last);
        last = at;
        const next = advance(state, elapsed, carry, wantsLess.matches);
        carry = next.carry;
        if (next.now !== state.now || next.isOver) {
            clock.setState({ now: next.now, isPlaying: !next.isOver });
        }
        frame = requestAnimationFrame(tick);
    };
    const stop = clock.subscribe((state, before) => {
        if (state.isPlaying && !before.isPlaying && frame === 0) {
            last = performance.now();
            carry = 0;
            frame = requestAnimationFrame(tick);
        }
    });
    return () => {
        stop();
        cancelAnimationFrame(frame);
    };
}
