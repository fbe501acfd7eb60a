// A text field that searches a list (ARIA pattern "editable combobox with list autocomplete"): the focus stays in the
// field, arrows move through the list, Enter takes, Escape closes. What is typed is no choice: it replaces the one before
// at once, and stays in the field until an item is taken.

import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';

interface ComboboxProps<Item> {
    readonly label: string;
    /** The chosen item's text; empty while none is. */
    readonly chosen: string;
    /** What is typed, while nothing is chosen. */
    readonly typed: string;
    readonly onType: (text: string) => void;
    readonly search: (text: string) => readonly Item[];
    readonly itemKey: (item: Item) => string;
    readonly render: (item: Item) => ReactNode;
    readonly onChoose: (item: Item) => void;
    readonly describedBy: string;
    readonly isInvalid: boolean;
    readonly placeholder: string;
    readonly inputId: string;
}

export function Combobox<Item>(props: ComboboxProps<Item>) {
    const { label, chosen, typed, search, itemKey, render, onChoose } = props;
    const id = useId();
    const [isOpen, setOpen] = useState(false);
    const [active, setActive] = useState(0);
    const [hasMoved, setMoved] = useState(false);
    const list = useRef<HTMLUListElement>(null);
    const items = isOpen ? search(typed) : [];
    const current = items[active];

    useEffect(() => {
        list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
    }, [active, isOpen]);

    const take = (item: Item): void => {
        onChoose(item);
        setOpen(false);
    };
    const open = (): void => {
        setOpen(true);
        setActive(0);
        setMoved(false);
    };
    // Going on takes what leaves no doubt: an item that was moved to, the only one found, or a key typed in full.
    const leave = (): void => {
        setOpen(false);
        if (chosen === '' && (typed.trim() !== '' || hasMoved)) {
            const found = search(typed);
            const exact = found.find((item) => itemKey(item).toLowerCase() === typed.trim().toLowerCase());
            const sure = isOpen && hasMoved ? current : (exact ?? (found.length === 1 ? found[0] : undefined));
            if (sure !== undefined) {
                onChoose(sure);
            }
        }
    };
    const onKeyDown = (event: KeyboardEvent): void => {
        const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
        const move = moves[event.key];
        if (move !== undefined) {
            event.preventDefault();
            if (isOpen) {
                setActive((before) => Math.min(items.length - 1, Math.max(0, before + move)));
                setMoved(true);
            } else {
                open();
            }
        } else if (event.key === 'Enter' && isOpen) {
            event.preventDefault();
            if (current !== undefined) {
                take(current);
            }
        } else if (event.key === 'Escape' && isOpen) {
            event.preventDefault();
            event.stopPropagation();
            setOpen(false);
        }
    };

    return (
        <div className="combobox" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && leave()}>
            <input
                id={props.inputId}
                type="text"
                role="combobox"
                autoComplete="off"
                spellCheck={false}
                placeholder={props.placeholder}
                aria-expanded={isOpen}
                aria-controls={`${id}-list`}
                aria-autocomplete="list"
                aria-activedescendant={isOpen && current !== undefined ? `${id}-${active}` : undefined}
                aria-describedby={props.describedBy}
                aria-invalid={props.isInvalid && !isOpen}
                data-testid="object-input"
                value={chosen || typed}
                onChange={(event) => {
                    props.onType(event.target.value);
                    open();
                }}
                onClick={() => !isOpen && open()}
                onFocus={(event) => event.target.select()}
                onKeyDown={onKeyDown}
            />
            <ul
                ref={list}
                id={`${id}-list`}
                role="listbox"
                tabIndex={-1}
                aria-label={label}
                hidden={!isOpen || items.length === 0}
                onMouseDown={(event) => event.preventDefault()}
            >
                {items.map((item, index) => (
                    <li
                        key={itemKey(item)}
                        id={`${id}-${index}`}
                        role="option"
                        aria-selected={index === active}
                        data-testid={`object-option-${itemKey(item)}`}
                        onClick={() => take(item)}
                    >
                        {render(item)}
                    </li>
                ))}
            </ul>
            <p className="hidden" role="status">
                {isOpen ? `${items.length === 0 ? 'nothing' : items.length} found` : ''}
            </p>
            {isOpen && items.length === 0 && <p className="nothing">No class matches “{typed}”.</p>}
        </div>
    );
}
