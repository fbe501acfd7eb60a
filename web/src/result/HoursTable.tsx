// Every fact of the map over time as a table, for readers who do not see the map and for those who copy.

import { memo, useMemo } from 'react';

import { formatPosition } from '../geo/position.ts';
import { seek } from '../time/clock.ts';
import { iso, utc } from '../time/utc.ts';
import { Copy } from '../ui/Copy.tsx';
import type { Result, Step } from './data.ts';
import { size } from './numbers.ts';
import { useStep } from './use-step.ts';

export function HoursTable({ result }: { result: Result }) {
    const shown = useStep(result);
    const text = useMemo(() => asTable(result), [result]);
    return (
        <details data-testid="hours">
            <summary>Table of all times ({result.steps.length})</summary>
            <Copy text={text} what="table" label="Copy as tab-separated text" />
            <div className="scroll" role="region" aria-label="Table of all times" tabIndex={0}>
                <table className="hours">
                    <thead>
                        <tr>
                            <th scope="col">UTC</th>
                            <th scope="col">Datum</th>
                            <th scope="col">50 % nm²</th>
                            <th scope="col">90 % nm²</th>
                            <th scope="col">95 % nm²</th>
                            <th scope="col">Stranded</th>
                            <th scope="col">Out of data</th>
                        </tr>
                    </thead>
                    <tbody>
                        {result.steps.map((step) => (
                            <Row key={step.time} step={step} isShown={step === shown} />
                        ))}
                    </tbody>
                </table>
            </div>
        </details>
    );
}

/** A step of the clock renders two rows, not all of them. */
const Row = memo(function Row({ step, isShown }: { step: Step; isShown: boolean }) {
    return (
        <tr aria-current={isShown ? 'time' : undefined}>
            <th scope="row">
                <button type="button" className="link" onClick={() => seek(step.time)}>
                    {utc(step.time).replace(' UTC', '')}
                </button>
            </th>
            <td>{step.datum === null ? '–' : formatPosition(step.datum, 'DM')}</td>
            {([50, 90, 95] as const).map((level) => {
                const area = step.areas.find((one) => one.level === level);
                return <td key={level}>{area === undefined ? '–' : size(area.nm2)}</td>;
            })}
            <td>{step.stranded}</td>
            <td>{step.missing}</td>
        </tr>
    );
});

function asTable(result: Result): string {
    const head = 'time\tlat\tlon\tarea50_nm2\tarea90_nm2\tarea95_nm2\tactive\tstranded\tmissing';
    const rows = result.steps.map((step) => {
        const area = (level: number): string => step.areas.find((one) => one.level === level)?.nm2.toFixed(3) ?? '';
        const at = [step.datum?.lat, step.datum?.lon].map((value) => value?.toFixed(6) ?? '');
        return [iso(step.time), ...at, area(50), area(90), area(95), step.active, step.stranded, step.missing].join('\t');
    });
    return `${[head, ...rows].join('\n')}\n`;
}
