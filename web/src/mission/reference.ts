// Object classes and forcing feeds, read once the form is there.

import { useEffect, useState } from 'react';

import { getJson, reason } from '../api/client.ts';
import type { Feed, ObjectType } from '../api/types.ts';
import { useApp } from '../state/app.ts';

export interface Reference {
    readonly types: readonly ObjectType[];
    /** `null` until they are read. */
    readonly feeds: readonly Feed[] | null;
    readonly error: string | null;
    readonly again: () => void;
}

export function useReference(): Reference {
    const [types, setTypes] = useState<readonly ObjectType[]>([]);
    const [feeds, setFeeds] = useState<readonly Feed[] | null>(null);
    const [error, setError] = useState<string | null>(null);
    const [attempt, setAttempt] = useState(0);
    useEffect(() => {
        const stop = new AbortController();
        Promise.all([
            getJson<{ object_types: ObjectType[] }>('v1/object-types', stop.signal),
            getJson<{ feeds: Feed[] }>('v1/feeds', stop.signal),
        ]).then(
            ([classes, held]) => {
                setTypes(classes.object_types);
                setFeeds(held.feeds);
                setError(null);
                useApp.setState({ covered: held.feeds.flatMap((feed) => feed.series.map((series) => series.bbox)) });
            },
            (failure: unknown) => !stop.signal.aborted && setError(reason(failure)),
        );
        return () => stop.abort();
    }, [attempt]);
    return { types, feeds, error, again: () => setAttempt((before) => before + 1) };
}
