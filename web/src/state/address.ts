// What the page's address keeps behind the #: view, mission, time, layers and camera, so that a link shows the same
// picture. The key is no part of it: one that is handed over there is taken out before anything else.

import { DEFAULT_LAYERS, layersText, type Layers, parseLayers } from './layers.ts';

export interface Camera {
    readonly zoom: number;
    readonly lat: number;
    readonly lon: number;
}

/** Pages of accounts, in the order in which they are offered. */
export const ACCOUNT_VIEWS = ['account', 'keys', 'members', 'usage', 'invoices'] as const;
export type AccountView = (typeof ACCOUNT_VIEWS)[number];

export interface Address {
    readonly view: 'form' | 'missions' | 'mission' | AccountView;
    readonly mission: string | null;
    /** Milliseconds since 1970. */
    readonly time: number | null;
    readonly layers: Layers;
    readonly camera: Camera | null;
}

const MISSION = /^mis_[0-9a-f]{32}$/;

export function parseAddress(hash: string): Address {
    const values = new URLSearchParams(hash.replace(/^#/, ''));
    const named = values.get('mission') ?? '';
    const mission = MISSION.test(named) ? named : null;
    const time = Date.parse(values.get('t') ?? '');
    const layers = values.get('layers');
    const wanted = values.get('view');
    const view = mission !== null ? 'mission' : wanted === 'missions' || isAccountView(wanted) ? wanted : 'form';
    return {
        view,
        mission,
        time: Number.isNaN(time) ? null : time,
        layers: layers === null ? DEFAULT_LAYERS : parseLayers(layers),
        camera: parseCamera(values.get('map')),
    };
}

/** A key handed over behind the #, and the address without it. */
export function takeKey(hash: string): { readonly key: string | null; readonly rest: string } {
    const isKey = (part: string): boolean => new URLSearchParams(part).has('key');
    const parts = hash.replace(/^#/, '').split('&');
    const found = parts.find(isKey);
    if (found === undefined) {
        return { key: null, rest: hash };
    }
    const rest = parts.filter((part) => !isKey(part)).join('&');
    return { key: new URLSearchParams(found).get('key') || null, rest: rest && `#${rest}` };
}

/** What a link of a mail is for, and what it holds; or why a login elsewhere has failed. */
export interface MailLink {
    readonly what: (typeof LINKS)[number];
    readonly token: string;
}

const LINKS = ['verify-email', 'password-reset', 'invitation', 'login-error'] as const;

/** A token handed over behind the #, and the address without it. */
export function takeLink(hash: string): { readonly link: MailLink | null; readonly rest: string } {
    const parts = hash.replace(/^#/, '').split('&');
    const nameOf = (part: string): MailLink['what'] | undefined => LINKS.find((name) => new URLSearchParams(part).has(name));
    const found = parts.find((part) => nameOf(part) !== undefined);
    const what = found === undefined ? undefined : nameOf(found);
    if (found === undefined || what === undefined) {
        return { link: null, rest: hash };
    }
    const rest = parts.filter((part) => nameOf(part) === undefined).join('&');
    const token = new URLSearchParams(found).get(what);
    return { link: token ? { what, token } : null, rest: rest && `#${rest}` };
}

export function isAccountView(view: string | null): view is AccountView {
    return (ACCOUNT_VIEWS as readonly (string | null)[]).includes(view);
}

export function formatAddress(address: Address): string {
    const parts: string[] = [];
    if (address.view === 'missions' || isAccountView(address.view)) {
        parts.push(`view=${address.view}`);
    }
    if (address.view === 'mission' && address.mission !== null) {
        parts.push(`mission=${address.mission}`);
        if (address.time !== null) {
            parts.push(`t=${new Date(address.time).toISOString().slice(0, 16)}Z`);
        }
        const layers = layersText(address.layers);
        if (layers !== layersText(DEFAULT_LAYERS)) {
            parts.push(`layers=${layers}`);
        }
    }
    if (address.camera !== null) {
        const { zoom, lat, lon } = address.camera;
        parts.push(`map=${zoom.toFixed(2)}/${lat.toFixed(4)}/${lon.toFixed(4)}`);
    }
    return parts.length === 0 ? '' : `#${parts.join('&')}`;
}

function parseCamera(text: string | null): Camera | null {
    const numbers = (text ?? '').split('/').map(Number);
    const [zoom, lat, lon] = numbers;
    if (text === null || numbers.length !== 3 || zoom === undefined || lat === undefined || lon === undefined) {
        return null;
    }
    const isThere = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 90 && Math.abs(lon) <= 360;
    return isThere ? { zoom, lat, lon } : null;
}
