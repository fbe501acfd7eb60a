// Search over the object classes: every word must be found in the key, the description or an everyday name; classes with
// an everyday name come first.

import type { ObjectType } from '../api/types.ts';

export function searchClasses(types: readonly ObjectType[], text: string): readonly ObjectType[] {
    const words = text.toLowerCase().split(/[\s,·]+/).filter(Boolean);
    const found = types.filter((type) => {
        const where = `${type.key} ${type.description} ${type.aliases.join(' ')} ${type.number}`.toLowerCase();
        return words.every((word) => where.includes(word));
    });
    const rank = (type: ObjectType): number => {
        const exact = text.trim().toLowerCase();
        if (type.key.toLowerCase() === exact) {
            return 0;
        }
        return type.aliases.length > 0 ? 1 : 2;
    };
    return [...found].sort((a, b) => rank(a) - rank(b) || a.number - b.number);
}

/** How a class is named in a list: by its everyday name when it has one. */
export function className(type: ObjectType): string {
    const [alias] = type.aliases;
    return alias === undefined ? type.description : alias.charAt(0).toUpperCase() + alias.slice(1);
}
