// Single keys, as long as they are switched on (WCAG 2.1.4) and nothing is being typed.

import { formatPosition } from '../geo/position.ts';
import { useMission } from '../mission/store.ts';
import { isAccountView } from '../state/address.ts';
import { speak, toggleLayer, toggleTheme, useApp } from '../state/app.ts';
import { LAYERS } from '../state/layers.ts';
import { clock, goHours, goSteps, stepAt, togglePlay } from '../time/clock.ts';
import { utc } from '../time/utc.ts';
import { copyText } from './Copy.tsx';

export const SHORTCUTS: readonly (readonly [string, string])[] = [
    ['Space', 'play or pause'],
    ['← →', 'a step back or on'],
    ['Shift ← →', 'six hours back or on'],
    ...LAYERS.map((layer) => [layer.key.toUpperCase(), layer.label] as const),
    ['C', 'copy the datum in degrees and minutes'],
    ['N', 'night or day'],
    ['?', 'this help'],
];

export function listenForShortcuts(): () => void {
    const onKey = (event: KeyboardEvent): void => {
        const { shortcutsOn, isHelpOpen } = useApp.getState();
        if (!shortcutsOn || isHelpOpen || event.ctrlKey || event.altKey || event.metaKey || isTyping(event)) {
            return;
        }
        if (act(event)) {
            event.preventDefault();
        }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
}

function act(event: KeyboardEvent): boolean {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === '?') {
        useApp.setState({ isHelpOpen: true });
        return true;
    }
    if (key === 'n') {
        toggleTheme();
        return true;
    }
    const { view } = useApp.getState();
    return !isAccountView(view) && useMission.getState().result !== null && actOnResult(key, event.shiftKey);
}

function actOnResult(key: string, isShifted: boolean): boolean {
    if (key === ' ') {
        togglePlay();
    } else if (key === 'ArrowLeft' || key === 'ArrowRight') {
        const sign = key === 'ArrowLeft' ? -1 : 1;
        if (isShifted) {
            goHours(6 * sign);
        } else {
            goSteps(sign);
        }
        speak(utc(clock.getState().now));
    } else if (key === 'c') {
        void copyDatum();
    } else {
        const layer = LAYERS.find((one) => one.key === key);
        if (layer === undefined) {
            return false;
        }
        toggleLayer(layer.id);
        speak(`${layer.label} ${useApp.getState().layers[layer.id] ? 'shown' : 'hidden'}`);
    }
    return true;
}

async function copyDatum(): Promise<void> {
    const datum = useMission.getState().result?.steps[stepAt(clock.getState())]?.datum;
    if (datum) {
        const text = formatPosition(datum, 'DM');
        speak((await copyText(text)) ? `Datum copied: ${text}` : 'The datum could not be copied');
    }
}

/** Whether the key belongs to what has the focus. */
function isTyping({ target, key }: KeyboardEvent): boolean {
    if (!(target instanceof HTMLElement)) {
        return false;
    }
    if (target.matches('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]')) {
        // The time slider takes arrows itself; letters do nothing there.
        return target.matches('input[type=range]') ? key.startsWith('Arrow') : true;
    }
    if (target.matches('input')) {
        return key === ' ' || key.startsWith('Arrow');
    }
    if (target.matches('canvas, .scroll')) {
        return key.startsWith('Arrow');
    }
    return key === ' ' && target.matches('button, summary, a, label');
}
