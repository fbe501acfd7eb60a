// A mail address is confirmed: after registering, or after it was changed.

import { type FormEvent, useState } from 'react';

import { ApiError, ask } from '../api/client.ts';
import { isSignedIn, useApp } from '../state/app.ts';
import { useAct } from '../ui/act.ts';
import { Input, Refusal } from '../ui/Input.tsx';
import { Card, Onward } from './LinkPage.tsx';

export function Confirm({ token }: { token: string }) {
    const [isDone, setDone] = useState(false);
    /** Asked for where the name that was registered is another organisation's by now. */
    const [organisation, setOrganisation] = useState<string | null>(null);
    const signedIn = useApp((state) => isSignedIn(state));
    const act = useAct();
    const submit = (event: FormEvent): void => {
        event.preventDefault();
        void act.run(async () => {
            try {
                await ask('v1/auth/verify-email', { token, ...(organisation !== null && { organisation: organisation.trim() }) });
                setDone(true);
            } catch (error) {
                if (error instanceof ApiError && error.status === 409) {
                    setOrganisation((before) => before ?? '');
                }
                throw error;
            }
        });
    };
    if (isDone) {
        return (
            <Card heading="Mail address confirmed">
                <Onward label={signedIn ? 'Go on' : 'Sign in'} />
            </Card>
        );
    }
    return (
        <Card heading="Confirm your mail address">
            <form onSubmit={submit} noValidate>
                <p>The link that you have opened shows that you read the mail of this address.</p>
                {organisation !== null && (
                    <Input id="organisation" label="Another name for the organisation" value={organisation} onChange={setOrganisation} error={act.of('organisation')} />
                )}
                <Refusal act={act} fields={['organisation']} testId="link-error" />
                <div className="row">
                    <button type="submit" className="primary" disabled={act.isBusy} data-testid="confirm-email">
                        Confirm
                    </button>
                    {act.error !== null && <Onward label="Back" />}
                </div>
            </form>
        </Card>
    );
}
