// The fields of the mission form, each with its note, its echo and what is wrong with it.

import { useMemo } from 'react';

import type { ObjectType } from '../api/types.ts';
import { parsePosition } from '../geo/parse-position.ts';
import { formatPosition, NOTATIONS } from '../geo/position.ts';
import { useNow } from '../time/now.ts';
import { floorTo, fromInputs, local, span, toInputs, utc } from '../time/utc.ts';
import { Combobox } from '../ui/Combobox.tsx';
import { className, searchClasses } from './classes.ts';
import { Field } from './Field.tsx';
import type { FieldErrors, FieldName, FormValues } from './form-state.ts';

export interface FieldsProps {
    readonly form: FormValues;
    readonly errors: FieldErrors;
    readonly change: (values: Partial<FormValues>) => void;
}

export function PositionField({ form, errors, change }: FieldsProps) {
    const parsed = useMemo(() => parsePosition(form.position), [form.position]);
    return (
        <Field name="position" label="Last known position" error={errors.position} note="Or click on the map.">
            <input
                id="field-position"
                type="text"
                autoComplete="off"
                spellCheck={false}
                placeholder={`60°09.0' N 004°06.0' E`}
                aria-describedby="note-position echo-position error-position"
                aria-invalid={errors.position !== undefined}
                data-testid="position-input"
                value={form.position}
                onChange={(event) => change({ position: event.target.value })}
            />
            <div id="echo-position" className="echo" data-testid="position-echo">
                {parsed.ok && (
                    <dl>
                        {NOTATIONS.map((notation) => (
                            <div key={notation} className={notation === parsed.notation ? 'as-typed' : ''}>
                                <dt>{notation}</dt>
                                <dd>{formatPosition(parsed.position, notation)}</dd>
                            </div>
                        ))}
                    </dl>
                )}
            </div>
        </Field>
    );
}

export function TimeField({ form, errors, change }: FieldsProps) {
    const start = fromInputs(form.date, form.time);
    const now = useNow();
    // The page's present is up to half a minute old.
    const isAhead = start !== null && start - now > 60_000;
    const described = {
        'aria-describedby': 'note-time error-time',
        'aria-invalid': errors.time !== undefined,
    };
    return (
        <fieldset className="field">
            <legend>Time of the last known position (UTC)</legend>
            <div className="row">
                <label>
                    <span className="hidden">Date, UTC</span>
                    <input
                        id="field-time"
                        type="date"
                        {...described}
                        data-testid="date-input"
                        value={form.date}
                        onChange={(event) => change({ date: event.target.value })}
                    />
                </label>
                <label>
                    <span className="hidden">Time, UTC, hours and minutes</span>
                    <input
                        type="text"
                        className="time"
                        inputMode="numeric"
                        autoComplete="off"
                        placeholder="hh:mm"
                        {...described}
                        data-testid="time-input"
                        value={form.time}
                        onChange={(event) => change({ time: event.target.value })}
                    />
                </label>
                <span className="suffix">UTC</span>
                <button type="button" className="small" onClick={() => change(toInputs(floorTo(Date.now(), 1)))}>
                    Now
                </button>
            </div>
            <div id="note-time" className="small-text">
                {start !== null && (
                    <p className="dim">
                        {utc(start)}; here {local(start)}
                    </p>
                )}
                {isAhead && (
                    <p className="warn" data-testid="time-ahead">
                        <strong>Note:</strong> this is {span(start - now)} ahead of now.
                    </p>
                )}
            </div>
            <p id="error-time" className="error" data-testid="error-time">
                {errors.time}
            </p>
        </fieldset>
    );
}

export function ObjectField({ form, errors, change, types }: FieldsProps & { readonly types: readonly ObjectType[] }) {
    const chosen = types.find((type) => type.key === form.object);
    return (
        <Field name="object" label="Object" error={errors.object}>
            <Combobox<ObjectType>
                inputId="field-object"
                label="Object classes"
                placeholder="Search: raft, person, kayak, PIW-1 …"
                chosen={chosen === undefined ? form.object : `${chosen.key} · ${chosen.description}`}
                typed={form.objectText}
                onType={(objectText) => change({ object: '', objectText })}
                search={(text) => searchClasses(types, text)}
                itemKey={(type) => type.key}
                isInvalid={errors.object !== undefined}
                describedBy="error-object"
                onChoose={(type) => change({ object: type.key, objectText: '' })}
                render={(type) => (
                    <>
                        <strong>{className(type)}</strong>
                        <span className="dim">
                            {type.key}
                            {type.aliases.length > 0 && ` · ${type.description}`}
                        </span>
                    </>
                )}
            />
        </Field>
    );
}

type NumberName = Extract<FieldName, 'radius' | 'hours' | 'size' | 'seed'>;

/** A number as text: what is typed is judged here, not swallowed by the browser. */
function NumberInput({ name, form, errors, change }: FieldsProps & { readonly name: NumberName }) {
    return (
        <input
            id={`field-${name}`}
            type="text"
            inputMode={name === 'radius' ? 'decimal' : 'numeric'}
            autoComplete="off"
            className="short"
            aria-describedby={`note-${name} error-${name}`}
            aria-invalid={errors[name] !== undefined}
            data-testid={`${name}-input`}
            value={form[name]}
            onChange={(event) => change({ [name]: event.target.value })}
        />
    );
}

export function ExtentFields(props: FieldsProps) {
    const { form, errors, change } = props;
    return (
        <div className="pair">
            <Field name="radius" label="Radius" error={errors.radius}>
                <div className="row">
                    <NumberInput name="radius" {...props} />
                    <select
                        aria-label="Unit of the radius"
                        data-testid="radius-unit"
                        value={form.unit}
                        onChange={(event) => change({ unit: event.target.value === 'm' ? 'm' : 'nm' })}
                    >
                        <option value="nm">nm</option>
                        <option value="m">m</option>
                    </select>
                </div>
            </Field>
            <Field name="hours" label="Hours ahead" error={errors.hours}>
                <NumberInput name="hours" {...props} />
            </Field>
        </div>
    );
}

export function AdvancedFields(props: FieldsProps) {
    const { form, errors, change } = props;
    return (
        <details className="advanced">
            <summary>Advanced</summary>
            <Field name="name" label="Name" error={errors.name}>
                <input
                    id="field-name"
                    type="text"
                    autoComplete="off"
                    maxLength={200}
                    aria-describedby="error-name"
                    data-testid="name-input"
                    value={form.name}
                    onChange={(event) => change({ name: event.target.value })}
                />
            </Field>
            <div className="pair">
                <Field name="size" label="Particles" error={errors.size}>
                    <NumberInput name="size" {...props} />
                </Field>
                <Field name="seed" label="Seed" error={errors.seed} note="Empty: chosen.">
                    <NumberInput name="seed" {...props} />
                </Field>
            </div>
        </details>
    );
}

export function DistressField({ form, change }: FieldsProps) {
    return (
        <label className="check">
            <input
                id="field-distress"
                type="checkbox"
                data-testid="distress-input"
                checked={form.distress}
                onChange={(event) => change({ distress: event.target.checked })}
            />
            Distress: ahead of everything else, noted in the audit
        </label>
    );
}
