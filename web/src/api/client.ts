// Requests to the service that this page came from, whatever path it lies under. The credential goes by header, never into
// an address; what goes wrong comes back as one kind of error with words for people.

import type { Violation } from './types.ts';

/** Where the page lies: every request begins here. */
export const ROOT: string = typeof document === 'undefined' ? 'http://localhost/' : new URL('.', document.baseURI).href;

/** Refusals of what a person has just typed. Whoever is signed in stays so. */
const ABOUT_TYPED = new Set([
    'wrong_credentials', 'password_needed', 'recent_login_needed', 'second_factor_needed', 'second_factor_wrong',
]);

/** Why a request has no answer that can be used. */
export class ApiError extends Error {
    /** 0 when there was no answer at all. */
    readonly status: number;
    readonly code: string;
    readonly violations: readonly Violation[];
    readonly requestId: string | null;

    constructor(message: string, about: Partial<Pick<ApiError, 'status' | 'code' | 'violations' | 'requestId'>> = {}) {
        super(message);
        this.status = about.status ?? 0;
        this.code = about.code ?? 'unreachable';
        this.violations = about.violations ?? [];
        this.requestId = about.requestId ?? null;
    }

    get isUnreachable(): boolean {
        return this.code === 'unreachable';
    }

    get isSignedOut(): boolean {
        return this.status === 401 && !ABOUT_TYPED.has(this.code);
    }
}

/** What a request shows of who sends it. */
export interface Credential {
    headers(): Record<string, string>;
    /** To be waited for where a newer one is due; `null`: it can be shown now. */
    ready(): Promise<void> | null;
    /** After these headers were refused: whether there are others to try, once. */
    renew(refused: Record<string, string>): Promise<boolean>;
}

let credential: Credential | null = null;
let onRefused: () => void = () => undefined;

export function setCredential(value: Credential | null): void {
    credential = value;
}

/** A key is what it is: there is no newer one. */
export function keyCredential(key: string): Credential {
    return { headers: () => ({ 'X-API-Key': key }), ready: () => null, renew: () => Promise.resolve(false) };
}

/** What happens when the service does not know the credential any more. */
export function whenRefused(act: () => void): void {
    onRefused = act;
}

/** The headers of a request that somebody else sends, such as the map. */
export function shownHeaders(): Record<string, string> | Promise<Record<string, string>> {
    const wait = credential?.ready() ?? null;
    return wait === null ? (credential?.headers() ?? {}) : wait.then(() => credential?.headers() ?? {});
}

/** Any answer that is a good one; everything else is thrown. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const by = credential;
    await by?.ready();
    const shown = by?.headers() ?? {};
    const first = await send(path, init, shown);
    if (first.ok) {
        return first;
    }
    const problem = await readProblem(first);
    if (!problem.isSignedOut || by === null) {
        throw problem;
    }
    if (by !== credential || !(await by.renew(shown))) {
        // Of somebody who has left meanwhile nothing is to be said.
        if (by === credential) {
            onRefused();
        }
        throw problem;
    }
    return good(await send(path, init, by.headers()));
}

/** Asks what anybody may ask. The session's cookie goes along to where it is for; the credential does not. */
export async function ask<T>(path: string, body: unknown = {}): Promise<T> {
    const init: RequestInit = {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
        credentials: 'same-origin',
    };
    return read<T>(await good(await send(path, init, {})));
}

async function send(path: string, init: RequestInit, shown: Record<string, string>): Promise<Response> {
    try {
        return await fetch(ROOT + path, {
            credentials: 'omit',
            ...init,
            headers: { ...shown, ...(init.headers as Record<string, string> | undefined) },
        });
    } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') {
            throw error;
        }
        throw new ApiError('the service cannot be reached');
    }
}

async function good(response: Response): Promise<Response> {
    if (response.ok) {
        return response;
    }
    throw await readProblem(response);
}

/** What an answer holds; one without content holds nothing. */
async function read<T>(response: Response): Promise<T> {
    return (response.status === 204 ? null : await response.json()) as T;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
    const response = await request(path, { headers: { Accept: 'application/json' }, ...(signal && { signal }) });
    return (await response.json()) as T;
}

export async function postJson<T>(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
): Promise<T> {
    return change<T>('POST', path, body, headers, signal);
}

/** Makes, changes or takes away. */
export async function change<T>(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown = {},
    headers: Record<string, string> = {},
    signal?: AbortSignal,
): Promise<T> {
    const response = await request(path, {
        method,
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
        ...(signal && { signal }),
    });
    return read<T>(response);
}

/** Every feature of a collection, page by page. */
export async function getFeatures<T>(path: string, signal: AbortSignal): Promise<T[]> {
    const all: T[] = [];
    let cursor: string | null = null;
    do {
        const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const page: { features: T[]; links: { rel: string; href: string }[] } = await getJson(
            `${path}?limit=10000${at}`,
            signal,
        );
        all.push(...page.features);
        const next = page.links.find((link) => link.rel === 'next');
        // Only where to go on is taken from the link: the address is the page's own.
        cursor = next === undefined ? null : new URL(next.href).searchParams.get('cursor');
    } while (cursor !== null);
    return all;
}

async function readProblem(response: Response): Promise<ApiError> {
    const text = await response.text().catch(() => '');
    const about = { status: response.status, requestId: response.headers.get('x-request-id') };
    try {
        const problem = JSON.parse(text) as { detail?: string; code?: string; details?: Violation[] };
        const violations = Array.isArray(problem.details) ? problem.details : [];
        const message = problem.detail ?? `the service answered ${response.status}`;
        return new ApiError(message, { ...about, code: problem.code ?? 'unknown', violations });
    } catch {
        return new ApiError(`the service answered ${response.status} ${response.statusText}`.trim(), {
            ...about,
            code: 'unknown',
        });
    }
}

/** Words for people, for whatever was thrown. */
export function reason(error: unknown): string {
    const text = error instanceof Error ? error.message : String(error);
    return text.charAt(0).toUpperCase() + text.slice(1);
}
