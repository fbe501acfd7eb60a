// The map: made once beside the form, then told by the stores what to show. It runs outside of React; the clock asks it
// for a frame, and only its own layers know of the moment.

import 'maplibre-gl/dist/maplibre-gl.css';

import { Map as MapLibre, NavigationControl, type RequestParameters, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';

import { ROOT, shownHeaders } from '../api/client.ts';
import type { BBox } from '../api/types.ts';
import { ring } from '../geo/geodesic.ts';
import type { Position } from '../geo/position.ts';
import { useMission } from '../mission/store.ts';
import type { Result } from '../result/data.ts';
import type { Camera } from '../state/address.ts';
import { type AppState, useApp } from '../state/app.ts';
import { LEVELS, RASTERS } from '../state/layers.ts';
import { clock, stepAt } from '../time/clock.ts';
import { AreaLayer } from './area-layer.ts';
import { areaShapes } from './area-shapes.ts';
import { fill, readBasemap, repaint, style } from './basemap.ts';
import { drawFrame } from './frame.ts';
import { nearLon } from './gl.ts';
import { Markers } from './markers.ts';
import { PALETTES } from './palette.ts';
import { ParticleLayer } from './particle-layer.ts';
import { exposeProbe } from './probe.ts';
import { Rasters } from './rasters.ts';

/** Below this zoom a cross tells little; this one shows a coast around it. */
const COARSE_ZOOM = 6.5;
const CLOSE_ZOOM = 7;
const TYPING_MS = 500;
/** Around a result: labels stand outside of the areas, and words at the foot of the map. */
const FRAME = { top: 50, right: 60, bottom: 85, left: 50 };

setWorkerUrl(new URL(workerUrl, import.meta.url).href);

export interface MapPlaces {
    readonly canvas: HTMLElement;
    readonly labels: HTMLElement;
    /** Hears where the pointer is. */
    readonly onPointer: (position: Position | null) => void;
    /** The map lost the graphics card, or has it back. */
    readonly onLost: (isLost: boolean) => void;
    /** Credits of the basemap. */
    readonly onCredit: (text: string) => void;
}

/** A request of the map's own, as any other of the page; it waits where the login is being renewed. */
function withHeaders(url: string): RequestParameters | Promise<RequestParameters> {
    const headers = shownHeaders();
    return headers instanceof Promise ? headers.then((shown) => ({ url, headers: shown })) : { url, headers };
}

/** Makes the map; hands back what takes it away. */
export async function mountMap(places: MapPlaces, signal: AbortSignal): Promise<void> {
    const basemap = await readBasemap();
    if (signal.aborted) {
        return;
    }
    places.onCredit(basemap?.attribution ?? '');
    const { camera, theme } = useApp.getState();
    const map = new MapLibre({
        container: places.canvas,
        style: style(basemap, theme),
        center: camera === null ? [5, 60] : [camera.lon, camera.lat],
        zoom: camera?.zoom ?? 4,
        maxZoom: 16,
        maxPitch: 0,
        dragRotate: false,
        pitchWithRotate: false,
        touchPitch: false,
        attributionControl: false,
        fadeDuration: 0,
        transformRequest: (url) => (url.startsWith(ROOT) ? withHeaders(url) : { url }),
        locale: { 'Map.Title': 'Map; arrow keys move it, plus and minus zoom' },
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
    map.addControl(new ScaleControl({ unit: 'nautical', maxWidth: 140 }), 'bottom-right');
    const view = new MapView(map, places);
    signal.addEventListener('abort', () => {
        view.stop();
        map.remove();
        delete window.__driftline;
    });
    if (signal.aborted) {
        map.remove();
    }
}

class MapView {
    readonly #map: MapLibre;
    readonly #areas: AreaLayer;
    readonly #particles: ParticleLayer;
    readonly #rasters: Rasters;
    readonly #markers: Markers;
    readonly #stops: (() => void)[] = [];
    /** The run that the camera was moved to. */
    #framed: string | null = useApp.getState().camera === null ? null : (useApp.getState().missionId ?? null);
    #step = -1;
    /** The position that the form or the mission has, and where the map was clicked last. */
    #position: Position | null = null;
    #clicked: Position | null = null;
    #typing = 0;
    /** Where the map itself says it is; any other camera was asked for by the address. */
    #camera: Camera | null = null;

    constructor(map: MapLibre, places: MapPlaces) {
        const { theme, opacity } = useApp.getState();
        const palette = PALETTES[theme];
        this.#map = map;
        this.#areas = new AreaLayer(palette);
        this.#particles = new ParticleLayer(palette);
        this.#rasters = new Rasters(map, { opacity, palette }, (id, picture) =>
            useMission.setState(({ pictures: { [id]: _, ...others } }) => ({
                pictures: picture === null ? others : { ...others, [id]: picture },
            })),
        );
        this.#markers = new Markers(map);
        const probe = exposeProbe(map, this.#particles.stats, (id) => this.#rasters.timeOf(id));
        map.on('error', (event) => probe.errors.push(String(event.error?.message ?? event.error)));
        map.on('idle', () => {
            probe.ready = true;
        });
        map.once('load', () => this.#start(places));
    }

    stop(): void {
        this.#stops.forEach((stop) => stop());
        this.#rasters.forget();
        clearTimeout(this.#typing);
    }

    #start(places: MapPlaces): void {
        const map = this.#map;
        this.#addLayers();
        drawFrame(map, places.labels);
        map.on('mousemove', ({ lngLat }) => places.onPointer({ lat: lngLat.lat, lon: lngLat.wrap().lng }));
        map.on('mouseout', () => places.onPointer(null));
        map.on('click', ({ lngLat }) => {
            if (useApp.getState().view === 'form') {
                this.#clicked = { lat: lngLat.lat, lon: lngLat.wrap().lng };
                useApp.setState({ picked: this.#clicked });
            }
        });
        map.on('moveend', () => {
            const { lat, lng } = map.getCenter().wrap();
            this.#camera = { zoom: map.getZoom(), lat, lon: lng };
            useApp.setState({ camera: this.#camera });
        });
        map.on('webglcontextlost', () => {
            this.#rasters.forget();
            places.onLost(true);
        });
        map.on('webglcontextrestored', () => map.once('styledata', () => this.#comeBack(places)));
        this.#stops.push(useApp.subscribe((state, before) => this.#follow(state, before)));
        this.#stops.push(useMission.subscribe((state, before) => {
            if (state.result !== before.result) {
                this.#showResult(state.result);
            } else if (state.mission !== before.mission) {
                this.#showForm(useApp.getState());
            }
            if (state.lacking !== before.lacking) {
                this.#showLayers(useApp.getState());
            }
            if (state.particles !== before.particles) {
                this.#particles.setParticles(state.particles);
            }
        }));
        this.#stops.push(clock.subscribe(() => this.#tick()));
        this.#showAll();
        if (useMission.getState().result === null && useApp.getState().camera === null) {
            this.#frameCovered(useApp.getState().covered);
        }
    }

    #addLayers(): void {
        // Lines lie on the particles: where many are, an edge would not be seen otherwise.
        this.#map.addLayer(this.#particles, 'track');
        this.#map.addLayer(this.#areas, 'track');
    }

    /** After the graphics card came back: the map has its style again, its own layers and pictures are added anew. */
    #comeBack(places: MapPlaces): void {
        places.onLost(false);
        if (this.#map.getLayer(this.#areas.id) === undefined) {
            this.#addLayers();
        }
        this.#showAll();
    }

    #showAll(): void {
        const app = useApp.getState();
        repaint(this.#map, PALETTES[app.theme]);
        this.#showResult(useMission.getState().result);
        this.#particles.setParticles(useMission.getState().particles);
        this.#showForm(app);
        this.#showLayers(app);
    }

    #follow(state: AppState, before: AppState): void {
        if (state.theme !== before.theme) {
            const palette = PALETTES[state.theme];
            repaint(this.#map, palette);
            this.#areas.palette = palette;
            this.#particles.palette = palette;
        }
        if (state.theme !== before.theme || state.opacity !== before.opacity) {
            this.#rasters.setLook({ opacity: state.opacity, palette: PALETTES[state.theme] });
        }
        if (state.layers !== before.layers || state.theme !== before.theme) {
            this.#showLayers(state);
        }
        if (state.draft !== before.draft || state.covered !== before.covered || state.view !== before.view) {
            this.#showForm(state);
        }
        if (state.camera !== null && state.camera !== before.camera && state.camera !== this.#camera) {
            this.#map.jumpTo({ center: [state.camera.lon, state.camera.lat], zoom: state.camera.zoom });
        }
        const isFree = state.camera === null && state.draft.position === null;
        if (state.covered !== before.covered && isFree && state.view === 'form') {
            this.#frameCovered(state.covered);
        }
    }

    /** What the form holds: position, its uncertainty, and where forcing is. */
    #showForm({ view, draft, covered }: AppState): void {
        const isForm = view === 'form';
        const { mission } = useMission.getState();
        const start = mission === null ? null : { lat: mission.last_known_lat, lon: mission.last_known_lon };
        const position = isForm ? draft.position : start;
        const radius = isForm ? draft.radiusM : (mission?.uncertainty_radius_m ?? 0);
        const circle = position !== null && radius > 0 ? [ring(position, radius)] : [];
        fill(this.#map, 'draft', circle.map((coordinates) => feature({ type: 'LineString', coordinates })));
        const boxes = isForm ? covered : [];
        fill(this.#map, 'covered', boxes.map((box) => feature({ type: 'LineString', coordinates: outline(box) })));
        this.#markers.showStart(position);
        if (isSame(position, this.#position)) {
            return;
        }
        this.#position = position;
        clearTimeout(this.#typing);
        // Whoever clicks sees the place already: the map stays.
        if (position !== null && useMission.getState().result === null && !isSame(position, this.#clicked)) {
            // Each letter of what is typed may be another position.
            this.#typing = window.setTimeout(() => this.#goTo(position), isForm ? TYPING_MS : 0);
        }
    }

    /** Brings a position to where it is seen beside what is printed on the map, on a scale that tells where it is. */
    #goTo({ lon, lat }: Position): void {
        const map = this.#map;
        const zoom = map.getZoom();
        const { clientWidth, clientHeight } = map.getContainer();
        const { x, y } = map.project([nearLon(lon, map.getCenter().lng), lat]);
        const isClear = x > 40 && x < clientWidth - 60 && y > 40 && y < clientHeight - 70;
        if (zoom < COARSE_ZOOM || !isClear) {
            // Way beyond the view a flight would only load what nobody looks at. For readers who want less motion the map
            // itself makes every flight a jump.
            const isFar = Math.abs(x / clientWidth - 0.5) > 2 || Math.abs(y / clientHeight - 0.5) > 2;
            const duration = isFar ? 0 : 600;
            map.easeTo({ center: [lon, lat], zoom: zoom < COARSE_ZOOM ? CLOSE_ZOOM : zoom, duration });
        }
    }

    #showResult(result: Result | null): void {
        this.#areas.setShapes(result === null || !result.hasShapes ? null : areaShapes(result));
        fill(this.#map, 'track', result === null ? [] : track(result));
        this.#step = -1;
        this.#tick();
        this.#showForm(useApp.getState());
        if (result !== null && result.hasShapes && this.#framed !== result.mission.id) {
            this.#framed = result.mission.id;
            const [west, south, east, north] = result.results.bbox;
            const box = { west, south, east: east < west ? east + 360 : east, north };
            this.#map.fitBounds([box.west, box.south, box.east, box.north], { padding: FRAME, animate: false, maxZoom: 12 });
        }
    }

    #frameCovered(boxes: readonly BBox[]): void {
        if (boxes.length > 0) {
            const edge = (name: keyof BBox, pick: (...values: number[]) => number): number =>
                pick(...boxes.map((box) => box[name]));
            this.#map.fitBounds(
                [edge('west', Math.min), edge('south', Math.min), edge('east', Math.max), edge('north', Math.max)],
                { padding: 30, animate: false },
            );
        }
    }

    #showLayers({ layers }: AppState): void {
        this.#areas.levels = new Set(LEVELS.filter((level) => layers[`area${level}`]));
        this.#particles.isOn = layers.particles;
        for (const id of ['track', 'track-points']) {
            this.#map.setLayoutProperty(id, 'visibility', layers.track ? 'visible' : 'none');
        }
        this.#step = -1;
        this.#tick();
        this.#map.triggerRepaint();
    }

    /** A moment later: a frame, and on a new step its marks and pictures. */
    #tick(): void {
        const { result } = useMission.getState();
        this.#map.triggerRepaint();
        const state = clock.getState();
        const step = result === null ? -2 : stepAt(state);
        if (step === this.#step) {
            return;
        }
        this.#step = step;
        const { layers } = useApp.getState();
        const shown = result?.steps[step] ?? null;
        this.#markers.showStep(shown, layers);
        const { lacking } = useMission.getState();
        const wanted = new Set(RASTERS.filter((id) => layers[id] && !lacking.includes(id)));
        this.#rasters.show(result?.mission.id ?? null, wanted, shown?.time ?? 0, result?.steps.at(-1)?.time ?? 0);
    }
}

/** The same place to the last digit that is typed for it. */
function isSame(one: Position | null, other: Position | null): boolean {
    const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-4;
    return one === other || (one !== null && other !== null && near(one.lat, other.lat) && near(one.lon, other.lon));
}

function feature(geometry: GeoJSON.Geometry): GeoJSON.Feature {
    return { type: 'Feature', properties: {}, geometry };
}

function outline({ west, south, east, north }: BBox): [number, number][] {
    const right = east < west ? east + 360 : east;
    return [[west, south], [right, south], [right, north], [west, north], [west, south]];
}

/** The way of the datum, in one piece across the antimeridian, and a dot every six hours. */
function track(result: Result): GeoJSON.Feature[] {
    const near = (lon: number): number => nearLon(lon, result.mission.last_known_lon);
    const places = result.steps.flatMap(({ datum, time }) => (datum === null ? [] : [{ at: [near(datum.lon), datum.lat], time }]));
    const dots = places.filter(({ time }) => (time - result.from) % (6 * 3_600_000) === 0);
    return [
        feature({ type: 'LineString', coordinates: places.map(({ at }) => at) }),
        ...dots.map(({ at }) => feature({ type: 'Point', coordinates: at })),
    ];
}
