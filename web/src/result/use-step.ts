// The output step of the moment: components hear of it only when it changes.

import { useStore } from 'zustand';

import { clock, stepAt } from '../time/clock.ts';
import type { Result, Step } from './data.ts';

export function useStep(result: Result): Step | null {
    const index = useStore(clock, stepAt);
    return result.steps[Math.min(index, result.steps.length - 1)] ?? null;
}
