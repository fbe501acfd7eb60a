// A text field that searches a list (ARIA pattern "editable combobox with list autocomplete"): the focus stays in the
// field, arrows move through the list, Enter takes, Escape closes.

import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';

interface ComboboxProps<Item> {
    readonly label: string;
    /** Shown while nothing is typed: the chosen item's text. */
    readonly chosen: string;
    readonly search: (text: string) => readonly Item[];
    readonly itemKey: (item: Item) => string;
    readonly render: (item: Item) => ReactNode;
    readonly onChoose: (item: Item | null) => void;
    readonly describedBy: string;
    readonly isInvalid: boolean;
    readonly placeholder: string;
    readonly inputId: string;
}

export function Combobox<Item>(props: ComboboxProps<Item>) {
    const { label, chosen, search, itemKey, render, onChoose } = props;
    const id = useId();
    /** What is typed; `null` while the chosen item stands there. */
    const [typed, setTyped] = useState<string | null>(null);
    const [isOpen, setOpen] = useState(false);
    const [active, setActive] = useState(0);
    const list = useRef<HTMLUListElement>(null);
    const items = isOpen ? search(typed ?? '') : [];
    const current = items[active];

    useEffect(() => {
        list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
    }, [active, isOpen]);

    const close = (): void => {
        setOpen(false);
        setTyped(null);
    };
    const take = (item: Item): void => {
        onChoose(item);
        close();
    };
    const open = (): void => {
        setOpen(true);
        setActive(0);
    };
    const onKeyDown = (event: KeyboardEvent): void => {
        const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
        const move = moves[event.key];
        if (move !== undefined) {
            event.preventDefault();
            if (isOpen) {
                setActive((before) => Math.min(items.length - 1, Math.max(0, before + move)));
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
            close();
        }
    };

    return (
        <div className="combobox" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}>
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
                aria-invalid={props.isInvalid}
                data-testid="object-input"
                value={typed ?? chosen}
                onChange={(event) => {
                    setTyped(event.target.value);
                    open();
                    if (event.target.value === '') {
                        onChoose(null);
                    }
                }}
                onClick={() => !isOpen && open()}
                onFocus={(event) => event.target.select()}
                onKeyDown={onKeyDown}
            />
            <ul
                ref={list}
                id={`${id}-list`}
                role="listbox"
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
