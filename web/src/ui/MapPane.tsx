// The map's place on the page: it is loaded beside the form, and the page works without it.

import { useEffect, useRef, useState } from 'react';

import type { Position } from '../geo/position.ts';
import { formatPosition } from '../geo/position.ts';
import { useMission } from '../mission/store.ts';
import type { Result } from '../result/data.ts';
import { pictureNotes } from '../result/pictures.ts';
import { useStep } from '../result/use-step.ts';
import { useApp } from '../state/app.ts';

export function MapPane() {
    const canvas = useRef<HTMLDivElement>(null);
    const labels = useRef<HTMLDivElement>(null);
    const pointer = useRef<HTMLParagraphElement>(null);
    const [trouble, setTrouble] = useState<string | null>(null);
    const [credit, setCredit] = useState('');
    const view = useApp((state) => state.view);
    const result = useMission((state) => state.result);

    useEffect(() => {
        const stop = new AbortController();
        const onPointer = (position: Position | null): void => {
            if (pointer.current !== null) {
                pointer.current.textContent = position === null ? '' : formatPosition(position, 'DM');
            }
        };
        const onLost = (isLost: boolean): void =>
            setTrouble(isLost ? 'The graphics card was lost; the map comes back as soon as it does. Otherwise reload the page.' : null);
        const begin = async (): Promise<void> => {
            const { mountMap } = await import('../map/mount.ts');
            if (canvas.current !== null && labels.current !== null && !stop.signal.aborted) {
                const places = { canvas: canvas.current, labels: labels.current, onPointer, onLost, onCredit: setCredit };
                await mountMap(places, stop.signal);
            }
        };
        begin().catch((error: unknown) => {
            console.error(error);
            setTrouble('The map cannot be shown in this browser: it needs WebGL 2. Everything else works.');
        });
        return () => stop.abort();
    }, []);

    const attribution = result?.results.summary.attribution ?? [];
    const credits = attribution.length > 0 ? attribution.join(' · ') : credit;
    return (
        <section className="map" aria-label="Map" data-testid="map">
            <div ref={canvas} className="canvas" />
            <div ref={labels} className="graticule" aria-hidden="true" />
            {result?.isSuperseded === true && <p className="watermark" aria-hidden="true">SUPERSEDED</p>}
            {trouble !== null && (
                <p className="trouble" role="alert" data-testid="map-trouble">
                    {trouble}
                </p>
            )}
            {result !== null && <PictureNotes result={result} />}
            {view === 'form' && trouble === null && <p className="hint">Click sets the position</p>}
            <p className="pointer" ref={pointer} aria-hidden="true" />
            <div className="printed">
                <p className="warning" data-testid="not-for-navigation">NOT FOR NAVIGATION</p>
                <p data-testid="map-attribution">{credits}</p>
            </div>
        </section>
    );
}

/** What a look at the map alone would get wrong: pictures of another time, or none where one is wanted. */
function PictureNotes({ result }: { result: Result }) {
    const step = useStep(result);
    const notes = pictureNotes(useMission((state) => state.pictures), step?.time);
    return notes.length === 0 ? null : (
        <ul className="plain picture-notes" data-testid="picture-notes">
            {notes.map((note) => (
                <li key={note}>{note}</li>
            ))}
        </ul>
    );
}
