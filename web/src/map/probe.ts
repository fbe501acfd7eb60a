// What tests read of the map, under `window.__driftline`.

import type { Map as MapLibre } from 'maplibre-gl';

import type { RasterId } from '../state/layers.ts';
import type { ParticleStats } from './particle-layer.ts';

export interface Probe {
    /** The map has loaded and drawn everything it was asked for, at least once. */
    ready: boolean;
    /** Errors of the map, tiles that could not be read included. */
    errors: string[];
    readonly particleLayer: ParticleStats;
    /** The time that a picture of the service is really of, milliseconds since 1970; `null` while it loads or is off. */
    readonly rasterTime: (id: RasterId) => number | null;
    readonly map: MapLibre;
}

declare global {
    interface Window {
        __driftline?: Probe;
    }
}

export function exposeProbe(
    map: MapLibre,
    particleLayer: ParticleStats,
    rasterTime: (id: RasterId) => number | null,
): Probe {
    const probe: Probe = { ready: false, errors: [], particleLayer, rasterTime, map };
    window.__driftline = probe;
    return probe;
}
