// Money as bills count it: whole minor units of a currency (ISO 4217), whose number of digits the browser knows.

export function money(minor: number, currency: string): string {
    try {
        const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency });
        const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
        return format.format(minor / 10 ** digits);
    } catch {
        // A code of no currency: shown as it is counted.
        return `${minor} minor units of ${currency}`;
    }
}

/** Hundredths of a percent: 2550 is 25.5 %. */
export function percentOf(basisPoints: number): string {
    return `${basisPoints / 100} %`;
}
