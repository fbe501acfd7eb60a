// The mission form: one screen, by keyboard alone. What is typed is kept over reloads and refusals; before it is sent the
// forcing of its place and time is shown.

import { type FormEvent, useEffect, useMemo, useState } from 'react';

import { ApiError, postJson, reason } from '../api/client.ts';
import type { Mission, MissionRequest } from '../api/types.ts';
import { parsePosition } from '../geo/parse-position.ts';
import { formatPosition } from '../geo/position.ts';
import { show, speak, useApp } from '../state/app.ts';
import { keep, recall } from '../state/kept.ts';
import { randomName } from '../ui/random.ts';
import { useCovering, useVerdict } from './check.ts';
import { AdvancedFields, DistressField, ExtentFields, ObjectField, PositionField, TimeField } from './fields.tsx';
import { Forcing } from './Forcing.tsx';
import {
    carriedText,
    type FieldErrors,
    fieldErrors,
    type FieldName,
    type FormValues,
    freshForm,
    parseForm,
    radiusM,
    toRequest,
    toStretch,
} from './form-state.ts';
import { useReference } from './reference.ts';

export function MissionForm() {
    const [form, setForm] = useState<FormValues>(() => parseForm(recall('session', 'form'), freshForm(Date.now())));
    const [hasTried, setTried] = useState(false);
    const [refusal, setRefusal] = useState<FieldErrors>({});
    const [isSending, setSending] = useState(false);
    const reference = useReference();
    const scopes = useApp((state) => state.organisation?.scopes) ?? [];
    const maySend = scopes.includes('missions:write');
    const { request, errors } = useMemo(() => toRequest(form), [form]);
    const covering = useCovering(useMemo(() => toStretch(form), [form]));
    const verdict = useVerdict(maySend ? request : null);
    /** What was there before it was cleared, until something is typed. */
    const [cleared, setCleared] = useState<FormValues | null>(null);
    const change = (values: Partial<FormValues>): void => {
        setForm((before) => ({ ...before, ...values }));
        setRefusal({});
        setCleared(null);
    };
    const clear = (): void => {
        setForm(cleared ?? freshForm(Date.now()));
        setCleared(cleared === null ? form : null);
        setRefusal({});
        setTried(false);
        speak(cleared === null ? 'Form cleared' : 'Form as it was');
    };
    useEffect(() => keep('session', 'form', JSON.stringify(form)), [form]);
    useMapOf(form, change);

    const submit = async (event: FormEvent): Promise<void> => {
        event.preventDefault();
        setTried(true);
        if (request === null) {
            speak('The form is not complete');
            focusFirst(errors);
            return;
        }
        setSending(true);
        try {
            const mission = await send(request);
            speak('Mission accepted');
            show('mission', mission.id);
        } catch (error) {
            const isProblem = error instanceof ApiError && error.violations.length > 0;
            const wrong = isProblem ? fieldErrors(error.violations) : { form: reason(error) };
            setRefusal(wrong);
            focusFirst(wrong);
            speak('The mission was not accepted');
        } finally {
            setSending(false);
        }
    };
    const shown = { ...(hasTried ? errors : onlyTyped(form, errors)), ...fieldErrors(verdict.answer?.violations ?? []), ...refusal };
    const carried = carriedText(form);
    const fields = { form, errors: shown, change };

    return (
        <form noValidate onSubmit={(event) => void submit(event)} aria-labelledby="form-heading" data-testid="mission-form">
            <h1 id="form-heading">New mission</h1>
            {!maySend && (
                <p className="warn banner" data-testid="may-not-send">
                    This key may look at missions but not send any.
                </p>
            )}
            {reference.error !== null && (
                <p className="bad" role="alert">
                    {reference.error}.{' '}
                    <button type="button" className="small" onClick={reference.again}>
                        Try again
                    </button>
                </p>
            )}
            <PositionField {...fields} />
            <TimeField {...fields} />
            <ObjectField {...fields} types={reference.types} />
            <ExtentFields {...fields} />
            {(scopes.includes('missions:distress') || form.distress) && <DistressField {...fields} />}
            <AdvancedFields {...fields} />
            {carried !== '' && (
                <p className="dim small-text" data-testid="carried">
                    Sent along, as in the mission before: {carried}.
                </p>
            )}
            <Forcing covering={covering} verdict={verdict} feeds={reference.feeds} />
            {(shown.form ?? shown.distress) !== undefined && (
                <p className="bad" role="alert" data-testid="form-error">
                    Not accepted: {shown.form ?? shown.distress}. What you typed is kept.
                </p>
            )}
            <div className="row">
                <button type="submit" className="primary" disabled={isSending || !maySend} data-testid="submit">
                    {isSending ? 'Sending …' : 'Compute drift'}
                </button>
                <button type="button" onClick={clear} data-testid="clear-form">
                    {cleared === null ? 'Clear' : 'Undo clear'}
                </button>
            </div>
        </form>
    );
}

/** The same request sent again after a broken answer is the same mission, not a second one. */
const sent = { body: '', key: '' };

async function send(request: MissionRequest): Promise<Mission> {
    const body = JSON.stringify(request);
    if (sent.body !== body) {
        Object.assign(sent, { body, key: randomName() });
    }
    const mission = await postJson<Mission>('v1/missions', request, { 'Idempotency-Key': sent.key });
    Object.assign(sent, { body: '', key: '' });
    return mission;
}

/** Draws what the form holds, and takes a place that is clicked on the map. */
function useMapOf(form: FormValues, change: (values: Partial<FormValues>) => void): void {
    const picked = useApp((state) => state.picked);
    useEffect(() => {
        const parsed = parsePosition(form.position);
        const radius = radiusM(form);
        useApp.setState({
            draft: { position: parsed.ok ? parsed.position : null, radiusM: Number.isFinite(radius) ? radius : 0 },
        });
    }, [form]);
    useEffect(() => {
        if (picked !== null) {
            const text = formatPosition(picked, 'DM');
            change({ position: text });
            speak(`Position ${text} taken from the map`);
            useApp.setState({ picked: null });
        }
    }, [picked]);
}

const ORDER: readonly FieldName[] = ['position', 'time', 'object', 'radius', 'hours', 'distress', 'name', 'size', 'seed'];

function focusFirst(wrong: FieldErrors): void {
    const first = ORDER.find((name) => wrong[name] !== undefined);
    const field = first === undefined ? null : document.getElementById(`field-${first}`);
    // A field that is folded away cannot take the focus.
    field?.closest('details')?.setAttribute('open', '');
    field?.focus();
}

/** While somebody types, only what is typed can be wrong; what is empty is not yet. */
function onlyTyped(form: FormValues, errors: FieldErrors): FieldErrors {
    const isEmpty: Partial<Record<FieldName, boolean>> = {
        position: form.position.trim() === '',
        object: form.object === '' && form.objectText.trim() === '',
        time: form.date === '' || form.time === '',
    };
    return Object.fromEntries(Object.entries(errors).filter(([name]) => isEmpty[name as FieldName] !== true));
}
