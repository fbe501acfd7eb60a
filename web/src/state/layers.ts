// The layers that can be switched, their keys and their state in the address. Forcing and probability are off until
// they are asked for.

export const LAYERS = [
    { id: 'area50', label: '50 % area', key: '1', isOn: true },
    { id: 'area90', label: '90 % area', key: '2', isOn: true },
    { id: 'area95', label: '95 % area', key: '3', isOn: true },
    { id: 'particles', label: 'Particles', key: 'd', isOn: true },
    { id: 'track', label: 'Datum track', key: 't', isOn: true },
    { id: 'probability', label: 'Probability', key: 'p', isOn: false },
    { id: 'currents', label: 'Currents', key: 'u', isOn: false },
    { id: 'wind', label: 'Wind', key: 'w', isOn: false },
    { id: 'waves', label: 'Waves', key: 'v', isOn: false },
] as const;

export type LayerId = (typeof LAYERS)[number]['id'];

/** Layers that come from the service as pictures. */
export const RASTERS = ['probability', 'currents', 'wind', 'waves'] as const;
export type RasterId = (typeof RASTERS)[number];

export type Layers = Readonly<Record<LayerId, boolean>>;

export const DEFAULT_LAYERS = Object.fromEntries(LAYERS.map((layer) => [layer.id, layer.isOn])) as Layers;

export const LEVELS = [50, 90, 95] as const;
export type Level = (typeof LEVELS)[number];

/** The layers that are on, as the address names them. */
export function layersText(layers: Layers): string {
    return LAYERS.filter((layer) => layers[layer.id])
        .map((layer) => layer.id)
        .join(',');
}

/** Layers as named in an address; unknown names are left out. */
export function parseLayers(text: string): Layers {
    const names = text.split(',');
    return Object.fromEntries(LAYERS.map((layer) => [layer.id, names.includes(layer.id)])) as Layers;
}
