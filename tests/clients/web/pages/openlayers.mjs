// An OpenLayers map with one layer: WMS, vector tiles, or features as GeoJSON.
import { failed, plan, ready } from './plan.mjs';

const ol = window.ol;
const { layer, view } = plan;
const projection = view.crs ?? 'EPSG:3857';

const paint = new Map(layer.paint);
const style = (feature) => {
  const colour = paint.get(String(layer.by ? feature.get(layer.by) : 'all'));
  if (!colour) return null;
  const fill = new ol.style.Fill({ color: colour });
  return new ol.style.Style({ fill, image: new ol.style.Circle({ radius: 3, fill }) });
};
// Later features lie above: the smallest area last.
const renderOrder = (a, b) => (layer.by ? b.get(layer.by) - a.get(layer.by) : 0);

const makers = {
  wms() {
    const params = { LAYERS: layer.name, VERSION: layer.version, STYLES: '' };
    if (layer.time) params.TIME = layer.time;
    const source = new ol.source.TileWMS({ url: layer.url, params, crossOrigin: 'anonymous' });
    source.on('tileloaderror', () => failed('tile'));
    return new ol.layer.Tile({ source });
  },
  'vector-tiles'() {
    const source = new ol.source.VectorTile({ format: new ol.format.MVT(), url: layer.url });
    source.on('tileloaderror', () => failed('tile'));
    return new ol.layer.VectorTile({ source, style, renderOrder });
  },
  features() {
    const source = new ol.source.Vector({ format: new ol.format.GeoJSON(), url: layer.url });
    source.on('featuresloaderror', () => failed('features'));
    return new ol.layer.Vector({ source, style, renderOrder });
  },
};

const drawn = makers[layer.kind]();
const map = new ol.Map({
  target: 'map',
  controls: [],
  layers: [drawn],
  view: new ol.View({
    projection,
    center: ol.proj.fromLonLat(view.centre, projection),
    // Zoom levels count in the projection's own tile pyramid; a resolution means the same in both.
    resolution: view.resolution ?? 156543.03392804097 / 2 ** view.zoom,
  }),
});
const pixelOf = (place) => map.getPixelFromCoordinate(ol.proj.fromLonLat(place, projection));

/** What GetFeatureInfo says at a place, asked with the address that OpenLayers makes. */
window.ask = async (place) => {
  const coordinate = ol.proj.fromLonLat(place, projection);
  const url = drawn
    .getSource()
    .getFeatureInfoUrl(coordinate, map.getView().getResolution(), projection, { INFO_FORMAT: 'application/json' });
  const answer = await fetch(url);
  return { status: answer.status, body: await answer.text() };
};

map.once('rendercomplete', () => ready(pixelOf));
