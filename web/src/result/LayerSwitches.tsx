// Layers of the map beside the areas: particles and track on, pictures of probability and forcing off until asked for,
// each with its legend and, where it is not of the shown step, with its time.

import { useEffect, useState } from 'react';

import { ApiError, reason, request } from '../api/client.ts';
import { noteLacking, retryParticles, useMission } from '../mission/store.ts';
import { toggleLayer, useApp } from '../state/app.ts';
import { LAYERS, type RasterId, RASTERS } from '../state/layers.ts';
import type { Result } from './data.ts';
import { nameOf, otherTime } from './pictures.ts';
import { useStep } from './use-step.ts';

const RETRY_MS = 5000;
const isRaster = (id: string): id is RasterId => (RASTERS as readonly string[]).includes(id);

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
                    <label key={layer.id} className={isRaster(layer.id) ? 'check picture' : 'check'}>
                        <input
                            type="checkbox"
                            checked={layers[layer.id]}
                            data-testid={`toggle-${layer.id}`}
                            onChange={() => toggleLayer(layer.id)}
                        />
                        {layer.label}
                        {isRaster(layer.id) && layers[layer.id] && <OtherTime id={layer.id} result={result} />}
                        {shortcutsOn && <kbd aria-hidden="true">{layer.key.toUpperCase()}</kbd>}
                    </label>
                ))}
            </div>
            {note !== null && (
                <p className="warn" data-testid="particles-note">
                    Particles are not drawn: {note}.{' '}
                    <button type="button" className="small" onClick={retryParticles} data-testid="particles-retry">
                        Try again
                    </button>
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

/** The time of a picture that is not of the shown step. */
function OtherTime({ id, result }: { id: RasterId; result: Result }) {
    const step = useStep(result);
    const text = otherTime(useMission((state) => state.pictures[id]), step?.time);
    return text === null ? null : <span className="warn small-text" data-testid={`late-${id}`}>{text}</span>;
}

/**
 * The legend as the map service draws it, or why there is no such layer. It is asked for with the key in a header, so it
 * goes by way of a blob.
 */
function Legend({ id, mission }: { id: RasterId; mission: string }) {
    const [url, setUrl] = useState<string | null>(null);
    const [trouble, setTrouble] = useState<string | null>(null);
    const isLacking = useMission((state) => state.lacking.includes(id));
    const isFailed = useMission((state) => state.pictures[id]?.isFailed === true);
    const name = nameOf(id);
    useEffect(() => {
        const stop = new AbortController();
        let made: string | null = null;
        let retry = 0;
        const legend = `service=WMS&version=1.3.0&request=GetLegendGraphic&layer=${id}&format=image/png`;
        const read = async (): Promise<void> => {
            // The tileset itself says whether there is such a layer; a legend there always is.
            await request(`missions/${mission}/tiles/${id}.json`, { signal: stop.signal });
            const response = await request(`missions/${mission}/wms?${legend}`, { signal: stop.signal });
            const blob = await response.blob();
            if (!stop.signal.aborted) {
                made = URL.createObjectURL(blob);
                setUrl(made);
                setTrouble(null);
            }
        };
        const tryToRead = (): void => {
            read().catch((error: unknown) => {
                if (stop.signal.aborted) {
                    return;
                }
                setTrouble(reason(error));
                if (error instanceof ApiError && error.status === 404) {
                    noteLacking(id, true);
                } else {
                    retry = window.setTimeout(tryToRead, RETRY_MS);
                }
            });
        };
        tryToRead();
        return () => {
            stop.abort();
            clearTimeout(retry);
            // Switched on again, it is asked for again.
            noteLacking(id, false);
            if (made !== null) {
                URL.revokeObjectURL(made);
            }
        };
    }, [id, mission]);
    return (
        <figure className="legend">
            <figcaption>{name}</figcaption>
            {(trouble !== null || isFailed) && (
                <p className="warn" role="alert" data-testid={`trouble-${id}`}>
                    {isLacking ? 'Not shown' : `${name} cannot be read, trying again`}
                    {trouble !== null && `: ${trouble}`}.
                </p>
            )}
            {url !== null && <img src={url} alt={`Legend of ${name.toLowerCase()}`} data-testid={`legend-${id}`} />}
        </figure>
    );
}
