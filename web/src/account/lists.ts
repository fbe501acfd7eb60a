// Lists in one field.

/** What was typed as a list: by commas, spaces or lines. */
export function listOf(text: string): string[] {
    return text.split(/[\s,]+/).filter((one) => one !== '');
}
