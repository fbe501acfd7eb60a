// What the forecast would be driven by, before it is sent: per kind the feeds that cover place and time, how old they are
// and how far they go; what is missing or stale stands in red and in words.

import { useEffect, useState } from 'react';

import type { CoverageEntry, Feed, ForcingKind } from '../api/types.ts';
import { ageOf } from '../result/freshness.ts';
import { useNow } from '../time/now.ts';
import { elapsed, HOUR, parseIso, span, utc } from '../time/utc.ts';
import type { Asked, Covering, Verdict } from './check.ts';
import type { Stretch } from './form-state.ts';

interface ForcingProps {
    readonly covering: Asked<Covering>;
    readonly verdict: Asked<Verdict>;
    /** `null` until they are read. */
    readonly feeds: readonly Feed[] | null;
}

const KINDS: readonly [ForcingKind, string][] = [
    ['current', 'Currents'],
    ['wind', 'Wind'],
];

export function Forcing({ covering, verdict, feeds }: ForcingProps) {
    const now = useNow();
    const { state, answer } = covering;
    const error = covering.error ?? verdict.error;
    const isAsking = state === 'asking' || verdict.state === 'asking';
    const inWords = answer && KINDS.map(([kind, name]) => inShort(name, answer.coverage[kind], answer, now)).join('. ');
    return (
        <section aria-labelledby="forcing-heading" className="box" data-testid="forcing-check" aria-busy={isAsking}>
            <h2 id="forcing-heading">Forcing here and then</h2>
            {state === 'none' && (
                <p className="dim">Shown as soon as position and time are given.</p>
            )}
            {error !== null && (
                <p className="bad" role="alert">
                    The check could not be made: {error}. What you typed is kept.
                </p>
            )}
            {answer !== null && (
                // While another place or time is asked for, the answer before keeps its room and says nothing.
                <ul className={state === 'done' ? 'plain' : 'plain unseen'}>
                    {KINDS.map(([kind, name]) => (
                        <Kind key={kind} name={name} entries={answer.coverage[kind]} stretch={answer} now={now} />
                    ))}
                </ul>
            )}
            {verdict.answer?.warnings.map((warning) => (
                <p key={warning} className="warn" data-testid="check-warning">
                    <strong>Note:</strong> {warning}.
                </p>
            ))}
            {isAsking && <p className="dim">Checking …</p>}
            <Said text={state === 'asking' ? null : (inWords ?? '')} />
            {feeds !== null && <Holdings feeds={feeds} />}
        </section>
    );
}

interface KindProps {
    readonly name: string;
    readonly entries: readonly CoverageEntry[];
    readonly stretch: Stretch;
    readonly now: number;
}

function Kind({ name, entries, stretch, now }: KindProps) {
    if (entries.length === 0) {
        return (
            <li className="bad" data-testid="forcing-missing">
                <strong>{name}: none.</strong> No feed covers this place at this time; no forecast can be made.
            </li>
        );
    }
    return entries.map((entry) => {
        const { cycle, age, reach } = judged(entry, stretch, now);
        return (
            <li key={`${entry.feed} ${entry.run}`} data-testid="forcing-covered">
                <strong>{name}:</strong> {entry.feed}, cycle {utc(cycle)},{' '}
                <span className={age.isStale ? 'bad' : ''}>
                    {age.isStale && 'stale: '}
                    {span(age.ms)} old {age.against === 'now' ? 'now' : 'at the start'}
                </span>
                ; <span className={reach.isShort ? 'bad' : ''}>{reach.text}</span>.
            </li>
        );
    });
}

/** How old a feed's cycle is, and whether it reaches from start to end; of an end that is not known nothing is said. */
function judged(entry: CoverageEntry, { from, until }: Stretch, now: number) {
    const cycle = parseIso(entry.run) ?? from;
    const first = parseIso(entry.valid_from) ?? from;
    const last = parseIso(entry.valid_until) ?? from;
    const age = ageOf(cycle, from, until ?? from, now);
    const parts: string[] = [];
    if (first > from) {
        parts.push(`begins at ${utc(first)}, ${elapsed(first - from)} after the start`);
    }
    if (until !== null && last < until) {
        parts.push(`ends after ${elapsed(last - from)}, at ${utc(last)}`);
    }
    const isShort = parts.length > 0;
    const text = isShort ? parts.join('; ') : until === null ? `reaches to ${utc(last)}` : 'covers all hours';
    return { cycle, age, reach: { isShort, text } };
}

/** The same for ears, without the numbers that change by themselves. */
function inShort(name: string, entries: readonly CoverageEntry[], stretch: Stretch, now: number): string {
    if (entries.length === 0) {
        return `${name}: none, no forecast can be made`;
    }
    return entries
        .map((entry) => {
            const { age, reach } = judged(entry, stretch, now);
            return `${name}: ${entry.feed}, ${age.isStale ? 'stale, ' : ''}${reach.text}`;
        })
        .join('. ');
}

/** Said once no key is pressed for a while, and only when it has changed; `null` while it is being asked for. */
function Said({ text }: { text: string | null }) {
    const [said, setSaid] = useState('');
    useEffect(() => {
        if (text !== null) {
            const timer = setTimeout(() => setSaid(text), 1_000);
            return () => clearTimeout(timer);
        }
        return undefined;
    }, [text]);
    return (
        <p className="hidden" role="status">
            {said}
        </p>
    );
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
