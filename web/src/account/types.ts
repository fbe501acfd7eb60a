// What the service says of accounts, keys, members, usage and bills, under its own names; only the members that the pages
// read.

export interface Me {
    readonly id: string;
    readonly email: string | null;
    readonly name: string | null;
    readonly phone: string | null;
    readonly created_at: string;
    /** `null`: the account has no password, and none is asked for. */
    readonly password_changed_at: string | null;
    readonly organisations: readonly Membership[];
    readonly organisation: { readonly id: string; readonly role: string } | null;
}

export interface Membership {
    readonly id: string;
    readonly name: string;
    readonly role: string;
}

export interface Session {
    readonly id: string;
    readonly current: boolean;
    readonly method: string;
    readonly agent: string | null;
    readonly address: string | null;
    readonly created_at: string;
    readonly last_used_at: string;
    readonly expires_at: string;
}

export interface SecondFactorState {
    readonly enabled: boolean;
    readonly confirmed_at: string | null;
    readonly recovery_codes_left: number;
}

export interface Passkey {
    readonly id: string;
    readonly name: string;
    readonly created_at: string;
    readonly last_used_at: string | null;
}

export interface Rights {
    readonly role: string;
    readonly scopes: readonly string[];
    readonly rights: Readonly<Record<string, { readonly all: readonly string[]; readonly own: readonly string[] }>>;
}

export interface Key {
    readonly id: string;
    readonly kind: 'secret' | 'publishable';
    readonly name: string;
    readonly hint: string;
    readonly scopes: readonly string[];
    readonly origins: readonly string[];
    readonly networks?: readonly string[];
    readonly created_at: string;
    readonly expires_at: string | null;
    readonly revoked_at: string | null;
    readonly last_used_at: string | null;
    readonly created_by?: string;
    /** The row that a membership stands for; nobody holds such a key. */
    readonly user?: string;
}

export interface Member {
    readonly user: string;
    readonly role: string;
    readonly since: string;
    readonly name: string | null;
    readonly email: string | null;
}

export interface Invited {
    readonly id: string;
    readonly email: string;
    readonly role: string;
    readonly expires_at: string;
}

export interface UsageAnswer {
    readonly from: string;
    readonly until: string;
    readonly groups?: readonly UsageGroup[];
}

export interface UsageGroup {
    readonly from?: string;
    readonly meter?: string;
    readonly late: boolean;
    readonly units: number;
    readonly records: number;
}

export interface Quota {
    readonly meter: string;
    readonly period: string;
    readonly from: string;
    readonly until: string;
    readonly soft: number | null;
    readonly hard: number | null;
    readonly used: number;
}

export interface QuotaNotice {
    readonly meter: string;
    readonly bound: string;
    readonly percent: number;
    readonly units: number;
    readonly used: number;
    readonly at: string;
}

export interface MeterPrice {
    readonly included: number;
    readonly minor: number;
    readonly per: number;
}

export interface Plan {
    readonly name: string;
    readonly version: number;
    readonly title: string;
    readonly currency: string;
    readonly monthly_minor: number;
    readonly prepaid: boolean;
    readonly meters: Readonly<Record<string, MeterPrice>>;
}

export interface Subscription {
    readonly plan: Plan;
    readonly starts_at: string;
    readonly ends_at: string | null;
}

export interface SubscriptionAnswer {
    readonly subscription: Subscription | null;
    readonly next: Subscription | null;
    readonly has_payment_method: boolean;
}

export interface CreditsAnswer {
    readonly balance: number;
    readonly unit: string;
    readonly entries: readonly CreditEntry[];
    readonly next: number | null;
}

export interface CreditEntry {
    readonly entry: number;
    readonly kind: string;
    readonly units: number;
    readonly at: string;
    readonly mission: string | null;
    readonly reference: string | null;
}

export interface InvoicesAnswer {
    readonly invoices: readonly InvoiceSummary[];
    readonly next: number | null;
    readonly estimate: InvoiceDocument | null;
    readonly stripe: readonly StripeInvoice[];
}

export interface InvoiceSummary {
    readonly id: string;
    readonly number: string;
    readonly period_from: string;
    readonly closed_at: string;
    readonly currency: string;
    readonly total_minor: number;
}

export interface InvoiceDocument {
    readonly period_from: string;
    readonly currency: string;
    readonly lines: readonly InvoiceLine[];
    readonly net_minor: number;
    readonly tax_rate_bp: number;
    readonly tax_minor: number;
    readonly total_minor: number;
}

export interface InvoiceLine {
    readonly text: string;
    readonly month: string;
    readonly units: number;
    readonly amount_minor: number;
}

export interface StripeInvoice {
    readonly id: string;
    readonly status: string;
    readonly currency: string;
    readonly due_minor: number;
    readonly paid_minor: number;
}
