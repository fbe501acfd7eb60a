// The plan, prepaid credit, what the current month comes to so far, and closed invoices with their PDFs.

import { useState } from 'react';

import { getJson, postJson, request } from '../api/client.ts';
import { useAct } from '../ui/act.ts';
import { Refusal } from '../ui/Input.tsx';
import { save } from '../ui/save.ts';
import { useLoad } from './load.ts';
import { money, percentOf } from './money.ts';
import { count, Loaded, Section, When, Wide } from './parts.tsx';
import { mayPay, type Standing } from './rights.ts';
import type { CreditEntry, CreditsAnswer, InvoiceDocument, InvoicesAnswer, InvoiceSummary, Subscription, SubscriptionAnswer } from './types.ts';

export function Invoices({ standing }: { standing: Standing }) {
    const subscription = useLoad<SubscriptionAnswer>('v1/billing/subscription');
    const credits = useLoad<CreditsAnswer>('v1/billing/credits?limit=20');
    const invoices = useLoad<InvoicesAnswer>('v1/billing/invoices?limit=50');
    return (
        <div className="parts">
            <Section heading="Plan" testId="plan">
                <Loaded load={subscription}>{(value) => <PlanNow answer={value} standing={standing} />}</Loaded>
            </Section>
            <Section heading="Credit" testId="credit">
                <Loaded load={credits}>{(value) => <Credit answer={value} />}</Loaded>
            </Section>
            <Section heading="Invoices" testId="invoices">
                <Loaded load={invoices}>{(value) => <Closed answer={value} />}</Loaded>
            </Section>
            {invoices.value?.estimate != null && (
                <Section heading="This month so far" testId="estimate">
                    <Estimate document={invoices.value.estimate} />
                </Section>
            )}
        </div>
    );
}

function PlanNow({ answer, standing }: { answer: SubscriptionAnswer; standing: Standing }) {
    const act = useAct();
    const pay = (): void =>
        void act.run(async () => {
            const { url } = await postJson<{ url: string }>('v1/billing/payment-methods', {});
            location.assign(url);
        });
    const { subscription, next } = answer;
    if (subscription === null) {
        return <p data-testid="no-plan">No plan: what is used is counted and not charged.</p>;
    }
    return (
        <>
            <Terms subscription={subscription} />
            {next !== null && (
                <p>
                    From <When at={next.starts_at} /> on: {next.plan.title}.
                </p>
            )}
            {mayPay(standing) && (
                <>
                    <p>{answer.has_payment_method ? 'A payment method is there.' : 'No payment method is there.'}</p>
                    <Refusal act={act} testId="payment-error" />
                    <button type="button" disabled={act.isBusy} onClick={pay} data-testid="payment-method">
                        {answer.has_payment_method ? 'Change the payment method' : 'Enter a payment method'}
                    </button>
                </>
            )}
        </>
    );
}

