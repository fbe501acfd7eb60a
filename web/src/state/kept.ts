// What a browser keeps: for the session (the key, the form) or for good (theme, shortcuts). A browser that keeps nothing
// still shows the page.

export function recall(store: 'session' | 'local', name: string): string | null {
    try {
        return storage(store).getItem(`driftline.${name}`);
    } catch {
        return null;
    }
}

export function keep(store: 'session' | 'local', name: string, value: string | null): void {
    try {
        if (value === null) {
            storage(store).removeItem(`driftline.${name}`);
        } else {
            storage(store).setItem(`driftline.${name}`, value);
        }
    } catch {
        // Full or forbidden: nothing is lost but the memory.
    }
}

function storage(store: 'session' | 'local'): Storage {
    return store === 'session' ? sessionStorage : localStorage;
}
