// Passkeys (WebAuthn Level 3): what the browser is asked, and what it answers, in the JSON form that both sides speak.

interface Challenge<T> {
    /** The challenge's name, to be given back with the answer. */
    readonly ceremony: string;
    readonly publicKey: T;
}

export type LoginChallenge = Challenge<PublicKeyCredentialRequestOptionsJSON>;
export type NewChallenge = Challenge<PublicKeyCredentialCreationOptionsJSON>;

/** Whether this browser has them here: they belong to a host's name and need an encrypted way to it. */
export function hasPasskeys(): boolean {
    const isKnown = typeof PublicKeyCredential !== 'undefined' && 'parseCreationOptionsFromJSON' in PublicKeyCredential;
    return isKnown && isSecureContext && !/^[\d.]+$|:/.test(location.hostname);
}

export async function usePasskey({ publicKey }: LoginChallenge): Promise<unknown> {
    const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
    return answer(await shown(navigator.credentials.get({ publicKey: options })));
}

export async function makePasskey({ publicKey }: NewChallenge): Promise<unknown> {
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
    return answer(await shown(navigator.credentials.create({ publicKey: options })));
}

async function shown(asked: Promise<Credential | null>): Promise<Credential | null> {
    try {
        return await asked;
    } catch (error) {
        if (error instanceof DOMException && error.name === 'InvalidStateError') {
            throw new Error('this device has a passkey for your account already');
        }
        if (error instanceof DOMException) {
            throw new Error('no passkey was shown');
        }
        throw error;
    }
}

function answer(credential: Credential | null): unknown {
    if (credential instanceof PublicKeyCredential) {
        return credential.toJSON();
    }
    throw new Error('no passkey was shown');
}
