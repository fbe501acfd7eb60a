// A labelled field with its note and what is wrong with it, and the words of a refusal that belong to no field.

import type { InputHTMLAttributes } from 'react';

import { type Act, sentence } from './act.ts';

interface InputProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'id'> {
    readonly id: string;
    readonly label: string;
    readonly value: string;
    readonly onChange: (text: string) => void;
    readonly note?: string | undefined;
    readonly error?: string | undefined;
}

export function Input({ id, label, note, error, onChange, ...rest }: InputProps) {
    return (
        <div className="field">
            <label htmlFor={id}>{label}</label>
            <input
                id={id}
                data-testid={id}
                aria-describedby={`${id}-note ${id}-error`}
                aria-invalid={error !== undefined}
                onChange={(event) => onChange(event.target.value)}
                {...rest}
            />
            {note !== undefined && (
                <p id={`${id}-note`} className="dim small-text">
                    {note}
                </p>
            )}
            <p id={`${id}-error`} className="error">
                {error}
            </p>
        </div>
    );
}

/** Why it was not done; `fields` say for themselves what is wrong with them. */
export function Refusal({ act, fields = [], testId }: { act: Act; fields?: readonly string[]; testId?: string }) {
    const rest = act.violations.filter((one) => !fields.includes(one.field));
    const lines =
        act.error === null
            ? []
            : act.violations.length === 0
              ? [sentence(act.error)]
              : rest.length === 0
                ? ['Please correct what is marked.']
                : rest.map((one) => sentence(`${one.field}: ${one.message}`));
    return (
        <p className="error" role="alert" data-testid={testId}>
            {lines.join(' ')}
        </p>
    );
}
