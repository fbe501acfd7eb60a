// Quotas of the organisation with their marks at 80 and 100 percent, and what was noticed of them this month.

import { useLoad } from './load.ts';
import { count, Loaded, When } from './parts.tsx';
import type { Quota, QuotaNotice } from './types.ts';
import { standing } from './usage-days.ts';

const WORDS = { good: '', near: ', nearly used up', reached: ', used up' };

export function Quotas() {
    const load = useLoad<{ quotas: Quota[]; notices: QuotaNotice[] }>('v1/billing/quotas');
    return (
        <Loaded load={load}>
            {({ quotas, notices }) => (
                <>
                    {quotas.length === 0 && <p data-testid="no-quotas">No quota is set.</p>}
                    <ul className="plain quotas">
                        {quotas.map((quota) => (
                            <li key={`${quota.meter} ${quota.period}`} data-testid={`quota-${quota.meter}-${quota.period}`}>
                                <p>
                                    <strong>{quota.meter}</strong>, a {quota.period}: {count(quota.used)} used; begins anew{' '}
                                    <When at={quota.until} />
                                </p>
                                {quota.soft !== null && <Bound name="told beyond" used={quota.used} bound={quota.soft} />}
                                {quota.hard !== null && <Bound name="refused beyond" used={quota.used} bound={quota.hard} />}
                            </li>
                        ))}
                    </ul>
                    {notices.length > 0 && (
                        <details>
                            <summary>Noticed this month ({notices.length})</summary>
                            <ul className="plain rows">
                                {notices.map((one) => (
                                    <li key={`${one.meter} ${one.bound} ${one.percent} ${one.at}`}>
                                        <span>
                                            {one.percent} % of {count(one.units)} of {one.meter} ({one.bound}): {count(one.used)} were used
                                        </span>
                                        <When at={one.at} />
                                    </li>
                                ))}
                            </ul>
                        </details>
                    )}
                </>
            )}
        </Loaded>
    );
}

function Bound({ name, used, bound }: { name: string; used: number; bound: number }) {
    const { percent, state } = standing(used, bound);
    return (
        <div className={`bound bound-${state}`}>
            <span>
                {name} {count(bound)}: {percent} %{WORDS[state]}
            </span>
            <svg className="bar" viewBox="0 0 125 8" preserveAspectRatio="none" aria-hidden="true">
                <rect className="filled" width={Math.min(percent, 125)} height={8} />
                <rect className="mark" x={80} width={0.6} height={8} />
                <rect className="mark" x={100} width={1.2} height={8} />
            </svg>
        </div>
    );
}
