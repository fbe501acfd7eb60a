// Meridians and parallels for what the map shows, every so many minutes of arc, and where they meet its frame.

export interface View {
    readonly west: number;
    readonly south: number;
    readonly east: number;
    readonly north: number;
}

/** Minutes of arc between lines, from a quarter of a minute to 30 degrees. */
const SPACINGS = [0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];

export interface Graticule {
    readonly minutes: number;
    /** Decimals of the minutes in a label. */
    readonly decimals: number;
    readonly meridians: readonly number[];
    readonly parallels: readonly number[];
}

/** Lines so that about `wanted` meridians are in view. */
export function graticule(view: View, wanted: number): Graticule {
    const span = ((view.east - view.west) * 60) / wanted;
    const minutes = SPACINGS.find((spacing) => spacing >= span) ?? 1800;
    const lines = (from: number, until: number, limit: number): number[] => {
        const found: number[] = [];
        const last = Math.min(limit * 60, until * 60);
        for (let k = Math.ceil(Math.max(-limit * 60, from * 60) / minutes); k * minutes <= last; k += 1) {
            found.push((k * minutes) / 60);
        }
        return found;
    };
    return {
        minutes,
        decimals: minutes < 0.5 ? 2 : minutes < 1 ? 1 : 0,
        // Longitudes run on beyond 180 where the view does.
        meridians: lines(view.west, view.east, 1000),
        parallels: lines(view.south, view.north, 85),
    };
}

/** The lines as GeoJSON, a little longer than the view. */
export function graticuleLines(view: View, { meridians, parallels }: Graticule): GeoJSON.Feature {
    const coordinates = [
        ...meridians.map((lon) => [[lon, Math.max(-85, view.south - 1)], [lon, Math.min(85, view.north + 1)]]),
        ...parallels.map((lat) => [[view.west - 1, lat], [view.east + 1, lat]]),
    ];
    return { type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates } };
}
