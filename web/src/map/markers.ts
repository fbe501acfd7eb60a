// Marks of the page on the map: the last known position, the datum of the moment, and the labels of the areas. They are
// elements, moved by the browser, so that a step of the clock uploads nothing.

import { type Map as MapLibre, Marker } from 'maplibre-gl';

import type { Position } from '../geo/position.ts';
import type { Area, Step } from '../result/data.ts';
import { LEVELS, type Level, type Layers } from '../state/layers.ts';
import { nearLon } from './gl.ts';

/**
 * Where each label stands on its area: to the north, the east, the south, outside of the line and on a short leader
 * (`.mark-area` in the style sheet). One area holds the other, so no label lies on another, however small they are.
 */
const SIDES: Readonly<Record<Level, readonly [number, number]>> = { 50: [0, 1], 90: [1, 0.3], 95: [-0.4, -1] };
const PLACES = {
    50: { anchor: 'bottom', offset: [0, -16] },
    90: { anchor: 'left', offset: [28, 0] },
    95: { anchor: 'top', offset: [0, 16] },
} as const;

export class Markers {
    readonly #map: MapLibre;
    readonly #start = marker('mark-start', 'Last known position');
    readonly #datum = marker('mark-datum', 'Datum');
    readonly #labels = LEVELS.map((level) => ({ level, marker: marker(`mark-area mark-area-${level}`, `${level} %`, level) }));
    readonly #on = new Set<Marker>();

    constructor(map: MapLibre) {
        this.#map = map;
    }

    showStart(position: Position | null): void {
        this.#put(this.#start, position);
    }

    showStep(step: Step | null, layers: Layers): void {
        this.#put(this.#datum, step?.datum ?? null);
        for (const { level, marker } of this.#labels) {
            const area = layers[`area${level}`] ? step?.areas.find((one) => one.level === level) : undefined;
            this.#put(marker, area === undefined ? null : edgeOf(area));
        }
    }

    #put(one: Marker, position: Position | null): void {
        if (position === null) {
            one.remove();
            this.#on.delete(one);
            return;
        }
        one.setLngLat([position.lon, position.lat]);
        if (!this.#on.has(one)) {
            one.addTo(this.#map);
            this.#on.add(one);
        }
    }
}

function marker(className: string, text: string, level?: Level): Marker {
    const element = document.createElement('div');
    element.className = `mark ${className}`;
    // The same facts stand in the panel as text.
    element.ariaHidden = 'true';
    if (level !== undefined) {
        element.textContent = text;
    } else {
        element.title = text;
    }
    const made = new Marker({ element, ...(level !== undefined && { anchor: PLACES[level].anchor, offset: [...PLACES[level].offset] }) });
    // Marks are no controls: they neither take the focus nor a role.
    element.removeAttribute('tabindex');
    element.removeAttribute('role');
    return made;
}

/** The point of an area that lies farthest to its label's side. */
function edgeOf(area: Area): Position | null {
    const [east, north] = SIDES[area.level];
    let best: Position | null = null;
    let farthest = -Infinity;
    const reference = area.polygons[0]?.[0]?.[0]?.[0] ?? 0;
    for (const polygon of area.polygons) {
        for (const [own, lat] of polygon[0] ?? []) {
            const lon = nearLon(own, reference);
            const reach = lon * east * Math.cos((lat * Math.PI) / 180) + lat * north;
            if (reach > farthest) {
                farthest = reach;
                best = { lat, lon };
            }
        }
    }
    return best;
}
