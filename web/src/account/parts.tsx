// What the account's pages are made of: a section with its states, and a button for what cannot be undone.

import { type ReactNode, useId, useState } from 'react';

import { parseIso, utc } from '../time/utc.ts';
import { sentence } from '../ui/act.ts';
import type { Load } from './load.ts';

export function Section({ heading, testId, children }: { heading: string; testId?: string; children: ReactNode }) {
    const id = useId();
    return (
        <section className="part" aria-labelledby={id} data-testid={testId}>
            <h2 id={id}>{heading}</h2>
            {children}
        </section>
    );
}

/** What was read, or why it was not. */
export function Loaded<T>({ load, children }: { load: Load<T>; children: (value: T) => ReactNode }) {
    return (
        <>
            {load.error !== null && (
                <p className="bad" role="alert">
                    {sentence(load.error)} {load.value !== null && 'What is shown is older.'}{' '}
                    <button type="button" className="link" onClick={load.again}>
                        Try again
                    </button>
                </p>
            )}
            {load.value === null && load.error === null && (
                <p className="dim" role="status">
                    Reading …
                </p>
            )}
            {load.value !== null && children(load.value)}
        </>
    );
}

interface SureProps {
    readonly label: string;
    /** What it is done to, for readers who do not see what stands beside it. */
    readonly what: string;
    readonly onSure: () => void;
    readonly isBusy?: boolean;
    readonly testId?: string;
}

/** Asks once more, in its own place. */
export function Sure({ label, what, onSure, isBusy = false, testId }: SureProps) {
    const [isAsking, setAsking] = useState(false);
    if (!isAsking) {
        return (
            <button type="button" className="small danger" disabled={isBusy} onClick={() => setAsking(true)} data-testid={testId}>
                {label}
                <span className="hidden"> {what}</span>
            </button>
        );
    }
    const act = (): void => {
        setAsking(false);
        onSure();
    };
    return (
        <span className="sure" role="group" aria-label={`${label} ${what}?`}>
            <button type="button" className="small danger" autoFocus onClick={act} data-testid={testId && `${testId}-sure`}>
                {label}, really
            </button>
            <button type="button" className="small" onClick={() => setAsking(false)}>
                No
            </button>
        </span>
    );
}

/** A table that may be wider than a phone: it scrolls by itself, by keyboard too. */
export function Wide({ label, children }: { label: string; children: ReactNode }) {
    return (
        <div className="wide" role="group" aria-label={label} tabIndex={0}>
            {children}
        </div>
    );
}

/** An instant, to the minute; `none` where there is none. */
export function When({ at, none = '–' }: { at: string | null | undefined; none?: string }) {
    const time = at === null || at === undefined ? null : parseIso(at);
    return time === null ? (
        <>{none}</>
    ) : (
        <time dateTime={at ?? undefined} className="nowrap">
            {utc(time)}
        </time>
    );
}

export function count(units: number): string {
    return units.toLocaleString('en-GB');
}
