// Progress of a mission by server-sent events over fetch, since an EventSource sends no key. A stream that breaks is
// taken up again where it was left (Last-Event-ID); where streams do not pass, the status is asked for instead.

import { ApiError, getJson, request } from './client.ts';
import type { StatusNews } from './types.ts';

export interface ServerEvent {
    readonly id: string | null;
    readonly name: string;
    readonly data: string;
}

/** Splits a stream of text into events (HTML standard, section 9.2.6); feed it pieces as they come. */
export class EventReader {
    #rest = '';
    #id: string | null = null;
    #name = '';
    #data: string[] = [];

    feed(piece: string): ServerEvent[] {
        const found: ServerEvent[] = [];
        this.#rest += piece;
        // A closing carriage return may be half of an end of line: it waits for the next piece.
        const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
        this.#rest = lines.pop() ?? '';
        for (const line of lines) {
            const event = this.#line(line);
            if (event !== null) {
                found.push(event);
            }
        }
        return found;
    }

    #line(line: string): ServerEvent | null {
        if (line === '') {
            const event = { id: this.#id, name: this.#name || 'message', data: this.#data.join('\n') };
            const isEmpty = this.#data.length === 0;
            this.#name = '';
            this.#data = [];
            return isEmpty ? null : event;
        }
        const colon = line.indexOf(':');
        const field = colon === -1 ? line : line.slice(0, colon);
        const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (field === 'id' && !value.includes('\0')) {
            this.#id = value;
        } else if (field === 'event') {
            this.#name = value;
        } else if (field === 'data') {
            this.#data.push(value);
        }
        return null;
    }
}

const TERMINAL = new Set(['completed', 'failed', 'cancelled', 'withdrawn']);
/** A stream that says nothing for this long is dead: heartbeats come every 15 s. */
const SILENCE_MS = 40_000;
/** How long a stream may take to close after its last event. */
const CLOSING_MS = 500;

/** Follows a mission until it is over or the signal ends it; `onTrouble` hears of a service that is out of reach. */
export async function follow(
    id: string,
    onNews: (news: StatusNews) => void,
    onTrouble: (error: ApiError | null) => void,
    signal: AbortSignal,
): Promise<void> {
    let lastId: string | null = null;
    let failures = 0;
    while (!signal.aborted) {
        try {
            const streamed = await stream(id, lastId, onNews, onTrouble, signal);
            lastId = streamed.lastId;
            if (streamed.isOver) {
                return;
            }
            failures = streamed.heard ? 0 : failures + 1;
        } catch (error) {
            if (signal.aborted) {
                return;
            }
            if (error instanceof ApiError && [401, 403, 404].includes(error.status)) {
                throw error;
            }
            failures += 1;
        }
        if (failures >= 2 && (await poll(id, onNews, onTrouble, signal))) {
            return;
        }
        await pause(Math.min(10_000, 500 * 2 ** failures), signal);
    }
}

async function stream(
    id: string,
    lastId: string | null,
    onNews: (news: StatusNews) => void,
    onTrouble: (error: ApiError | null) => void,
    signal: AbortSignal,
): Promise<{ lastId: string | null; isOver: boolean; heard: boolean }> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    let isOver = false;
    try {
        const response = await request(`v1/missions/${id}/events`, {
            headers: { Accept: 'text/event-stream', ...(lastId !== null && { 'Last-Event-ID': lastId }) },
            signal: AbortSignal.any([signal, silence.signal]),
        });
        if (response.status === 204 || response.body === null) {
            // Nothing to come back for: the state that was seen is the last one.
            return { lastId, isOver: true, heard: true };
        }
        onTrouble(null);
        const reader = new EventReader();
        const decoder = new TextDecoder();
        let heard = false;
        for await (const chunk of chunks(response.body)) {
            clearTimeout(timer);
            timer = setTimeout(() => silence.abort(), SILENCE_MS);
            for (const event of reader.feed(decoder.decode(chunk, { stream: true }))) {
                heard = true;
                lastId = event.id ?? lastId;
                const news = JSON.parse(event.data) as StatusNews;
                onNews(news);
                isOver ||= TERMINAL.has(news.status);
            }
            if (isOver) {
                // The service closes the stream now; one that stays open is left.
                clearTimeout(timer);
                timer = setTimeout(() => silence.abort(), CLOSING_MS);
            }
        }
        return { lastId, isOver, heard };
    } catch (error) {
        if (isOver) {
            return { lastId, isOver, heard: true };
        }
        throw error;
    } finally {
        clearTimeout(timer);
    }
}

/** A body's pieces by its reader: not every browser can walk a stream by itself. */
async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    const reader = body.getReader();
    try {
        for (;;) {
            const { done, value } = await reader.read();
            if (done) {
                return;
            }
            yield value;
        }
    } finally {
        reader.releaseLock();
    }
}

/** Asks once; tells whether the mission is over. */
async function poll(
    id: string,
    onNews: (news: StatusNews) => void,
    onTrouble: (error: ApiError | null) => void,
    signal: AbortSignal,
): Promise<boolean> {
    try {
        const news = await getJson<StatusNews>(`v1/missions/${id}/status`, signal);
        onTrouble(null);
        onNews(news);
        return TERMINAL.has(news.status);
    } catch (error) {
        if (error instanceof ApiError && !signal.aborted) {
            if ([401, 403, 404].includes(error.status)) {
                throw error;
            }
            onTrouble(error);
        }
        return false;
    }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener(
            'abort',
            () => {
                clearTimeout(timer);
                resolve();
            },
            { once: true },
        );
    });
}
