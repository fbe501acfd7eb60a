// A MapLibre map with one source that is named by its TileJSON alone, as a user pastes it.
import { Map as MapLibre, setWorkerUrl } from '/node_modules/maplibre-gl/dist/maplibre-gl.mjs';
import { failed, plan, ready } from './plan.mjs';

setWorkerUrl('/node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs');
const { layer, view } = plan;

/** One style layer per colour, the first of the case on top. */
function painted() {
  const circle = layer.geometry === 'point';
  return layer.paint.toReversed().map(([value, colour]) => ({
    id: `painted-${value}`,
    type: circle ? 'circle' : 'fill',
    source: 'driftline',
    'source-layer': layer.name,
    ...(layer.by ? { filter: ['==', ['to-string', ['get', layer.by]], value] } : {}),
    paint: circle ? { 'circle-color': colour, 'circle-radius': 3 } : { 'fill-color': colour, 'fill-antialias': false },
  }));
}

const sources = {
  'vector-tiles': () => ({ type: 'vector', url: layer.url }),
  'raster-tiles': () => ({ type: 'raster', url: layer.url, tileSize: 256 }),
};
const styled = {
  'vector-tiles': painted,
  'raster-tiles': () => [{ id: 'picture', type: 'raster', source: 'driftline', paint: { 'raster-fade-duration': 0 } }],
};

const map = new MapLibre({
  container: 'map',
  center: view.centre,
  // Its tiles are 512 pixels wide: one level less shows the same.
  zoom: view.zoom - 1,
  attributionControl: false,
  fadeDuration: 0,
  style: {
    version: 8,
    sources: { driftline: sources[layer.kind]() },
    layers: [{ id: 'paper', type: 'background', paint: { 'background-color': '#ffffff' } }, ...styled[layer.kind]()],
  },
});
const pixelOf = (place) => {
  const at = map.project(place);
  return [at.x, at.y];
};

// Pixels are there only inside of `render`; outside they read as nothing.
map.on('render', () => {
  const gl = map.painter.context.gl;
  const scale = window.devicePixelRatio;
  window.pixelsInRender = plan.probes.map((place) => {
    const [x, y] = pixelOf(place);
    const pixel = new Uint8Array(4);
    gl.readPixels(Math.floor(x * scale), gl.drawingBufferHeight - 1 - Math.floor(y * scale), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    return [...pixel];
  });
});
map.on('error', (event) => failed('map', event.error));
map.once('load', () => map.once('idle', () => ready(pixelOf)));
