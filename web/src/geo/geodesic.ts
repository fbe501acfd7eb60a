// Distance and bearing on the WGS 84 ellipsoid by Vincenty's inverse formula (Survey Review 23, 1975), and the circle of
// a radius around a place. Metres and degrees.

import type { Position } from './position.ts';

export const NM_M = 1852;
export const KM2_PER_NM2 = 3.429904;

const A = 6_378_137;
const F = 1 / 298.257_223_563;
const B = A * (1 - F);

export interface Leg {
    readonly distanceM: number;
    /** Degrees from true north at the start; 0 when there is no distance. */
    readonly bearingDeg: number;
}

export function leg(from: Position, to: Position): Leg {
    const rad = Math.PI / 180;
    const l = (((to.lon - from.lon + 540) % 360) - 180) * rad;
    const u1 = Math.atan((1 - F) * Math.tan(from.lat * rad));
    const u2 = Math.atan((1 - F) * Math.tan(to.lat * rad));
    const [su1, cu1, su2, cu2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
    let lambda = l;
    for (let round = 0; round < 100; round += 1) {
        const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)];
        const sinSigma = Math.hypot(cu2 * sl, cu1 * su2 - su1 * cu2 * cl);
        if (sinSigma === 0) {
            return { distanceM: 0, bearingDeg: 0 };
        }
        const cosSigma = su1 * su2 + cu1 * cu2 * cl;
        const sigma = Math.atan2(sinSigma, cosSigma);
        const sinAlpha = (cu1 * cu2 * sl) / sinSigma;
        const cos2Alpha = 1 - sinAlpha ** 2;
        const cosMid = cos2Alpha === 0 ? 0 : cosSigma - (2 * su1 * su2) / cos2Alpha;
        const c = (F / 16) * cos2Alpha * (4 + F * (4 - 3 * cos2Alpha));
        const next =
            l + (1 - c) * F * sinAlpha * (sigma + c * sinSigma * (cosMid + c * cosSigma * (2 * cosMid ** 2 - 1)));
        const isDone = Math.abs(next - lambda) < 1e-12;
        lambda = next;
        if (isDone) {
            const distanceM = arc(sigma, sinSigma, cosSigma, cosMid, cos2Alpha);
            const bearing = Math.atan2(cu2 * sl, cu1 * su2 - su1 * cu2 * cl) / rad;
            return { distanceM, bearingDeg: (bearing + 360) % 360 };
        }
    }
    // Almost opposite places: no drift goes there, and half the way around is what can be said.
    return { distanceM: Math.PI * B, bearingDeg: 0 };
}

function arc(sigma: number, sinSigma: number, cosSigma: number, cosMid: number, cos2Alpha: number): number {
    const uSquared = (cos2Alpha * (A ** 2 - B ** 2)) / B ** 2;
    const a = 1 + (uSquared / 16384) * (4096 + uSquared * (-768 + uSquared * (320 - 175 * uSquared)));
    const b = (uSquared / 1024) * (256 + uSquared * (-128 + uSquared * (74 - 47 * uSquared)));
    const last = (b / 6) * cosMid * (4 * sinSigma ** 2 - 3) * (4 * cosMid ** 2 - 3);
    const inner = cosSigma * (2 * cosMid ** 2 - 1) - last;
    return B * a * (sigma - b * sinSigma * (cosMid + (b / 4) * inner));
}

/** A ring around a place, as longitudes and latitudes; good to a percent up to 200 km, which is what a circle shows. */
export function ring(centre: Position, radiusM: number, points = 72): [number, number][] {
    const angular = radiusM / 6_371_009;
    const rad = Math.PI / 180;
    const [sinLat, cosLat] = [Math.sin(centre.lat * rad), Math.cos(centre.lat * rad)];
    return Array.from({ length: points + 1 }, (_, index) => {
        const bearing = ((index % points) / points) * 2 * Math.PI;
        const lat = Math.asin(sinLat * Math.cos(angular) + cosLat * Math.sin(angular) * Math.cos(bearing));
        const dLon = Math.atan2(
            Math.sin(bearing) * Math.sin(angular) * cosLat,
            Math.cos(angular) - sinLat * Math.sin(lat),
        );
        return [centre.lon + dLon / rad, lat / rad];
    });
}
