// The style of the map: sea, land and shore from the service's own coast (the one that particles strand on), graticule,
// and the sources that the page fills. No glyphs, no sprites, no other host.

import type { GeoJSONSource, LayerSpecification, Map as MapLibre, StyleSpecification } from 'maplibre-gl';

import { ROOT } from '../api/client.ts';
import { PALETTES, type Palette } from './palette.ts';
import type { Theme } from '../state/app.ts';

export interface Basemap {
    readonly maxzoom: number;
    readonly attribution: string;
}

const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

/** What the service says of its basemap; one without still shows everything else. */
export async function readBasemap(): Promise<Basemap | null> {
    try {
        const response = await fetch(`${ROOT}basemap.json`, { credentials: 'omit' });
        if (!response.ok) {
            return null;
        }
        const tilejson = (await response.json()) as { maxzoom?: number; attribution?: string };
        return { maxzoom: tilejson.maxzoom ?? 8, attribution: tilejson.attribution ?? '' };
    } catch {
        return null;
    }
}

export function style(basemap: Basemap | null, theme: Theme): StyleSpecification {
    const palette = PALETTES[theme];
    const geojson = { type: 'geojson', data: EMPTY } as const;
    return {
        version: 8,
        sources: {
            ...(basemap !== null && {
                basemap: { type: 'vector', tiles: [`${ROOT}basemap/{z}/{x}/{y}.mvt`], maxzoom: basemap.maxzoom },
            }),
            graticule: { ...geojson, tolerance: 0 },
            covered: geojson,
            draft: geojson,
            track: geojson,
        },
        layers: [
            { id: 'sea', type: 'background', paint: { 'background-color': palette.sea } },
            ...(basemap === null
                ? []
                : ([
                      {
                          // Land is cut at degree borders: smoothed edges would show as hairlines.
                          id: 'land',
                          type: 'fill',
                          source: 'basemap',
                          'source-layer': 'land',
                          paint: { 'fill-antialias': false, 'fill-color': palette.land },
                      },
                      {
                          id: 'shore',
                          type: 'line',
                          source: 'basemap',
                          'source-layer': 'shore',
                          paint: {
                              'line-color': palette.shore,
                              'line-width': ['interpolate', ['linear'], ['zoom'], 3, 0.4, 9, 1, 13, 1.6],
                          },
                      },
                  ] satisfies LayerSpecification[])),
            {
                id: 'graticule',
                type: 'line',
                source: 'graticule',
                paint: { 'line-color': palette.graticule, 'line-width': 0.7 },
            },
            {
                id: 'covered',
                type: 'line',
                source: 'covered',
                paint: { 'line-color': palette.covered, 'line-width': 1.5, 'line-dasharray': [4, 3] },
            },
            {
                id: 'track',
                type: 'line',
                source: 'track',
                filter: ['==', ['geometry-type'], 'LineString'],
                paint: { 'line-color': palette.track, 'line-width': 1.5 },
            },
            {
                id: 'track-points',
                type: 'circle',
                source: 'track',
                filter: ['==', ['geometry-type'], 'Point'],
                paint: { 'circle-color': palette.track, 'circle-radius': 2.4 },
            },
            {
                id: 'draft',
                type: 'line',
                source: 'draft',
                paint: { 'line-color': palette.draft, 'line-width': 1.8 },
            },
        ],
    };
}

/** Repaints what the style draws; the picture of the map changes, nothing is loaded again. */
export function repaint(map: MapLibre, palette: Palette): void {
    const paints: [string, string, string][] = [
        ['sea', 'background-color', palette.sea],
        ['land', 'fill-color', palette.land],
        ['shore', 'line-color', palette.shore],
        ['graticule', 'line-color', palette.graticule],
        ['covered', 'line-color', palette.covered],
        ['track', 'line-color', palette.track],
        ['track-points', 'circle-color', palette.track],
        ['draft', 'line-color', palette.draft],
    ];
    for (const [layer, property, value] of paints) {
        if (map.getLayer(layer) !== undefined) {
            map.setPaintProperty(layer, property as 'line-color', value);
        }
    }
}

export function fill(map: MapLibre, source: string, features: readonly GeoJSON.Feature[]): void {
    map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features: [...features] });
}