function Terms({ subscription: { plan, starts_at, ends_at } }: { subscription: Subscription }) {
    const meters = Object.entries(plan.meters);
    return (
        <>
            <p data-testid="plan-title">
                <strong>{plan.title}</strong>, {money(plan.monthly_minor, plan.currency)} a month
                {plan.prepaid && ', missions are paid with credit'}
            </p>
            <p className="dim small-text">
                Since <When at={starts_at} />
                {ends_at !== null && (
                    <>
                        {' '}
                        until <When at={ends_at} />
                    </>
                )}
            </p>
            {meters.length > 0 && (
                <Wide label="Prices">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">Meter</th>
                                <th scope="col">Included a month</th>
                                <th scope="col">Beyond them</th>
                            </tr>
                        </thead>
                        <tbody>
                            {meters.map(([meter, price]) => (
                                <tr key={meter}>
                                    <th scope="row">{meter}</th>
                                    <td>{count(price.included)}</td>
                                    <td>
                                        {money(price.minor, plan.currency)} for {price.per === 1 ? 'each' : `each ${count(price.per)}`}
                                    </td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Wide>
            )}
        </>
    );
}

const ENTRIES: Readonly<Record<string, string>> = { grant: 'granted', reserve: 'held for a mission', release: 'given back', charge: 'used by a mission' };

function Credit({ answer }: { answer: CreditsAnswer }) {
    const [older, setOlder] = useState<readonly CreditEntry[]>([]);
    const [next, setNext] = useState(answer.next);
    const act = useAct();
    const entries = [...answer.entries, ...older];
    const more = (): void =>
        void act.run(async () => {
            const page = await getJson<CreditsAnswer>(`v1/billing/credits?limit=20&before=${next}`);
            setOlder((before) => [...before, ...page.entries]);
            setNext(page.next);
        });
    return (
        <>
            <p data-testid="balance">
                <strong>{count(answer.balance)}</strong> {answer.unit} are left.
            </p>
            {entries.length > 0 && (
                <details>
                    <summary>Entries</summary>
                    <Wide label="Entries of credit">
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">Time</th>
                                    <th scope="col">What</th>
                                    <th scope="col" className="number">Units</th>
                                </tr>
                            </thead>
                            <tbody>
                                {entries.map((entry) => (
                                    <tr key={entry.entry}>
                                        <td>
                                            <When at={entry.at} />
                                        </td>
                                        <td>
                                            {ENTRIES[entry.kind] ?? entry.kind} {entry.reference ?? ''}
                                            {entry.mission !== null && <code className="small-text"> {entry.mission}</code>}
                                        </td>
                                        <td className="number">{count(entry.units)}</td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </Wide>
                    <Refusal act={act} />
                    {next !== null && (
                        <button type="button" className="small" disabled={act.isBusy} onClick={more}>
                            Older
                        </button>
                    )}
                </details>
            )}
        </>
    );
}

function Closed({ answer }: { answer: InvoicesAnswer }) {
    const [older, setOlder] = useState<readonly InvoiceSummary[]>([]);
    const [next, setNext] = useState(answer.next);
    const act = useAct();
    const invoices = [...answer.invoices, ...older];
    const load = (invoice: InvoiceSummary): void =>
        void act.run(async () => {
            const response = await request(`v1/billing/invoices/${invoice.id}.pdf`);
            save(await response.blob(), `invoice-${invoice.number}.pdf`);
        });
    const more = (): void =>
        void act.run(async () => {
            const page = await getJson<InvoicesAnswer>(`v1/billing/invoices?limit=50&before=${next}`);
            setOlder((before) => [...before, ...page.invoices]);
            setNext(page.next);
        });
    return (
        <>
            {invoices.length === 0 && <p data-testid="no-invoices">No invoice yet.</p>}
            {invoices.length > 0 && (
                <Wide label="Invoices">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">Number</th>
                                <th scope="col">Month</th>
                                <th scope="col">Closed</th>
                                <th scope="col" className="number">Total</th>
                                <th scope="col">Paper</th>
                            </tr>
                        </thead>
                        <tbody>
                            {invoices.map((one) => (
                                <tr key={one.id} data-testid="invoice-row">
                                    <th scope="row">{one.number}</th>
                                    <td>{one.period_from.slice(0, 7)}</td>
                                    <td>
                                        <When at={one.closed_at} />
                                    </td>
                                    <td className="number">{money(one.total_minor, one.currency)}</td>
                                    <td>
                                        <button type="button" className="small" disabled={act.isBusy} onClick={() => load(one)} data-testid="invoice-pdf">
                                            PDF<span className="hidden"> of {one.number}</span>
                                        </button>
                                    </td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Wide>
            )}
            <Refusal act={act} testId="invoices-error" />
            {next !== null && (
                <button type="button" className="small" disabled={act.isBusy} onClick={more}>
                    Older
                </button>
            )}
            {answer.stripe.length > 0 && (
                <>
                    <h3>Collected by Stripe</h3>
                    <ul className="plain rows">
                        {answer.stripe.map((one) => (
                            <li key={one.id}>
                                <span>
                                    {one.id} <span className="dim small-text">{one.status}</span>
                                </span>
                                <span>
                                    {money(one.paid_minor, one.currency.toUpperCase())} of {money(one.due_minor, one.currency.toUpperCase())} paid
                                </span>
                            </li>
                        ))}
                    </ul>
                </>
            )}
        </>
    );
}

function Estimate({ document }: { document: InvoiceDocument }) {
    const { currency } = document;
    return (
        <Wide label="This month so far">
            <table>
                <thead>
                    <tr>
                        <th scope="col">For</th>
                        <th scope="col" className="number">Units</th>
                        <th scope="col" className="number">Amount</th>
                    </tr>
                </thead>
                <tbody>
                    {document.lines.map((line, index) => (
                        <tr key={index}>
                            <th scope="row">{line.text}</th>
                            <td className="number">{count(line.units)}</td>
                            <td className="number">{money(line.amount_minor, currency)}</td>
                        </tr>
                    ))}
                    <tr>
                        <th scope="row">Tax, {percentOf(document.tax_rate_bp)}</th>
                        <td />
                        <td className="number">{money(document.tax_minor, currency)}</td>
                    </tr>
                    <tr className="sum">
                        <th scope="row">Total</th>
                        <td />
                        <td className="number" data-testid="estimate-total">
                            {money(document.total_minor, currency)}
                        </td>
                    </tr>
                </tbody>
            </table>
        </Wide>
    );
}
