// The clock's handle: slider, play, steps, speed. It follows the running clock without React: only what changes in the
// picture is written.

import { useEffect, useRef } from 'react';
import { useStore } from 'zustand';

import { clock, goHours, goSteps, seek, SPEEDS, togglePlay } from '../time/clock.ts';
import { elapsed, local, utc } from '../time/utc.ts';
import type { Result } from './data.ts';

const MINUTE = 60_000;

/** Writes into the text node that is there: a new one would have to be styled and placed with every frame. */
function put(element: HTMLElement, text: string): void {
    if (element.firstChild === null) {
        element.textContent = text;
    } else {
        element.firstChild.nodeValue = text;
    }
}

export function TimeBar({ result }: { result: Result }) {
    const isPlaying = useStore(clock, (state) => state.isPlaying);
    const speed = useStore(clock, (state) => state.speed);
    const slider = useRef<HTMLInputElement>(null);
    const shown = useRef<HTMLElement>(null);
    const beside = useRef<HTMLElement>(null);

    useEffect(() => {
        const write = (): void => {
            const state = clock.getState();
            const input = slider.current;
            if (input === null || shown.current === null || beside.current === null) {
                return;
            }
            const minutes = String(Math.round((state.now - state.from) / MINUTE));
            if (input.value !== minutes) {
                input.value = minutes;
            }
            const text = utc(state.now);
            if (shown.current.textContent !== text) {
                put(shown.current, text);
                put(beside.current, `+${elapsed(state.now - state.from)} · ${local(state.now)}`);
            }
            // A running clock is not read out minute by minute.
            if (!state.isPlaying && input.getAttribute('aria-valuetext') !== text) {
                input.setAttribute('aria-valuetext', text);
            }
        };
        write();
        return clock.subscribe(write);
    }, [result]);

    const { from, until } = clock.getState();
    return (
        <section className="timebar" aria-label="Time" data-testid="timebar">
            <div className="buttons">
                <button type="button" aria-label="One step back" data-testid="step-back" onClick={() => goSteps(-1)}>
                    <span aria-hidden="true">◀</span>
                </button>
                <button type="button" className="play" aria-label={isPlaying ? 'Pause' : 'Play'} data-testid="play" onClick={togglePlay}>
                    <span aria-hidden="true">{isPlaying ? '❚❚' : '▶'}</span>
                </button>
                <button type="button" aria-label="One step on" data-testid="step-on" onClick={() => goSteps(1)}>
                    <span aria-hidden="true">▶|</span>
                </button>
            </div>
            <p className="now">
                <strong ref={shown} data-testid="clock-utc" />
                <span ref={beside} className="dim" />
            </p>
            <input
                ref={slider}
                type="range"
                aria-label="Time shown, UTC"
                min={0}
                max={Math.round((until - from) / MINUTE)}
                step={1}
                defaultValue={0}
                data-testid="slider"
                onKeyDown={(event) => {
                    const acts: Record<string, () => void> = {
                        ArrowLeft: () => (event.shiftKey ? goHours(-6) : goSteps(-1)),
                        ArrowDown: () => goSteps(-1),
                        ArrowRight: () => (event.shiftKey ? goHours(6) : goSteps(1)),
                        ArrowUp: () => goSteps(1),
                        PageDown: () => goHours(-6),
                        PageUp: () => goHours(6),
                    };
                    const act = acts[event.key];
                    if (act !== undefined) {
                        event.preventDefault();
                        act();
                    }
                }}
                onInput={(event) => {
                    // Read first: stopping the clock writes its time into the slider.
                    const moment = clock.getState().from + Number(event.currentTarget.value) * MINUTE;
                    clock.setState({ isPlaying: false });
                    seek(moment);
                }}
            />
            <label className="speed">
                <span className="hidden">Speed</span>
                <select
                    value={speed}
                    data-testid="speed"
                    onChange={(event) => clock.setState({ speed: Number(event.target.value) })}
                >
                    {SPEEDS.map((one) => (
                        <option key={one} value={one}>
                            {one} h/s
                        </option>
                    ))}
                </select>
            </label>
        </section>
    );
}
