// What the page shows: who is signed in, which view, which layers, and what the form says to the map.

import { create } from 'zustand';

import type { BBox, Organisation } from '../api/types.ts';
import type { Position } from '../geo/position.ts';
import { type Address, type Camera, type MailLink, parseAddress, takeKey, takeLink } from './address.ts';
import { keep, recall } from './kept.ts';
import { type LayerId, type Layers } from './layers.ts';

export type Theme = 'day' | 'night';

/** Who is logged in with an account. */
export interface Person {
    readonly id: string;
    /** In the organisation that the person works for now; `null` where there is none. */
    readonly role: string | null;
}

export interface AppState {
    readonly organisation: Organisation | null;
    /** `null`: nobody, or a key. */
    readonly person: Person | null;
    /** A login of before is being taken up again. */
    readonly isResuming: boolean;
    /** A link of a mail that was opened, until it is used or put aside. */
    readonly link: MailLink | null;
    /** A key to sign in with that nobody has to type: handed over in the address, or kept in this session. */
    readonly offeredKey: string | null;
    /** Why the last key was refused. */
    readonly refusal: string | null;
    readonly view: Address['view'];
    readonly missionId: string | null;
    readonly layers: Layers;
    /** Of pictures from the service, 0 to 1. */
    readonly opacity: number;
    readonly theme: Theme;
    readonly shortcutsOn: boolean;
    readonly camera: Camera | null;
    /** Time that the address asked for, until the mission is there. */
    readonly wantedTime: number | null;
    /** What the form holds, for the map to draw. */
    readonly draft: { readonly position: Position | null; readonly radiusM: number };
    /** A place clicked on the map, for the form to take. */
    readonly picked: Position | null;
    /** Where forcing is, while a mission is written. */
    readonly covered: readonly BBox[];
    readonly isHelpOpen: boolean;
    /** Said aloud by screen readers. */
    readonly spoken: string;
}

const hash = typeof location === 'undefined' ? '' : location.hash;
const linked = takeLink(hash);
const handed = takeKey(linked.rest);
if (handed.rest !== hash) {
    // Before anything is shown or asked: neither key nor token stays in an entry of the history.
    writeAddress(handed.rest);
}
if (handed.rest !== linked.rest) {
    keep('session', 'key', handed.key);
}
const start = parseAddress(handed.rest);

export const useApp = create<AppState>(() => ({
    organisation: null,
    person: null,
    isResuming: false,
    link: linked.link,
    offeredKey: handed.key ?? recall('session', 'key'),
    refusal: null,
    view: start.view,
    missionId: start.mission,
    layers: start.layers,
    opacity: 0.75,
    theme: typeof document !== 'undefined' && document.documentElement.dataset['theme'] === 'night' ? 'night' : 'day',
    shortcutsOn: recall('local', 'shortcuts') !== 'off',
    camera: start.camera,
    wantedTime: start.time,
    draft: { position: null, radiusM: 0 },
    picked: null,
    covered: [],
    isHelpOpen: false,
    spoken: '',
}));

const set = useApp.setState;

/** With a key, or with an account. */
export function isSignedIn({ organisation, person }: Pick<AppState, 'organisation' | 'person'> = useApp.getState()): boolean {
    return organisation !== null || person !== null;
}

export function may(scope: string): boolean {
    return useApp.getState().organisation?.scopes.includes(scope) ?? false;
}

export function show(view: Address['view'], missionId: string | null = null): void {
    set({ view, missionId, wantedTime: null });
}

/** Puts this behind the page's address: over the present entry of the history, or as one to come back from. */
export function writeAddress(text: string, isNew = false): void {
    history[isNew ? 'pushState' : 'replaceState'](null, '', text === '' ? location.pathname + location.search : text);
}

export function toggleLayer(id: LayerId): void {
    set(({ layers }) => ({ layers: { ...layers, [id]: !layers[id] } }));
}

export function setTheme(theme: Theme): void {
    document.documentElement.dataset['theme'] = theme;
    document.documentElement.style.colorScheme = theme === 'night' ? 'dark' : 'light';
    keep('local', 'theme', theme);
    set({ theme });
}

export function toggleTheme(): void {
    setTheme(useApp.getState().theme === 'day' ? 'night' : 'day');
}

export function setShortcuts(on: boolean): void {
    keep('local', 'shortcuts', on ? null : 'off');
    set({ shortcutsOn: on });
}

export function speak(text: string): void {
    // The same words twice are said twice: an empty region between them makes it a change.
    set({ spoken: '' });
    setTimeout(() => set({ spoken: text }), 50);
}
