// Where the forecast comes from: forcing with its ages, seed, engine, credits.

import { useNow } from '../time/now.ts';
import { parseIso, span, utc } from '../time/utc.ts';
import type { Result } from './data.ts';
import { ageOf } from './freshness.ts';

export function Origins({ result }: { result: Result }) {
    const { summary } = result.results;
    const now = useNow();
    return (
        <details open data-testid="origins">
            <summary>Forcing and origin</summary>
            <div className="scroll" role="region" aria-label="Forcing used" tabIndex={0}>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">Kind</th>
                            <th scope="col">Feed</th>
                            <th scope="col">Cycle</th>
                            <th scope="col">Age</th>
                            <th scope="col">Until</th>
                            <th scope="col">Share</th>
                        </tr>
                    </thead>
                    <tbody>
                        {summary.forcing.map((used) => {
                            const cycle = parseIso(used.run) ?? 0;
                            const age = ageOf(cycle, result.from, result.until, now);
                            return (
                                <tr key={`${used.kind} ${used.feed} ${used.run}`}>
                                    <th scope="row">{used.kind}</th>
                                    <td>{used.feed}</td>
                                    <td>{utc(cycle)}</td>
                                    <td className={age.isStale ? 'bad' : ''}>
                                        {age.isStale && 'stale, '}
                                        {span(age.ms)} {age.against === 'now' ? 'now' : 'at the start'}
                                    </td>
                                    <td>{utc(parseIso(used.valid_until) ?? 0)}</td>
                                    <td>{Math.round(used.share * 100)} %</td>
                                </tr>
                            );
                        })}
                    </tbody>
                </table>
            </div>
            <dl className="facts">
                <div>
                    <dt>Object</dt>
                    <dd>
                        {summary.object.key}, {summary.object.description}
                    </dd>
                </div>
                <div>
                    <dt>Particles and seed</dt>
                    <dd data-testid="seed">
                        {summary.particles}, seed {summary.seed}
                    </dd>
                </div>
                <div>
                    <dt>Issued</dt>
                    <dd>
                        {utc(parseIso(summary.issued) ?? 0)}, engine {summary.engine_version}, position error growth{' '}
                        {summary.current_error.calibration}
                    </dd>
                </div>
                <div>
                    <dt>Credits</dt>
                    <dd data-testid="attribution">{summary.attribution.join('; ')}</dd>
                </div>
            </dl>
        </details>
    );
}
