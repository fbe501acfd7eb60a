// Colours of the map by theme. Night is drawn in dim red on near black, so that eyes stay used to the dark; it is styled
// so, not filtered. Areas differ by line style and label first, by colour second.

import type { Level } from '../state/layers.ts';
import type { Theme } from '../state/app.ts';

export type Rgb = readonly [number, number, number];

export interface Palette {
    readonly sea: string;
    readonly land: string;
    readonly shore: string;
    readonly graticule: string;
    readonly draft: string;
    readonly covered: string;
    readonly track: string;
    readonly areas: Readonly<Record<Level, Rgb>>;
    /** Behind each line, so that it stands out on anything. */
    readonly casing: Rgb;
    readonly active: Rgb;
    readonly stranded: Rgb;
    /** Of pictures from the service. */
    readonly rasterBrightness: number;
    readonly rasterSaturation: number;
}

export const PALETTES: Readonly<Record<Theme, Palette>> = {
    day: {
        sea: '#dfecf2',
        land: '#e9e3d2',
        shore: '#6f6a5b',
        graticule: '#9fb6c2',
        draft: '#a3123f',
        covered: '#3f7f5f',
        track: '#1b1b1b',
        areas: { 50: [122, 1, 79], 90: [178, 68, 5], 95: [0, 84, 140] },
        casing: [255, 255, 255],
        active: [18, 62, 138],
        stranded: [200, 60, 0],
        rasterBrightness: 1,
        rasterSaturation: 0,
    },
    night: {
        sea: '#0b0505',
        land: '#1d0f0c',
        shore: '#6e3125',
        graticule: '#3a1a14',
        draft: '#ff7b5c',
        covered: '#7a3f30',
        track: '#e08a72',
        areas: { 50: [255, 170, 145], 90: [226, 104, 78], 95: [170, 66, 48] },
        casing: [11, 5, 5],
        active: [165, 70, 52],
        stranded: [255, 196, 120],
        rasterBrightness: 0.45,
        rasterSaturation: -0.55,
    },
};
