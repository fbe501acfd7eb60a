// Requests to the service that this page came from, whatever path it lies under. The key goes by header, never into an
// address; what goes wrong comes back as one kind of error with words for people.

import type { Violation } from './types.ts';

/** Where the page lies: every request begins here. */
export const ROOT: string = typeof document === 'undefined' ? 'http://localhost/' : new URL('.', document.baseURI).href;

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
        return this.status === 401;
    }
}

let key: string | null = null;
let onRefusedKey: () => void = () => undefined;

export function setKey(value: string | null): void {
    key = value;
}

/** What happens when the service does not know the key any more. */
export function whenKeyIsRefused(act: () => void): void {
    onRefusedKey = act;
}

export function keyHeaders(): Record<string, string> {
    return key === null ? {} : { 'X-API-Key': key };
}

/** Any answer that is a good one; everything else is thrown. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
        response = await fetch(ROOT + path, {
            ...init,
            credentials: 'omit',
            headers: { ...keyHeaders(), ...(init.headers as Record<string, string> | undefined) },
        });
    } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') {
            throw error;
        }
        throw new ApiError('the service cannot be reached');
    }
    if (response.ok) {
        return response;
    }
    const problem = await readProblem(response);
    if (problem.isSignedOut && key !== null) {
        onRefusedKey();
    }
    throw problem;
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
    const response = await request(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
        ...(signal && { signal }),
    });
    return (await response.json()) as T;
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
