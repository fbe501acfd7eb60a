// Probability and forcing as pictures from the service, one step at a time. Each layer has two sources: the one that is
// seen, and one that loads unseen; they change places when that is complete, so that nothing blinks while the clock runs.
// A load under way is never replaced: with a clock that is faster than the service none would ever end.

import type { Map as MapLibre, RasterTileSource } from 'maplibre-gl';

import { ROOT } from '../api/client.ts';
import type { Picture } from '../result/pictures.ts';
import { type RasterId, RASTERS } from '../state/layers.ts';
import { clock } from '../time/clock.ts';
import { iso } from '../time/utc.ts';
import type { Palette } from './palette.ts';

interface Load {
    readonly slot: 0 | 1;
    readonly time: number;
}

interface Shown {
    readonly missionId: string;
    /** Source and time that is seen; `null` while the first one loads. */
    front: Load | null;
    /** Source and time that loads, or waits for its moment. */
    back: Load | null;
    /** A tile of what loads could not be read. */
    isBroken: boolean;
    /** The last load failed; the timer of the next try. */
    retry: number;
    isFailed: boolean;
    began: number;
    /** What the last load took, milliseconds. */
    tookMs: number;
}

export interface Look {
    readonly opacity: number;
    readonly palette: Palette;
}

/** Layers drawn over the pictures: they go below the first of these. */
const OVER = ['land', 'graticule'];
const RETRY_MS = 5000;

export class Rasters {
    readonly #map: MapLibre;
    readonly #tell: (id: RasterId, picture: Picture | null) => void;
    readonly #shown = new Map<RasterId, Shown>();
    /** The time that the pictures should be of, and the last one that there is. */
    #wanted = 0;
    #last = 0;
    #look: Look;

    /** Tells what is seen of each layer whenever that changes. */
    constructor(map: MapLibre, look: Look, tell: (id: RasterId, picture: Picture | null) => void) {
        this.#map = map;
        this.#look = look;
        this.#tell = tell;
        map.on('render', () => this.#settle());
        map.on('error', (event) => this.#noteError((event as { sourceId?: string }).sourceId));
    }

    /** Shows these layers of a mission at a time; all others go. */
    show(missionId: string | null, wanted: ReadonlySet<RasterId>, time: number, last: number): void {
        this.#wanted = time;
        this.#last = last;
        for (const id of RASTERS) {
            const isWanted = missionId !== null && wanted.has(id);
            if (!isWanted || this.#shown.get(id)?.missionId !== missionId) {
                this.#remove(id);
            }
            if (isWanted && !this.#shown.has(id)) {
                const none = { front: null, back: null, isBroken: false, isFailed: false, retry: 0, began: 0, tookMs: 0 };
                this.#shown.set(id, { missionId, ...none });
                this.#changed(id);
            }
        }
        this.#settle();
    }

    setLook(look: Look): void {
        this.#look = look;
        for (const id of this.#shown.keys()) {
            this.#paint(id);
        }
    }

    /** Forgets everything: the map lost its graphics card and its sources with it. */
    forget(): void {
        for (const id of RASTERS) {
            this.#drop(id);
        }
    }

    /** The time a layer is really of; `null` while it loads. */
    timeOf(id: RasterId): number | null {
        return this.#shown.get(id)?.front?.time ?? null;
    }

    /** Whatever has loaded comes to the front when it is wanted; whoever has nothing to load begins. */
    #settle(): void {
        for (const [id, shown] of this.#shown) {
            if (shown.back === null || this.#map.isSourceLoaded(sourceName(id, shown.back.slot))) {
                this.#arrive(id, shown);
                this.#loadNext(id, shown);
            }
        }
    }

    #arrive(id: RasterId, shown: Shown): void {
        const { front, back } = shown;
        if (back === null) {
            return;
        }
        if (shown.began > 0) {
            shown.tookMs = performance.now() - shown.began;
            shown.began = 0;
        }
        if (shown.isBroken) {
            shown.back = null;
            shown.isBroken = false;
            this.#fail(id, shown);
            return;
        }
        shown.isFailed = false;
        const away = (time: number): number => Math.abs(time - this.#wanted);
        const isNearer = front === null || away(back.time) < away(front.time);
        // What a running clock has yet to come to waits for it.
        if (isNearer || !clock.getState().isPlaying || back.time < this.#wanted) {
            shown.back = null;
            shown.front = isNearer ? back : front;
            this.#paint(id);
            this.#changed(id);
        }
    }

    /** The newest wanted time; while the clock runs, the time that will be wanted when it is there. */
    #loadNext(id: RasterId, shown: Shown): void {
        if (shown.back !== null || shown.retry !== 0) {
            return;
        }
        const { isPlaying, speed, stepMs } = clock.getState();
        const isLate = shown.front?.time !== this.#wanted;
        // Hours of forecast per second of play: a step lasts so many milliseconds.
        const steps = Math.ceil(shown.tookMs / (stepMs / (3600 * speed)));
        const ahead = isPlaying ? Math.max(isLate ? 0 : 1, steps) * stepMs : 0;
        const time = Math.min(this.#last, this.#wanted + ahead);
        const slot = shown.front?.slot === 0 ? 1 : 0;
        // A tile of an older time that is still on its way to this source could come last and stay.
        if (time !== shown.front?.time && this.#isFree(sourceName(id, slot))) {
            this.#load(id, shown, { slot, time });
        }
    }

    #isFree(name: string): boolean {
        return this.#map.getSource(name) === undefined || this.#map.isSourceLoaded(name);
    }

