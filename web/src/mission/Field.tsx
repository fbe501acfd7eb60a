// A labelled field with its note and what is wrong with it.

import type { ReactNode } from 'react';

import type { FieldName } from './form-state.ts';

interface FieldProps {
    readonly name: FieldName;
    readonly label: string;
    readonly error: string | undefined;
    readonly note?: string;
    readonly children: ReactNode;
}

export function Field({ name, label, error, note, children }: FieldProps) {
    return (
        <div className="field">
            <label htmlFor={`field-${name}`}>{label}</label>
            {note !== undefined && (
                <span id={`note-${name}`} className="dim small-text">
                    {' '}
                    {note}
                </span>
            )}
            {children}
            <p id={`error-${name}`} className="error" data-testid={`error-${name}`}>
                {error}
            </p>
        </div>
    );
}
