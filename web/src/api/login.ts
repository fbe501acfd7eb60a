// Who is logged in with an account. The access token is kept in memory only; a cookie that no script reads renews it:
// before it ends, and once after a refusal. Tabs share the cookie, so that one renews at a time.

import { ApiError, ask, type Credential } from './client.ts';

/** What the service answers to whoever has logged in. */
export interface LoginAnswer {
    readonly access_token: string;
    /** Seconds. */
    readonly expires_in: number;
    readonly session: string;
    readonly user: string;
    readonly organisation: { readonly id: string; readonly name: string; readonly role: string } | null;
}

/** A token is renewed when this much of its life is over. */
const RENEWED_AT = 0.8;
/** After a failure the next try waits so long. */
const AGAIN_MS = 30_000;
const LOCK = 'driftline-refresh';

export class Login implements Credential {
    #answer: LoginAnswer;
    #renewAt = 0;
    #timer: ReturnType<typeof setTimeout> | undefined;
    #renewing: Promise<boolean> | null = null;
    readonly #onOther: () => void;

    /** `onOther` hears that the cookie has become somebody else's, or another organisation's. */
    constructor(answer: LoginAnswer, onOther: () => void) {
        this.#answer = answer;
        this.#onOther = onOther;
        this.#hold(answer);
    }

    headers(): Record<string, string> {
        return { Authorization: `Bearer ${this.#answer.access_token}` };
    }

    ready(): Promise<void> | null {
        if (Date.now() < this.#renewAt) {
            return null;
        }
        // A token that could not be renewed may still be good: the service says whether it is.
        return this.#renew().then(
            () => undefined,
            () => undefined,
        );
    }

    renew(refused: Record<string, string>): Promise<boolean> {
        const isNewer = refused['Authorization'] !== this.headers()['Authorization'];
        return isNewer ? Promise.resolve(true) : this.#renew();
    }

    /** Renews no more. */
    stop(): void {
        clearTimeout(this.#timer);
        this.#renewAt = Infinity;
    }

    #hold(answer: LoginAnswer): void {
        this.#answer = answer;
        this.#wait(answer.expires_in * 1000 * RENEWED_AT);
    }

    #wait(ms: number): void {
        this.#renewAt = Date.now() + ms;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => void this.#renew().catch(() => undefined), ms);
    }

    /** One at a time; false where the session is over, an error where that cannot be said. */
    #renew(): Promise<boolean> {
        this.#renewing ??= alone(() => this.#refresh()).finally(() => {
            this.#renewing = null;
        });
        return this.#renewing;
    }

    async #refresh(): Promise<boolean> {
        try {
            const answer = await refresh();
            const isOther = answer.user !== this.#answer.user || answer.organisation?.id !== this.#answer.organisation?.id;
            if (isOther) {
                this.stop();
                this.#onOther();
                // The page is left: nobody is to be told that this login is over.
                return await new Promise<boolean>(() => undefined);
            }
            this.#hold(answer);
            return true;
        } catch (error) {
            if (error instanceof ApiError && error.status === 401) {
                this.stop();
                return false;
            }
            this.#wait(AGAIN_MS);
            throw error;
        }
    }
}

/** New tokens for the cookie; with a name, for this organisation of the person. */
export function refresh(organisation?: string): Promise<LoginAnswer> {
    return ask<LoginAnswer>('v1/auth/refresh', organisation === undefined ? {} : { organisation });
}

/** Runs while no other tab of this browser does; where there are no locks, the service bears two within ten seconds. */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
    return typeof navigator !== 'undefined' && 'locks' in navigator ? await navigator.locks.request(LOCK, work) : await work();
}
