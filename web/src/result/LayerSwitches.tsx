// Layers of the map beside the areas: particles and track on, pictures of probability and forcing off until asked for,
// each with its legend.

import { useEffect, useState } from 'react';

import { reason, request } from '../api/client.ts';
import { useMission } from '../mission/store.ts';
import { toggleLayer, useApp } from '../state/app.ts';
import { LAYERS, type RasterId, RASTERS } from '../state/layers.ts';
import type { Result } from './data.ts';

export function LayerSwitches({ result }: { result: Result }) {
    const { layers, opacity, shortcutsOn } = useApp();
    const note = useMission((state) => state.particlesNote);
    const particles = useMission((state) => state.particles);
    const pictures = RASTERS.filter((id) => layers[id]);
    return (
        <section aria-labelledby="layers-heading">
            <h2 id="layers-heading">On the map</h2>
            <div className="switches">
                {LAYERS.filter((layer) => !layer.id.startsWith('area')).map((layer) => (
                    <label key={layer.id} className="check">
                        <input
                            type="checkbox"
                            checked={layers[layer.id]}
                            data-testid={`toggle-${layer.id}`}
                            onChange={() => toggleLayer(layer.id)}
                        />
                        {layer.label}
                        {shortcutsOn && <kbd aria-hidden="true">{layer.key.toUpperCase()}</kbd>}
                    </label>
                ))}
            </div>
            {note !== null && (
                <p className="warn" data-testid="particles-note">
                    Particles are not drawn: {note}.
                </p>
            )}
            {particles !== null && particles.count < result.results.summary.particles && (
                <p className="dim small-text">
                    {particles.count} of {result.results.summary.particles} particles are drawn; areas and numbers are of all.
                </p>
            )}
            {pictures.length > 0 && (
                <>
                    <label className="row">
                        Opacity of pictures
                        <input
                            type="range"
                            min={10}
                            max={100}
                            step={5}
                            value={Math.round(opacity * 100)}
                            data-testid="opacity"
                            onChange={(event) => useApp.setState({ opacity: Number(event.target.value) / 100 })}
                        />
                        <span className="dim">{Math.round(opacity * 100)} %</span>
                    </label>
                    {pictures.map((id) => (
                        <Legend key={id} id={id} mission={result.mission.id} />
                    ))}
                </>
            )}
        </section>
    );
}

/**
 * The legend as the map service draws it, or why there is no such layer. It is asked for with the key in a header, so it
 * goes by way of a blob.
 */
function Legend({ id, mission }: { id: RasterId; mission: string }) {
    const [url, setUrl] = useState<string | null>(null);
    const [trouble, setTrouble] = useState<string | null>(null);
    const name = LAYERS.find((layer) => layer.id === id)?.label ?? id;
    useEffect(() => {
        const stop = new AbortController();
        let made: string | null = null;
        const legend = `service=WMS&version=1.3.0&request=GetLegendGraphic&layer=${id}&format=image/png`;
        const read = async (): Promise<void> => {
            // The tileset itself says whether there is such a layer; a legend there always is.
            await request(`missions/${mission}/tiles/${id}.json`, { signal: stop.signal });
            const response = await request(`missions/${mission}/wms?${legend}`, { signal: stop.signal });
            const blob = await response.blob();
            if (!stop.signal.aborted) {
                made = URL.createObjectURL(blob);
                setUrl(made);
            }
        };
        read().catch((error: unknown) => {
            if (!stop.signal.aborted) {
                setTrouble(reason(error));
                useMission.setState(({ lacking }) => ({ lacking: [...lacking, id] }));
            }
        });
        return () => {
            stop.abort();
            if (made !== null) {
                URL.revokeObjectURL(made);
            }
        };
    }, [id, mission]);
    return (
        <figure className="legend">
            <figcaption>{name}</figcaption>
            {trouble !== null && (
                <p className="warn" role="alert" data-testid={`trouble-${id}`}>
                    Not shown: {trouble}.
                </p>
            )}
            {url !== null && <img src={url} alt={`Legend of ${name.toLowerCase()}`} data-testid={`legend-${id}`} />}
        </figure>
    );
}
