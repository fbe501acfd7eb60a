// The result as text: what holds and what does not, the numbers of the moment, the layers, the table of all times, where
// it comes from, and how to take it away.

import { useState } from 'react';

import { postJson, reason } from '../api/client.ts';
import type { Mission } from '../api/types.ts';
import { formOf, toRequest } from '../mission/form-state.ts';
import { useMission } from '../mission/store.ts';
import { may, show, speak } from '../state/app.ts';
import { useNow } from '../time/now.ts';
import { elapsed, parseIso, span, utc } from '../time/utc.ts';
import { randomName } from '../ui/random.ts';
import { Addresses } from './Addresses.tsx';
import type { Result } from './data.ts';
import { Downloads } from './Downloads.tsx';
import { ageOf } from './freshness.ts';
import { HoursTable } from './HoursTable.tsx';
import { LayerSwitches } from './LayerSwitches.tsx';
import { Moment } from './Moment.tsx';
import { Origins } from './Origins.tsx';

export function ResultPanel({ result }: { result: Result }) {
    return (
        <div data-testid="result">
            <Caveats result={result} />
            <Moment result={result} />
            <LayerSwitches result={result} />
            <HoursTable result={result} />
            <Origins result={result} />
            <Downloads result={result} />
            <Addresses result={result} />
        </div>
    );
}

/** What a reader has to know before the numbers. */
function Caveats({ result }: { result: Result }) {
    const { summary } = result.results;
    const feeds = useMission((state) => state.feeds);
    const now = useNow();
    const stale = summary.forcing
        .map((used) => ({ used, age: ageOf(parseIso(used.run) ?? 0, result.from, result.until, now) }))
        .filter(({ age }) => age.isStale);
    const newer = summary.forcing.filter((used) =>
        feeds.some((feed) => {
            const run = parseIso(feed.run) ?? 0;
            const times = feed.series.flatMap((series) => series.times);
            const holdsStart = (parseIso(times[0]) ?? Infinity) <= result.from && (parseIso(times.at(-1)) ?? 0) >= result.from;
            return feed.feed === used.feed && run > (parseIso(used.run) ?? 0) && holdsStart;
        }),
    );
    return (
        <>
            {result.isSuperseded && (
                <p className="bad banner" role="alert" data-testid="superseded">
                    <strong>Superseded.</strong> A newer run of this mission exists.
                </p>
            )}
            {stale.map(({ used, age }) => (
                <p key={`${used.kind} ${used.feed} ${used.run}`} className="bad banner" data-testid="stale">
                    <strong>Stale forcing:</strong> {used.kind} from {used.feed}, cycle {utc(parseIso(used.run) ?? 0)},{' '}
                    {age.against === 'now' ? `is ${span(age.ms)} old now` : `was ${span(age.ms)} old at the start`}. Newer forcing may move the areas.
                </p>
            ))}
            {summary.forecast_cut_short_by_forcing && (
                <p className="bad banner" data-testid="partial">
                    <strong>Partial:</strong> forcing ends early; the forecast holds until {utc(result.until)},{' '}
                    {elapsed(result.until - result.from)} of {result.mission.forecast_hours} h.
                </p>
            )}
            {summary.warnings
                .filter((warning) => !summary.forecast_cut_short_by_forcing || !warning.startsWith('forcing ends'))
                .map((warning) => (
                    <p key={warning} className="warn banner">
                        <strong>Note:</strong> {warning}.
                    </p>
                ))}
            {newer.length > 0 && <RunAgain mission={result.mission} />}
        </>
    );
}

function RunAgain({ mission }: { mission: Mission }) {
    const [error, setError] = useState<string | null>(null);
    const act = async (): Promise<void> => {
        try {
            const { request } = toRequest(formOf(mission));
            const made = await postJson<Mission>('v1/missions', request, { 'Idempotency-Key': randomName() });
            speak('Mission accepted');
            show('mission', made.id);
        } catch (failure) {
            setError(reason(failure));
        }
    };
    return (
        <div className="warn banner" data-testid="newer-forcing">
            <strong>Newer forcing is there</strong> than this run used.{' '}
            {may('missions:write') && (
                <button type="button" className="small" onClick={() => void act()}>
                    Run again with it
                </button>
            )}
            {error !== null && <p role="alert">{error}.</p>}
        </div>
    );
}
