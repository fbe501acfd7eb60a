// What is said where the service says a code only, and of a new password before it is refused.

export const PASSWORD_NOTE = 'At least 12 characters. Three words that have nothing to do with each other make a good one.';

const FAILED_ELSEWHERE: Readonly<Record<string, string>> = {
    no_account: 'there is no account for your mail address here. Ask an administrator of your organisation.',
    email_not_verified: 'the identity provider does not say that the mail address is yours.',
    provider_refused: 'the identity provider did not let you in.',
    provider_failed: 'the identity provider did not answer as it should. Try again, or sign in another way.',
    provider_not_believed: 'what the identity provider said of you could not be verified.',
    login_over: 'it took too long, was finished already, or began in another browser. Begin again.',
};

/** Why a login at an identity provider came to nothing. */
export function failedElsewhere(code: string): string {
    const known = FAILED_ELSEWHERE[code];
    return `You are not signed in: ${known ?? `the service says “${code.replace(/[^a-z0-9_]/g, '').slice(0, 40)}”.`}`;
}
