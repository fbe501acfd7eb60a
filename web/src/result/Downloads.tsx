// The files of a run. They are read with the key in a header and handed to the browser as a file.

import { useState } from 'react';

import { reason, request } from '../api/client.ts';
import { speak } from '../state/app.ts';
import { save } from '../ui/save.ts';
import type { Result } from './data.ts';

const WORDS: Readonly<Record<string, string>> = {
    'report.pdf': 'The briefing: figure, numbers, provenance, PDF',
    'animation.gif': 'Particles and areas over time, animated GIF',
    'areas.csv': 'Search areas in degrees and in minutes, CSV',
    'areas.gpx': 'Waypoints, datum track and outlines for plotters, GPX',
    'areas.kml': 'Search areas over time, KML',
    'areas.kmz': 'Search areas over time for Google Earth, KMZ',
    'areas.parquet': 'Search areas, GeoParquet',
    'centroid.geojson': 'Datum over time, GeoJSON',
    'datums.csv': 'Datum in degrees and in minutes, CSV',
    'heatmap.png': 'Where it is at the end, heat map, PNG',
    'particles.nc': 'Every particle at every time, NetCDF',
    'particles.parquet': 'Every particle at every time, GeoParquet',
    'probability.tif': 'Probability over time, Cloud Optimized GeoTIFF',
    'run.gpkg': 'Areas, datum, tracks and strandings, GeoPackage',
    'search_area_50.geojson': '50 % area over time, GeoJSON',
    'search_area_90.geojson': '90 % area over time, GeoJSON',
    'search_area_95.geojson': '95 % area over time, GeoJSON',
    'stranded.csv': 'Where particles stranded, CSV',
    'stranded.geojson': 'Where particles stranded, GeoJSON',
    'stranding.csv': 'Arrivals on each stretch of shoreline, CSV',
    'stranding.geojson': 'Arrivals on each stretch of shoreline, GeoJSON',
    'summary.txt': 'The result in a kilobyte of text',
    'trajectories.geojson': 'Sample of tracks, GeoJSON',
    'trajectories.parquet': 'Sample of tracks, GeoParquet',
    'trajectories.png': 'Sample of tracks on a chart, PNG',
};
/** What most people want stands first, the rest in the order of the server. */
const FIRST = 'report.pdf';

export function Downloads({ result }: { result: Result }) {
    const [busy, setBusy] = useState<string | null>(null);
    const [error, setError] = useState<string | null>(null);
    const load = async (name: string): Promise<void> => {
        setBusy(name);
        setError(null);
        try {
            const response = await request(`v1/missions/${result.mission.id}/results/${name}`);
            save(await response.blob(), `${result.mission.id}-${name}`);
            speak(`${name} downloaded`);
        } catch (failure) {
            setError(`${name}: ${reason(failure)}`);
        } finally {
            setBusy(null);
        }
    };
    const files = [...result.results.files].sort((a, b) => Number(b.name === FIRST) - Number(a.name === FIRST));
    return (
        <details data-testid="downloads">
            <summary>Downloads ({files.length})</summary>
            {error !== null && <p className="bad" role="alert">{error}.</p>}
            <ul className="plain files">
                {files.map(({ name, bytes }) => (
                    <li key={name}>
                        <button type="button" className="small" disabled={busy !== null} onClick={() => void load(name)} data-testid={`download-${name}`}>
                            {busy === name ? 'Reading …' : name}
                        </button>
                        <span className="dim small-text">
                            {WORDS[name] ?? ''}
                            {bytes !== undefined && ` · ${weight(bytes)}`}
                        </span>
                    </li>
                ))}
            </ul>
        </details>
    );
}

function weight(bytes: number): string {
    return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
