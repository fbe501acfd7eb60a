// Something that is asked of the service by a button: whether it is under way, and in which words it was refused.

import { useCallback, useState } from 'react';

import { ApiError, reason } from '../api/client.ts';
import type { Violation } from '../api/types.ts';

export interface Act {
    readonly isBusy: boolean;
    readonly error: unknown;
    readonly violations: readonly Violation[];
    /** What is wrong with a field, in the service's words. */
    of(field: string): string | undefined;
    /** Does it; true where it was done. */
    run(work: () => Promise<void>): Promise<boolean>;
}

export function useAct(): Act {
    const [isBusy, setBusy] = useState(false);
    const [error, setError] = useState<unknown>(null);
    const run = useCallback(async (work: () => Promise<void>): Promise<boolean> => {
        setBusy(true);
        setError(null);
        try {
            await work();
            return true;
        } catch (failure) {
            setError(failure);
            return false;
        } finally {
            setBusy(false);
        }
    }, []);
    const violations = error instanceof ApiError ? error.violations : [];
    const of = (field: string): string | undefined => {
        const found = violations.find((one) => one.field === field);
        return found === undefined ? undefined : sentence(found.message);
    };
    return { isBusy, error, violations, of, run };
}

/** Words for people, as a sentence. */
export function sentence(error: unknown): string {
    const text = reason(error);
    return /[.!?”]$/.test(text) ? text : `${text}.`;
}
