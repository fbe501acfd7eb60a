// The time of day for what is said in words ("3 h old now"): one shared ticker, so that an open page does not freeze its
// ages, and two numbers on the page never mean two nows.

import { useSyncExternalStore } from 'react';

const EVERY_MS = 30_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer = 0;

function tick(): void {
    now = Date.now();
    listeners.forEach((listener) => listener());
}

function listen(listener: () => void): () => void {
    if (listeners.size === 0) {
        timer = window.setInterval(tick, EVERY_MS);
        // A tab that was hidden had its timers slowed or stopped.
        document.addEventListener('visibilitychange', tick);
    }
    listeners.add(listener);
    return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
            clearInterval(timer);
            document.removeEventListener('visibilitychange', tick);
        }
    };
}

/** Nobody may have listened for a while before the first reader asks. */
function current(): number {
    if (listeners.size === 0 && Date.now() - now > EVERY_MS) {
        now = Date.now();
    }
    return now;
}

/** Milliseconds since 1970; changes every 30 s and when the tab is seen again. */
export function useNow(): number {
    return useSyncExternalStore(listen, current);
}
