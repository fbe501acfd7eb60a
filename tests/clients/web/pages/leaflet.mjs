// A Leaflet map with one layer: WMS or picture tiles. Both load with <img>, which sends no Origin, only a Referer.
import { failed, plan, ready } from './plan.mjs';

const L = window.L;
const { layer, view } = plan;
const crs = L.CRS[(view.crs ?? 'EPSG:3857').replace(':', '')];

const map = L.map('map', {
  crs,
  center: [view.centre[1], view.centre[0]],
  zoom: view.zoom,
  zoomControl: false,
  attributionControl: false,
  fadeAnimation: false,
  zoomAnimation: false,
});

const makers = {
  wms() {
    const options = { layers: layer.name, version: layer.version, format: 'image/png', transparent: true };
    if (layer.time) options.time = layer.time;
    return L.tileLayer.wms(layer.url, options);
  },
  'raster-tiles': () => L.tileLayer(layer.url, { maxZoom: 20 }),
};

const drawn = makers[layer.kind]();
drawn.on('tileerror', (event) => failed('tile', event.error));
drawn.on('load', () =>
  ready((place) => {
    const at = map.latLngToContainerPoint([place[1], place[0]]);
    return [at.x, at.y];
  }),
);
drawn.addTo(map);
