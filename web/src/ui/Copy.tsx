// Text to the clipboard, by a button that says that it did.

import { useState } from 'react';

import { speak } from '../state/app.ts';

interface CopyProps {
    readonly text: string;
    /** What is copied, for readers who do not see what stands beside it. */
    readonly what: string;
    readonly label?: string;
    readonly testId?: string;
}

export function Copy({ text, what, label = 'Copy', testId }: CopyProps) {
    const [isDone, setDone] = useState(false);
    const act = async (): Promise<void> => {
        const worked = await copyText(text);
        speak(worked ? `${what} copied` : `${what} could not be copied`);
        setDone(worked);
        setTimeout(() => setDone(false), 1500);
    };
    return (
        <button type="button" className="small" data-testid={testId} onClick={() => void act()}>
            {isDone ? 'Copied' : label}
            <span className="hidden"> {what}</span>
        </button>
    );
}

export async function copyText(text: string): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return copyBySelection(text);
    }
}

/** Over plain HTTP a browser gives no clipboard: what is selected can be copied all the same. */
function copyBySelection(text: string): boolean {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'hidden';
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    const worked = document.execCommand('copy');
    area.remove();
    if (focused instanceof HTMLElement) {
        focused.focus();
    }
    return worked;
}
