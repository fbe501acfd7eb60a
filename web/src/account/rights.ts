// What somebody may do in the account's pages: by the role's rights as the service tells them (`/v1/roles`), and by scopes.
// What is not allowed is not offered; the service has the last word all the same.

import type { AccountView } from '../state/address.ts';
import type { Rights } from './types.ts';

export type Verb = 'create' | 'see' | 'change' | 'delete';

const KEYS = 'API keys and webhooks';
const MEMBERS = 'members and invitations';
const ORGANISATION = 'the organisation and its bills';

/** How the person at the page stands to the organisation. */
export interface Standing {
    readonly isPerson: boolean;
    /** `null`: no organisation, or a key, which has no role. */
    readonly rights: Rights | null;
    readonly scopes: readonly string[];
}

export function viewsOf(standing: Standing): AccountView[] {
    const views: AccountView[] = [];
    if (standing.isPerson) {
        views.push('account');
    }
    if (mayWithKeys(standing, 'see', true)) {
        views.push('keys');
    }
    if (mayWithMembers(standing, 'see')) {
        views.push('members');
    }
    const seesUsage = standing.scopes.includes('usage:read');
    if (seesUsage) {
        views.push('usage');
    }
    if (standing.isPerson ? may(standing, ORGANISATION, 'see', false) : seesUsage) {
        views.push('invoices');
    }
    return views;
}

/** `owns`: with a key that the person made. */
export function mayWithKeys(standing: Standing, verb: Verb, owns: boolean): boolean {
    return may(standing, KEYS, verb, owns);
}

export function mayWithMembers(standing: Standing, verb: Verb): boolean {
    return may(standing, MEMBERS, verb, false);
}

export function mayRename(standing: Standing): boolean {
    return may(standing, ORGANISATION, 'change', false);
}

export function mayDelete(standing: Standing): boolean {
    return may(standing, ORGANISATION, 'delete', false);
}

/** Whether it may say how bills are paid. */
export function mayPay(standing: Standing): boolean {
    return standing.isPerson ? may(standing, ORGANISATION, 'change', false) : standing.scopes.includes('billing:write');
}

function may({ rights }: Standing, resource: string, verb: Verb, owns: boolean): boolean {
    const granted = rights?.rights[resource];
    return granted !== undefined && (granted.all.includes(verb) || (owns && granted.own.includes(verb)));
}

/** A role as people call it. */
export function roleName(role: string): string {
    return role.charAt(0).toUpperCase() + role.slice(1).replace(/_/g, ' ');
}
