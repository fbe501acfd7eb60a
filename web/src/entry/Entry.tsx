// The ways in with an account: logging in, making one, and a new password.

import { Forgotten } from './Forgotten.tsx';
import { LogIn } from './LogIn.tsx';
import { Register } from './Register.tsx';

export type EntryWish = 'log-in' | 'register' | 'forgotten';

export function Entry({ wish, onWish }: { wish: EntryWish; onWish: (wish: EntryWish) => void }) {
    const back = (): void => onWish('log-in');
    switch (wish) {
        case 'register':
            return <Register onBack={back} />;
        case 'forgotten':
            return <Forgotten onBack={back} />;
        default:
            return <LogIn onWish={onWish} />;
    }
}
