// What the organisation has used: sums by meter, each day of the last weeks, and how it stands to its quotas.

import { useState } from 'react';

import { useNow } from '../time/now.ts';
import { useLoad } from './load.ts';
import { count, Loaded, Section, Wide } from './parts.tsx';
import { Quotas } from './Quotas.tsx';
import type { UsageAnswer } from './types.ts';
import { lastDays, type MeterColumn, type UsageTable, usageTable } from './usage-days.ts';

const SPANS = [7, 30, 90];

export function Usage() {
    const [days, setDays] = useState(30);
    const { from, until } = lastDays(days, useNow());
    const load = useLoad<UsageAnswer>(`v1/billing/usage?group_by=meter,day&from=${from}&until=${until}`);
    return (
        <div className="parts">
            <Section heading="Quotas" testId="quotas">
                <Quotas />
            </Section>
            <Section heading="Usage" testId="usage">
                <div className="row" role="group" aria-label="Time">
                    {SPANS.map((span) => (
                        <button key={span} type="button" className="small" aria-pressed={days === span} onClick={() => setDays(span)} data-testid={`days-${span}`}>
                            {span} days
                        </button>
                    ))}
                </div>
                <p className="dim small-text">Units by day of UTC. What was used in the last seconds is not in it yet.</p>
                <Loaded load={load}>
                    {({ groups = [] }) => {
                        const table = usageTable(groups);
                        return table.days.length === 0 ? <p data-testid="no-usage">Nothing was used in this time.</p> : <Days table={table} />;
                    }}
                </Loaded>
            </Section>
        </div>
    );
}

function Days({ table: { meters, days } }: { table: UsageTable }) {
    return (
        <Wide label="Usage by day and meter">
            <table className="usage">
                <thead>
                    <tr>
                        <th scope="col">Day</th>
                        {meters.map(({ meter }) => (
                            <th key={meter} scope="col">
                                {meter}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    <tr className="sum">
                        <th scope="row">All days</th>
                        {meters.map((column) => (
                            <td key={column.meter} data-testid={`sum-${column.meter}`}>
                                {count(column.units)}
                            </td>
                        ))}
                    </tr>
                    {days.map(({ day, late, units }) => (
                        <tr key={`${day} ${late}`}>
                            <th scope="row" className="nowrap">
                                {day}
                                {late && <span className="warn small-text"> came late</span>}
                            </th>
                            {meters.map((column) => (
                                <td key={column.meter}>
                                    {count(units.get(column.meter) ?? 0)}
                                    <Bar units={units.get(column.meter) ?? 0} column={column} />
                                </td>
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
        </Wide>
    );
}

function Bar({ units, column }: { units: number; column: MeterColumn }) {
    return (
        <svg className="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect className="filled" width={column.most > 0 ? (100 * units) / column.most : 0} height={6} />
        </svg>
    );
}
