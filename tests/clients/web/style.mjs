// Validates a MapLibre style at an address: style.mjs URL. Prints what the specification's validator has against it.

import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec';

const answer = await fetch(process.argv[2]);
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
const style = await answer.json();
const source = await (await fetch(Object.values(style.sources)[0].url)).json();
const known = source.vector_layers.map((layer) => layer.id);
const errors = validateStyleMin(style).map((error) => error.message);
for (const layer of style.layers) {
    if (!known.includes(layer['source-layer'])) errors.push(`${layer.id} has no layer in the source`);
}
console.log(JSON.stringify({ errors, layers: style.layers.length }));
