// Search areas of all times as two arrays for the graphics card, made once per run: outlines as runs of points with their
// distance along the ring, and triangles for the fill. Positions are relative to a box in normalised Web Mercator.

import earcut from 'earcut';

import type { Ring } from '../api/types.ts';
import type { Result } from '../result/data.ts';
import type { Level } from '../state/layers.ts';
import { type Box, mercator, nearLon } from './gl.ts';

/** Where one area at one time lies in the arrays. */
export interface Part {
    readonly level: Level;
    readonly firstPoint: number;
    readonly points: number;
    readonly firstCorner: number;
    readonly corners: number;
}

export interface AreaShapes {
    readonly box: Box;
    /** x, y within the box, distance from the ring's start in world widths, and 1 where a line goes on, else 0. */
    readonly lines: Float32Array;
    /** x, y within the box. */
    readonly fills: Float32Array;
    /** By step. */
    readonly parts: readonly (readonly Part[])[];
}

export const POINT_FLOATS = 4;

export function areaShapes(result: Result): AreaShapes | null {
    const all = result.steps.flatMap((step) => step.areas.flatMap((area) => area.polygons.flat()));
    const box = boxAround(all, result.mission.last_known_lon);
    if (box === null) {
        return null;
    }
    const lines: number[] = [];
    const fills: number[] = [];
    const parts = result.steps.map((step) =>
        step.areas.map((area): Part => {
            const firstPoint = lines.length / POINT_FLOATS;
            const firstCorner = fills.length / 2;
            for (const polygon of area.polygons) {
                const rings = polygon.map((ring) => inBox(ring, box, result.mission.last_known_lon));
                rings.forEach((ring, at) => pushLine(lines, ring, box, polygon[at] as Ring));
                pushFill(fills, rings);
            }
            const points = lines.length / POINT_FLOATS - firstPoint;
            const corners = fills.length / 2 - firstCorner;
            return { level: area.level, firstPoint, points, firstCorner, corners };
        }),
    );
    return { box, lines: new Float32Array(lines), fills: new Float32Array(fills), parts };
}

function boxAround(rings: readonly Ring[], reference: number): Box | null {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const ring of rings) {
        for (const [lon, lat] of ring) {
            const [x, y] = mercator(nearLon(lon, reference), lat);
            [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
        }
    }
    return x1 > x0 && y1 > y0 ? { x0, y0, x1, y1 } : null;
}

function inBox(ring: Ring, box: Box, reference: number): number[] {
    return ring.flatMap(([lon, lat]) => {
        const [x, y] = mercator(nearLon(lon, reference), lat);
        return [(x - box.x0) / (box.x1 - box.x0), (y - box.y0) / (box.y1 - box.y0)];
    });
}

/** Areas are cut where the longitudes jump; the edges of the cut belong to no outline. */
function isCut(from: Ring[number] | undefined, to: Ring[number] | undefined): boolean {
    return Math.abs(from?.[0] ?? 0) === 180 && Math.abs(to?.[0] ?? 0) === 180;
}

function pushLine(lines: number[], ring: readonly number[], box: Box, places: Ring): void {
    const [width, height] = [box.x1 - box.x0, box.y1 - box.y0];
    let distance = 0;
    for (let at = 0; at < ring.length; at += 2) {
        const [x, y] = [ring[at] as number, ring[at + 1] as number];
        if (at > 0) {
            distance += Math.hypot((x - (ring[at - 2] as number)) * width, (y - (ring[at - 1] as number)) * height);
        }
        const goesOn = at + 2 < ring.length && !isCut(places[at / 2], places[at / 2 + 1]);
        lines.push(x, y, distance, goesOn ? 1 : 0);
    }
}

function pushFill(fills: number[], rings: readonly (readonly number[])[]): void {
    const flat = rings.flat();
    const holes: number[] = [];
    let corner = 0;
    for (const ring of rings.slice(0, -1)) {
        corner += ring.length / 2;
        holes.push(corner);
    }
    for (const index of earcut(flat, holes)) {
        fills.push(flat[2 * index] as number, flat[2 * index + 1] as number);
    }
}
