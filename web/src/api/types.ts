// What the service says, under its own names; only the members that the page reads.

export interface Organisation {
    readonly id: string;
    readonly name: string;
    readonly key: string;
    readonly scopes: readonly string[];
}

export interface ObjectType {
    readonly number: number;
    readonly key: string;
    readonly description: string;
    readonly aliases: readonly string[];
}

export interface BBox {
    readonly west: number;
    readonly south: number;
    readonly east: number;
    readonly north: number;
}

export interface CoverageEntry {
    readonly feed: string;
    readonly run: string;
    readonly cell_m: number;
    readonly bbox: BBox;
    readonly valid_from: string;
    readonly valid_until: string;
    readonly attribution?: string | null;
}

export type ForcingKind = 'current' | 'wind';

export type Coverage = Readonly<Record<ForcingKind, readonly CoverageEntry[]>>;

export interface Feed {
    readonly feed: string;
    readonly run: string;
    readonly series: readonly { readonly kind: string; readonly bbox: BBox; readonly times: readonly string[] }[];
}

export type MissionStatus = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';

export interface StatusNews {
    readonly id: string;
    readonly status: MissionStatus | 'withdrawn';
    readonly progress: number;
    readonly stage: string | null;
    readonly error: MissionError | string | null;
    readonly updated_at: string;
    readonly completed_at: string | null;
    readonly valid_until: string | null;
}

export interface MissionError {
    readonly code?: string;
    readonly message?: string;
}

export interface Mission extends StatusNews {
    readonly name: string | null;
    readonly last_known_lat: number;
    readonly last_known_lon: number;
    readonly last_known_time: string;
    readonly object_type: string;
    readonly uncertainty_radius_m: number;
    readonly forecast_hours: number;
    readonly ensemble_size: number;
    readonly distress: boolean;
    readonly config: { readonly seed: number | null; readonly [member: string]: unknown };
    readonly description?: string | null;
    readonly priority?: string;
    readonly warnings: readonly string[];
    readonly created_at: string;
}

export interface ForcingUsed {
    readonly kind: string;
    readonly feed: string;
    readonly run: string;
    readonly cell_m: number;
    readonly valid_from: string;
    readonly valid_until: string;
    readonly attribution?: string | null;
    readonly share: number;
}

export interface Hour {
    readonly valid_time: string;
    readonly areas_km2: Readonly<Record<string, number>> | null;
    readonly datum: { readonly lon: number; readonly lat: number } | null;
    readonly active: number;
    readonly stranded: number;
    readonly missing_data: number;
}

export interface ResultFile {
    readonly name: string;
    readonly bytes?: number;
    readonly type?: string;
}

export interface Results {
    readonly run_id: string;
    readonly published_at: string;
    readonly valid_from: string;
    readonly valid_until: string;
    readonly bbox: readonly [number, number, number, number];
    readonly summary: {
        readonly particles: number;
        readonly forcing: readonly ForcingUsed[];
        readonly hourly: readonly Hour[];
        readonly seed: number;
        readonly engine_version: string;
        readonly issued: string;
        readonly warnings: readonly string[];
        readonly attribution: readonly string[];
        readonly output_interval_s: number;
        readonly forecast_cut_short_by_forcing: boolean;
        readonly kernel_seconds: number;
        readonly object: { readonly key: string; readonly description: string };
        readonly current_error: { readonly calibration: string };
    };
    readonly files: readonly ResultFile[];
}

export type Ring = readonly (readonly [number, number])[];

export interface AreaFeature {
    readonly geometry:
        | { readonly type: 'Polygon'; readonly coordinates: readonly Ring[] }
        | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly Ring[])[] };
    readonly properties: {
        readonly level: number;
        readonly area_km2: number;
        readonly area_nm2: number;
        readonly valid_time: string;
        readonly status: string;
    };
}

export interface DatumFeature {
    readonly geometry: { readonly type: 'Point'; readonly coordinates: readonly [number, number] };
    readonly properties: { readonly datum_kind: string; readonly valid_time: string };
}

/** What is sent to make a mission. */
export interface MissionRequest {
    readonly name?: string;
    readonly last_known_lat?: number;
    readonly last_known_lon?: number;
    readonly last_known_time?: string;
    readonly object_type: string;
    readonly uncertainty_radius_m?: number;
    readonly forecast_hours: number;
    readonly ensemble_size?: number;
    readonly distress?: boolean;
    readonly description?: string;
    readonly priority?: string;
    readonly config?: Readonly<Record<string, unknown>>;
}

export interface Violation {
    readonly field: string;
    readonly code: string;
    readonly message: string;
}
