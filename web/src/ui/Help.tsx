// The list of keys, and the switch that turns them off.

import { useEffect, useRef } from 'react';

import { setShortcuts, useApp } from '../state/app.ts';
import { SHORTCUTS } from './shortcuts.ts';

export function Help() {
    const { isHelpOpen, shortcutsOn } = useApp();
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        if (isHelpOpen) {
            dialog.current?.showModal();
        } else {
            dialog.current?.close();
        }
    }, [isHelpOpen]);
    const close = (): void => useApp.setState({ isHelpOpen: false });
    return (
        <dialog ref={dialog} aria-labelledby="help-heading" onClose={close} data-testid="help-dialog">
            <h2 id="help-heading">Keys</h2>
            <label className="check">
                <input
                    type="checkbox"
                    checked={shortcutsOn}
                    data-testid="shortcuts-on"
                    onChange={(event) => setShortcuts(event.target.checked)}
                />
                Single keys work
            </label>
            <dl className="keys">
                {SHORTCUTS.map(([key, meaning]) => (
                    <div key={key}>
                        <dt>
                            <kbd>{key}</kbd>
                        </dt>
                        <dd>{meaning}</dd>
                    </div>
                ))}
            </dl>
            <p className="small-text dim">
                With the map in focus, arrows move the map and plus and minus zoom. Times are UTC; areas and datums are
                computed, not observed. Not for navigation.
            </p>
            <button type="button" className="primary" onClick={close}>
                Close
            </button>
        </dialog>
    );
}
