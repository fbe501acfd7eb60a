// What the forecast would be driven by, before it is sent: per kind the feeds that cover place and time, how old they are
// and how far they go; what is missing or stale stands in red and in words.

import type { CoverageEntry, Feed, ForcingKind } from '../api/types.ts';
import { ageOf } from '../result/freshness.ts';
import { HOUR, parseIso, span, utc } from '../time/utc.ts';
import type { Check } from './check.ts';

interface ForcingProps {
    readonly check: Check;
    /** `null` until they are read. */
    readonly feeds: readonly Feed[] | null;
    /** Start and end of the forecast, milliseconds since 1970; `null` while they are not known. */
    readonly times: readonly [number, number] | null;
}

const KINDS: readonly [ForcingKind, string][] = [
    ['current', 'Currents'],
    ['wind', 'Wind'],
];

export function Forcing({ check, feeds, times }: ForcingProps) {
    const { state, coverage, warnings } = check;
    return (
        <section aria-labelledby="forcing-heading" className="box" data-testid="forcing-check" aria-busy={state === 'asking'}>
            <h2 id="forcing-heading">Forcing here and then</h2>
            {state === 'none' && (
                <p className="dim">Shown as soon as position and time are given.</p>
            )}
            {state === 'unreachable' && (
                <p className="bad" role="alert">
                    The check could not be made: {check.error}. What you typed is kept.
                </p>
            )}
            {coverage !== null && times !== null && (
                <ul className="plain">
                    {KINDS.map(([kind, name]) => (
                        <Kind key={kind} name={name} entries={coverage[kind]} times={times} />
                    ))}
                </ul>
            )}
            {state !== 'none' &&
                warnings.map((warning) => (
                    <p key={warning} className="warn" data-testid="check-warning">
                        <strong>Note:</strong> {warning}.
                    </p>
                ))}
            {state === 'asking' && <p className="dim">Checking …</p>}
            {feeds !== null && <Holdings feeds={feeds} />}
        </section>
    );
}

function Kind({ name, entries, times }: { name: string; entries: readonly CoverageEntry[]; times: readonly [number, number] }) {
    const [start, end] = times;
    if (entries.length === 0) {
        return (
            <li className="bad" data-testid="forcing-missing">
                <strong>{name}: none.</strong> No feed covers this place at this time; no forecast can be made.
            </li>
        );
    }
    return entries.map((entry) => {
        const cycle = parseIso(entry.run) ?? start;
        const until = parseIso(entry.valid_until) ?? end;
        const age = ageOf(cycle, start, end, Date.now());
        const isShort = until < end;
        return (
            <li key={`${entry.feed} ${entry.run}`} data-testid="forcing-covered">
                <strong>{name}:</strong> {entry.feed}, cycle {utc(cycle)},{' '}
                <span className={age.isStale ? 'bad' : ''}>
                    {age.isStale && 'stale: '}
                    {span(age.ms)} old {age.against === 'now' ? 'now' : 'at the start'}
                </span>
                ;{' '}
                <span className={isShort ? 'bad' : ''}>
                    {isShort ? `ends after ${span(until - start)}, at ${utc(until)}` : 'covers all hours'}
                </span>
                .
            </li>
        );
    });
}

/** Everything that the service holds, for whoever is outside of it. */
function Holdings({ feeds }: { feeds: readonly Feed[] }) {
    if (feeds.length === 0) {
        return <p className="bad">The service holds no forcing at all.</p>;
    }
    return (
        <details>
            <summary>Forcing held by the service ({feeds.length})</summary>
            <ul className="plain small-text">
                {feeds.flatMap((feed) =>
                    feed.series.map((series) => {
                        const first = parseIso(series.times[0]) ?? 0;
                        const last = parseIso(series.times.at(-1)) ?? 0;
                        const { west, south, east, north } = series.bbox;
                        return (
                            <li key={`${feed.feed} ${feed.run} ${series.kind}`}>
                                {feed.feed} ({series.kind}): {utc(first)} to {utc(last)}, {Math.round((last - first) / HOUR)} h;
                                latitude {south.toFixed(1)} to {north.toFixed(1)}, longitude {west.toFixed(1)} to{' '}
                                {east.toFixed(1)}
                            </li>
                        );
                    }),
                )}
            </ul>
            <p className="dim small-text">Boxes around it are dashed on the map.</p>
        </details>
    );
}
