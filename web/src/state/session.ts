// Signing in and out. With a key: it is kept for this browser session and goes by header. With an account: the service keeps
// a cookie in the browser that no script reads; the page keeps only the mark that there is one.

import { ApiError, ask, getJson, keyCredential, setCredential, whenRefused } from '../api/client.ts';
import { alone, Login, type LoginAnswer, refresh } from '../api/login.ts';
import type { Organisation } from '../api/types.ts';
import { isSignedIn, useApp } from './app.ts';
import { keep, recall } from './kept.ts';

/** Whose the cookie is, or that it may have been brought from an identity provider. No secret. */
const MARK = 'login';
const FROM_ELSEWHERE = 'elsewhere';

let login: Login | null = null;

/** Tries a key; keeps it for the session when the service knows it. */
export async function signIn(key: string): Promise<void> {
    setCredential(keyCredential(key));
    try {
        const organisation = await getJson<Organisation>('v1/organisation');
        keep('session', 'key', key);
        useApp.setState({ organisation, refusal: null, offeredKey: null });
    } catch (error) {
        setCredential(null);
        // A key that could only not be asked about stays on offer.
        if (error instanceof ApiError && error.isSignedOut && key === useApp.getState().offeredKey) {
            keep('session', 'key', null);
            useApp.setState({ offeredKey: null });
        }
        throw error;
    }
}

export function keptKey(): string | null {
    return recall('session', 'key');
}

/** Lets whoever has logged in into the page. */
export async function enter(answer: LoginAnswer): Promise<void> {
    login?.stop();
    login = new Login(answer, startAnew);
    setCredential(login);
    try {
        const organisation = answer.organisation === null ? null : await getJson<Organisation>('v1/organisation');
        keep('local', MARK, answer.user);
        const person = { id: answer.user, role: answer.organisation?.role ?? null };
        useApp.setState({ organisation, person, refusal: null, offeredKey: null });
    } catch (error) {
        forget();
        throw error;
    }
}

/** Takes a login of before up again, where the browser is marked to have one. */
export async function resume(): Promise<void> {
    const { offeredKey, link } = useApp.getState();
    if (offeredKey !== null || recall('local', MARK) === null) {
        return;
    }
    useApp.setState({ isResuming: true });
    try {
        await enter(await alone(() => refresh()));
    } catch (error) {
        if (error instanceof ApiError && error.status === 401) {
            const wasHere = recall('local', MARK) !== FROM_ELSEWHERE;
            keep('local', MARK, null);
            const refusal = wasHere && link === null ? 'Your session is over. Please sign in again.' : null;
            useApp.setState({ refusal });
        } else {
            useApp.setState({ refusal: 'The service cannot be reached. Reload the page to stay signed in.' });
        }
    } finally {
        useApp.setState({ isResuming: false });
    }
}

/** Goes to an identity provider, which sends the browser back here. */
export function departTo(address: string): void {
    keep('local', MARK, FROM_ELSEWHERE);
    location.assign(address);
}

/** Works for another organisation from now on: whatever is shown of the one before goes. */
export async function turnTo(organisation: string): Promise<void> {
    await alone(() => refresh(organisation));
    startAnew();
}

/** Signs out at the service, too, and in every tab of this browser. */
export async function signOut(): Promise<void> {
    if (login === null) {
        leave(null);
        return;
    }
    const asked = ask<null>('v1/auth/logout');
    leave(null);
    try {
        await asked;
    } catch {
        const refusal = 'You are signed out here, but the service could not be told: end the session in your account as soon as it can be reached.';
        useApp.setState({ refusal });
    }
}

/** Shows nothing of whoever was signed in any more. */
export function leave(refusal: string | null): void {
    forget();
    keep('local', MARK, null);
    keep('session', 'form', null);
    useApp.setState({ organisation: null, person: null, offeredKey: null, refusal });
}

function forget(): void {
    login?.stop();
    login = null;
    setCredential(null);
    keep('session', 'key', null);
}

function startAnew(): void {
    location.reload();
}

whenRefused(() => {
    if (isSignedIn()) {
        // What was typed stays for whoever signs in again in this session.
        const form = recall('session', 'form');
        const isKey = login === null;
        leave(isKey ? 'The service no longer knows this key. It may have expired or been revoked.' : 'Your session is over. Please sign in again.');
        keep('session', 'form', form);
    }
});

/** Another tab signs out, or somebody else in. */
if (typeof window !== 'undefined') {
    window.addEventListener('storage', (event) => {
        const { person } = useApp.getState();
        if (event.key !== `driftline.${MARK}` || person === null || event.newValue === person.id) {
            return;
        }
        if (event.newValue === null) {
            leave('You signed out in another tab.');
        } else if (event.newValue !== FROM_ELSEWHERE) {
            startAnew();
        }
    });
}
