// Something that a page reads from the service when it opens, and again when it has changed it.

import { useCallback, useEffect, useState } from 'react';

import { getJson } from '../api/client.ts';

export interface Load<T> {
    /** `null` until the first answer. */
    readonly value: T | null;
    readonly error: unknown;
    readonly again: () => void;
}

/** `path` of `null` reads nothing. */
export function useLoad<T>(path: string | null): Load<T> {
    const [value, setValue] = useState<T | null>(null);
    const [error, setError] = useState<unknown>(null);
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        if (path === null) {
            return undefined;
        }
        const stop = new AbortController();
        getJson<T>(path, stop.signal).then(
            (found) => {
                setValue(found);
                setError(null);
            },
            (failure: unknown) => !stop.signal.aborted && setError(failure),
        );
        return () => stop.abort();
    }, [path, turn]);
    const again = useCallback(() => setTurn((before) => before + 1), []);
    return { value, error, again };
}
