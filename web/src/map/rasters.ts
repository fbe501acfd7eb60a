// Probability and forcing as pictures from the service, one step at a time. Each layer has two sources: the one that is
// seen, and one that loads the next step unseen; they change places when the next step is complete, so that nothing
// blinks while the clock runs.

import type { Map as MapLibre, RasterTileSource } from 'maplibre-gl';

import { ROOT } from '../api/client.ts';
import { type RasterId, RASTERS } from '../state/layers.ts';
import { iso } from '../time/utc.ts';
import type { Palette } from './palette.ts';

interface Shown {
    readonly missionId: string;
    /** Source and time that is seen; `null` while the first one loads. */
    front: { slot: 0 | 1; time: number } | null;
    /** Source and time that loads. */
    back: { slot: 0 | 1; time: number } | null;
}

export interface Look {
    readonly opacity: number;
    readonly palette: Palette;
}

/** Layers drawn over the pictures: they go below the first of these. */
const BELOW = 'land';

export class Rasters {
    readonly #map: MapLibre;
    readonly #shown = new Map<RasterId, Shown>();
    /** The time that each layer should be of. */
    readonly #wanted = new Map<RasterId, number>();
    #look: Look;

    constructor(map: MapLibre, look: Look) {
        this.#map = map;
        this.#look = look;
        // Idle is told between frames of a running clock, too: whenever everything that was asked for is there.
        map.on('idle', () => this.#settle());
    }

    /** Shows these layers of a mission at a time; all others go. */
    show(missionId: string | null, wanted: ReadonlySet<RasterId>, time: number, stepMs: number, until: number): void {
        for (const id of RASTERS) {
            const shown = this.#shown.get(id);
            if (missionId === null || !wanted.has(id)) {
                this.#remove(id);
            } else if (shown === undefined || shown.missionId !== missionId) {
                this.#remove(id);
                this.#shown.set(id, { missionId, front: null, back: null });
                this.#load(id, 0, time);
            } else {
                this.#turnTo(id, shown, time, Math.min(until, time + stepMs));
            }
        }
    }

    setLook(look: Look): void {
        this.#look = look;
        for (const id of this.#shown.keys()) {
            this.#paint(id);
        }
    }

    /** Forgets everything: the map lost its graphics card and its sources with it. */
    forget(): void {
        this.#shown.clear();
    }

    /** The time a layer is really of; `null` while it loads. */
    timeOf(id: RasterId): number | null {
        return this.#shown.get(id)?.front?.time ?? null;
    }

    #turnTo(id: RasterId, shown: Shown, time: number, next: number): void {
        const { front, back } = shown;
        this.#wanted.set(id, time);
        if (front?.time === time) {
            if (next !== time && back?.time !== next) {
                this.#load(id, front.slot === 0 ? 1 : 0, next);
            }
            return;
        }
        if (back?.time !== time) {
            this.#load(id, front === null ? (back?.slot ?? 0) : front.slot === 0 ? 1 : 0, time);
        }
        this.#settle();
    }

    #load(id: RasterId, slot: 0 | 1, time: number): void {
        const shown = this.#shown.get(id);
        if (shown === undefined) {
            return;
        }
        shown.back = { slot, time };
        if (shown.front === null) {
            this.#wanted.set(id, time);
        }
        const name = sourceName(id, slot);
        const path = `${ROOT}missions/${shown.missionId}/tiles/${id}/{z}/{x}/{y}`;
        const tiles = [`${path}${devicePixelRatio >= 1.5 ? '@2x' : ''}.png?datetime=${iso(time)}`];
        const source = this.#map.getSource<RasterTileSource>(name);
        if (source !== undefined) {
            source.setTiles(tiles);
            return;
        }
        this.#map.addSource(name, { type: 'raster', tiles, tileSize: 256, maxzoom: 14 });
        const paint = { 'raster-opacity': 0, 'raster-fade-duration': 0, 'raster-resampling': 'linear' } as const;
        const below = [BELOW, 'graticule'].find((layer) => this.#map.getLayer(layer) !== undefined);
        this.#map.addLayer({ id: name, type: 'raster', source: name, paint }, below);
        this.#paint(id);
    }

    /** Whatever has loaded and is wanted comes to the front. */
    #settle(): void {
        for (const [id, shown] of this.#shown) {
            const { back } = shown;
            const isWanted = back !== null && this.#wanted.get(id) === back.time;
            if (isWanted && this.#isLoaded(sourceName(id, back.slot))) {
                shown.front = back;
                shown.back = null;
                this.#paint(id);
            }
        }
    }

    #isLoaded(name: string): boolean {
        return this.#map.getSource(name) !== undefined && this.#map.isSourceLoaded(name);
    }

    #paint(id: RasterId): void {
        const front = this.#shown.get(id)?.front;
        for (const slot of [0, 1] as const) {
            const name = sourceName(id, slot);
            if (this.#map.getLayer(name) !== undefined) {
                const { opacity, palette } = this.#look;
                this.#map.setPaintProperty(name, 'raster-opacity', front?.slot === slot ? opacity : 0);
                this.#map.setPaintProperty(name, 'raster-brightness-max', palette.rasterBrightness);
                this.#map.setPaintProperty(name, 'raster-saturation', palette.rasterSaturation);
            }
        }
    }

    #remove(id: RasterId): void {
        this.#shown.delete(id);
        this.#wanted.delete(id);
        for (const slot of [0, 1] as const) {
            const name = sourceName(id, slot);
            if (this.#map.getLayer(name) !== undefined) {
                this.#map.removeLayer(name);
            }
            if (this.#map.getSource(name) !== undefined) {
                this.#map.removeSource(name);
            }
        }
    }
}

function sourceName(id: RasterId, slot: 0 | 1): string {
    return `${id}-${slot}`;
}