    #load(id: RasterId, shown: Shown, load: Load): void {
        shown.back = load;
        shown.began = performance.now();
        const name = sourceName(id, load.slot);
        const path = `${ROOT}missions/${shown.missionId}/tiles/${id}/{z}/{x}/{y}`;
        const tiles = [`${path}${devicePixelRatio >= 1.5 ? '@2x' : ''}.png?datetime=${iso(load.time)}`];
        const source = this.#map.getSource<RasterTileSource>(name);
        if (source !== undefined) {
            source.setTiles(tiles);
            return;
        }
        this.#map.addSource(name, { type: 'raster', tiles, tileSize: 256, maxzoom: 14 });
        const paint = {
            'raster-opacity': 0,
            'raster-opacity-transition': { duration: 0 },
            'raster-fade-duration': 0,
            'raster-resampling': 'linear',
        } as const;
        // In one order, whichever was switched on first: probability lies on top.
        const over = RASTERS.slice(0, RASTERS.indexOf(id)).reverse().map((other) => sourceName(other, 0));
        const below = [...over, ...OVER].find((layer) => this.#map.getLayer(layer) !== undefined);
        this.#map.addLayer({ id: name, type: 'raster', source: name, paint }, below);
        this.#paint(id);
    }

    /** A tile of what is seen or of what loads could not be read: half a picture is none. */
    #noteError(sourceId: string | undefined): void {
        for (const [id, shown] of this.#shown) {
            if (shown.back !== null && sourceId === sourceName(id, shown.back.slot)) {
                shown.isBroken = true;
                // An error alone asks for no frame.
                this.#map.triggerRepaint();
            } else if (shown.front !== null && sourceId === sourceName(id, shown.front.slot)) {
                shown.front = null;
                this.#paint(id);
                this.#fail(id, shown);
            }
        }
    }

    #fail(id: RasterId, shown: Shown): void {
        shown.isFailed = true;
        clearTimeout(shown.retry);
        shown.retry = window.setTimeout(() => {
            shown.retry = 0;
            this.#map.triggerRepaint();
        }, RETRY_MS);
        this.#changed(id);
    }

    #changed(id: RasterId): void {
        const shown = this.#shown.get(id);
        this.#tell(id, shown === undefined ? null : { time: shown.front?.time ?? null, isFailed: shown.isFailed });
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

    #drop(id: RasterId): void {
        const shown = this.#shown.get(id);
        if (shown !== undefined) {
            clearTimeout(shown.retry);
            this.#shown.delete(id);
            this.#changed(id);
        }
    }

    #remove(id: RasterId): void {
        this.#drop(id);
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
