// The numbers of the moment that the clock shows, each to copy.

import { formatPosition, NOTATIONS } from '../geo/position.ts';
import { toggleLayer, useApp } from '../state/app.ts';
import { useNow } from '../time/now.ts';
import { elapsed, utc } from '../time/utc.ts';
import { Copy } from '../ui/Copy.tsx';
import type { Result, Step } from './data.ts';
import { driftText, driftTo, size, strandedShare, summaryText } from './numbers.ts';
import { useStep } from './use-step.ts';

export function Moment({ result }: { result: Result }) {
    const step = useStep(result);
    const now = useNow();
    if (step === null) {
        return <p className="bad">The run has no output times.</p>;
    }
    const drift = driftTo(result, step);
    const all = step.active + step.stranded + step.missing;
    return (
        <section aria-labelledby="moment-heading" className="moment">
            <div className="row apart">
                <h2 id="moment-heading">
                    {utc(step.time)} <span className="dim">+{elapsed(step.time - result.from)}</span>
                </h2>
                <Copy text={summaryText(result, step, now)} what="numbers as text" label="Copy all" testId="copy-summary" />
            </div>
            <Datum step={step} />
            <Areas step={step} />
            <dl className="facts">
                <div>
                    <dt>Drift since the start</dt>
                    <dd data-testid="drift">{drift === null ? 'no datum' : driftText(drift)}</dd>
                </div>
                <div>
                    <dt>Particles</dt>
                    <dd data-testid="counts">
                        {step.active} afloat, {step.stranded} stranded ({(strandedShare(step) * 100).toFixed(1)} %),{' '}
                        {step.missing} out of data, of {all}
                    </dd>
                </div>
            </dl>
        </section>
    );
}

function Datum({ step }: { step: Step }) {
    if (step.datum === null) {
        return <p>No datum: every particle is ashore or out of data.</p>;
    }
    const { datum } = step;
    return (
        <table className="datum">
            <caption>Datum, the mean of the positions</caption>
            <tbody>
                {NOTATIONS.map((notation) => (
                    <tr key={notation}>
                        <th scope="row">{notation}</th>
                        <td data-testid={`datum-${notation}`} className={notation === 'DM' ? 'main' : ''}>
                            {formatPosition(datum, notation)}
                        </td>
                        <td>
                            <Copy text={formatPosition(datum, notation)} what={`datum as ${notation}`} testId={`copy-datum-${notation}`} />
                        </td>
                    </tr>
                ))}
                {step.mode !== null && (
                    <tr>
                        <th scope="row">Likeliest</th>
                        <td data-testid="mode">{formatPosition(step.mode, 'DM')}</td>
                        <td>
                            <Copy text={formatPosition(step.mode, 'DM')} what="likeliest place" />
                        </td>
                    </tr>
                )}
            </tbody>
        </table>
    );
}

function Areas({ step }: { step: Step }) {
    const layers = useApp((state) => state.layers);
    if (step.areas.length === 0) {
        return <p>No search areas at this time.</p>;
    }
    const text = step.areas.map((area) => `${area.level} %: ${size(area.nm2)} nm2 (${size(area.km2)} km2)`).join('\n');
    return (
        <table className="areas">
            <caption>
                Search areas, the smallest that hold the object <Copy text={text} what="areas" />
            </caption>
            <thead>
                <tr>
                    <th scope="col">On the map</th>
                    <th scope="col">nm²</th>
                    <th scope="col">km²</th>
                </tr>
            </thead>
            <tbody>
                {step.areas.map((area) => (
                    <tr key={area.level}>
                        <th scope="row">
                            <label className="check">
                                <input
                                    type="checkbox"
                                    checked={layers[`area${area.level}`]}
                                    data-testid={`toggle-area${area.level}`}
                                    onChange={() => toggleLayer(`area${area.level}`)}
                                />
                                <span className={`swatch swatch-${area.level}`} aria-hidden="true" />
                                {area.level} %
                            </label>
                        </th>
                        <td data-testid={`area-nm2-${area.level}`}>{size(area.nm2)}</td>
                        <td data-testid={`area-km2-${area.level}`}>{size(area.km2)}</td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
