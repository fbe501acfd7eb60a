// The pages of accounts: which of them are offered, and the one that is open.

import './account.css';

import { useEffect, useRef } from 'react';

import type { AccountView } from '../state/address.ts';
import { show, useApp } from '../state/app.ts';
import { Invoices } from './Invoices.tsx';
import { Keys } from './Keys.tsx';
import { useLoad } from './load.ts';
import { Members } from './Members.tsx';
import { Loaded } from './parts.tsx';
import { Profile } from './Profile.tsx';
import { type Standing, viewsOf } from './rights.ts';
import type { Me, Rights } from './types.ts';
import { Usage } from './Usage.tsx';

const NAMES: Readonly<Record<AccountView, string>> = {
    account: 'Account',
    keys: 'Keys',
    members: 'Members',
    usage: 'Usage',
    invoices: 'Invoices and plan',
};

export function AccountPages({ view }: { view: AccountView }) {
    const { organisation, person } = useApp();
    const me = useLoad<Me>(person === null ? null : 'v1/users/me');
    const roles = useLoad<{ roles: Rights[] }>(person === null ? null : 'v1/roles');
    const rights = roles.value?.roles.find(({ role }) => role === person?.role) ?? null;
    const standing: Standing = { isPerson: person !== null, rights, scopes: organisation?.scopes ?? [] };
    const views = viewsOf(standing);
    const isKnown = person === null || roles.value !== null;
    return (
        <div className="account">
            <nav aria-label="Account" className="views">
                {views.map((one) => (
                    <button key={one} type="button" aria-current={one === view ? 'page' : undefined} onClick={() => show(one)} data-testid={`nav-${one}-page`}>
                        {NAMES[one]}
                    </button>
                ))}
            </nav>
            <Heading view={view} />
            {!isKnown && <Loaded load={roles}>{() => null}</Loaded>}
            {isKnown && !views.includes(view) && (
                <p role="alert" data-testid="not-offered">
                    {person === null ? 'A key cannot see this page.' : 'Your role does not include this page.'}
                </p>
            )}
            {isKnown && views.includes(view) && (
                <>
                    {view === 'account' && <Loaded load={me}>{(value) => <Profile me={value} standing={standing} again={me.again} />}</Loaded>}
                    {view === 'keys' && <Keys standing={standing} />}
                    {view === 'members' && organisation !== null && <Members org={organisation.id} standing={standing} roles={roles.value?.roles ?? []} />}
                    {view === 'usage' && <Usage />}
                    {view === 'invoices' && <Invoices standing={standing} />}
                </>
            )}
        </div>
    );
}

/** Whoever opens a page goes on at its heading. */
function Heading({ view }: { view: AccountView }) {
    const place = useRef<HTMLHeadingElement>(null);
    const organisation = useApp((state) => state.organisation?.name);
    useEffect(() => place.current?.focus(), [view]);
    return (
        <h1 ref={place} tabIndex={-1}>
            {NAMES[view]}
            {view !== 'account' && organisation !== undefined && <span className="dim"> {organisation}</span>}
        </h1>
    );
}
