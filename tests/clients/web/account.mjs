// The pages of accounts as people meet them: an administrator signs in by mail address and password, looks at a result, adds a
// second factor and a passkey, makes and revokes a key, invites somebody; who is invited joins; who may less is offered less.
//
//     node account.mjs PLAN.json
//
// PLAN.json holds the server's base (a name, so that the browser has passkeys), people with their passwords, a completed
// mission, the folder into which mails are put, and one for pictures. Prints what was seen, as page.mjs does.
import { readFileSync } from 'node:fs';
import { launch } from './browser.mjs';
import { forgotten, invited, register, sessions } from './guests.mjs';
import { totp, until } from './people.mjs';
import { chapter, DESK, errorOf, facts, goTo, id, inside, open, PHONE, plan, read, refusalOf, report, signIn, state, textOf, type, views } from './walk.mjs';

async function entry(page) {
  await page.goto(`${plan.base}/`);
  await id(page, 'email').waitFor();
  await state(page, 'account-sign-in');
  await type(page, { email: plan.admin.email, password: 'not this one' });
  facts.refusal = await refusalOf(page, 'log-in-error');
  facts.emailKept = await id(page, 'email').inputValue();
  await state(page, 'account-refused');
}

/** The page keeps no token where a script of another day would find one; the cookie is shut to scripts. */
async function kept(page, { context }) {
  await signIn(page, plan.admin);
  await id(page, 'mission-form').waitFor();
  facts.storage = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  facts.cookies = (await context.cookies()).map(({ name, path, httpOnly, sameSite }) => ({ name, path, httpOnly, sameSite }));
  await page.reload();
  await id(page, 'mission-form').waitFor();
}

/** A login reads everything of a mission: features, particles, and pictures that the map asks for by itself. */
async function result(page) {
  await page.goto(`${plan.base}/#mission=${plan.mission}`);
  await id(page, 'result').waitFor();
  await until('the map is there', () => page.evaluate(() => window.__driftline?.ready === true && window.__driftline.particleLayer.count > 0));
  await id(page, 'toggle-probability').check();
  await until('the picture is there', () => page.evaluate(() => window.__driftline.rasterTime('probability') !== null));
  facts.mapErrors = await page.evaluate(() => window.__driftline.errors);
  await page.locator('[data-testid=downloads] summary').click();
  const downloading = page.waitForEvent('download');
  await id(page, 'download-summary.txt').click();
  facts.downloaded = (await downloading).suggestedFilename();
}

/** A token that is refused is renewed once, and nobody notices. */
async function renewed(page, { heard }) {
  const refreshes = async () => {
    await heard.settled();
    return heard.requests.filter(({ url }) => url.endsWith('/v1/auth/refresh')).length;
  };
  const before = await refreshes();
  const problem = { status: 401, code: 'unauthenticated', detail: 'no' };
  let isRefused = false;
  await page.route(`${plan.base}/v1/missions?*`, async (route) => {
    if (isRefused) return route.continue();
    isRefused = true;
    return route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify(problem) });
  });
  await id(page, 'nav-missions').click();
  await id(page, `mission-${plan.mission}`).waitFor();
  await page.unroute(`${plan.base}/v1/missions?*`);
  facts.refreshes = (await refreshes()) - before;
}

async function person(page) {
  await id(page, 'nav-account').click();
  await id(page, 'save-person').waitFor();
  await read(page);
  facts.adminViews = await views(page);
  facts.emailNow = await textOf(page, 'email-now');
  await state(page, 'account');
  await id(page, 'person-name').fill('Ada Lovelace');
  await id(page, 'save-person').click();
  await until('it is said', async () => (await textOf(page, 'spoken')) === 'Saved');
  const exporting = page.waitForEvent('download');
  await id(page, 'export').click();
  facts.exported = JSON.parse(readFileSync(await (await exporting).path(), 'utf8'));
}

async function secondFactor(page) {
  await id(page, 'totp-password').fill(plan.admin.password);
  await id(page, 'begin-totp').click();
  await id(page, 'qr').waitFor();
  facts.qr = await id(page, 'qr').evaluate((svg) => svg.querySelector('path').getAttribute('d').length);
  await state(page, 'account-enrol');
  const secret = (await textOf(page, 'totp-secret')).trim();
  const right = totp(secret);
  await id(page, 'totp-code').fill(right === '000000' ? '111111' : '000000');
  await id(page, 'confirm-totp').click();
  facts.wrongCode = await refusalOf(page, 'totp-error');
  await id(page, 'totp-code').fill(totp(secret));
  await id(page, 'confirm-totp').click();
  await id(page, 'recovery-codes').waitFor();
  const codes = await id(page, 'recovery-codes').locator('li').allInnerTexts();
  facts.recoveryCodes = codes.length;
  await state(page, 'account-codes');
  await id(page, 'codes-kept').click();
  facts.secondFactor = await textOf(page, 'second-factor-on');
  await id(page, 'sign-out').click();
  await type(page, plan.admin);
  await id(page, 'code').waitFor();
  await state(page, 'account-code');
  await id(page, 'code').fill(codes[0].trim());
  await id(page, 'log-in-button').click();
  await inside(page);
}

/** A passkey of an authenticator that the browser pretends to have. */
async function passkey(page) {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  await protocol.send('WebAuthn.addVirtualAuthenticator', { options });
  await id(page, 'nav-account').click();
  await id(page, 'passkey-name').fill('this laptop');
  await id(page, 'passkey-password').fill(plan.admin.password);
  await id(page, 'add-passkey').click();
  facts.passkey = await until('the passkey is listed', async () => {
    const refusal = await textOf(page, 'passkey-error');
    if (refusal !== '') throw new Error(refusal);
    return (await id(page, 'passkeys').locator('li').allInnerTexts())[0];
  });
  await id(page, 'sign-out').click();
  await id(page, 'passkey-log-in').click();
  await inside(page);
  await protocol.detach();
}

async function keys(page) {
  await id(page, 'nav-account').click();
  await goTo(page, 'keys');
  await state(page, 'account-keys');
  await id(page, 'create-key').click();
  facts.namelessKey = await errorOf(page, 'key-name');
  await id(page, 'key-name').fill('bridge');
  await id(page, 'create-key').click();
  const key = (await textOf(page, 'key-text')).trim();
  const ask = async () => (await fetch(`${plan.base}/v1/organisation`, { headers: { 'X-API-Key': key } })).status;
  facts.keyWorks = await ask();
  await id(page, 'copy-key').click();
  await until('it is said', async () => (await textOf(page, 'spoken')).includes('copied'));
  facts.keyCopied = (await page.evaluate(() => navigator.clipboard.readText())) === key;
  await state(page, 'account-key-made');
  await id(page, 'key-kept').click();
  const row = id(page, 'key-row').filter({ hasText: 'bridge' });
  await row.getByTestId('revoke-key').click();
  await row.getByTestId('revoke-key-sure').click();
  await row.waitFor({ state: 'detached' });
  facts.keyEnds = await until('the key ends', async () => ((await ask()) === 401 ? 401 : null));
  facts.keyStaysSecret = !(await page.content()).includes(key);
  await id(page, 'kind-publishable').check();
  await id(page, 'key-name').fill('map');
  await id(page, 'key-origins').fill('https://map.example.org');
  await id(page, 'create-key').click();
  facts.publishable = (await textOf(page, 'key-text')).slice(0, 4);
  await id(page, 'key-kept').click();
}

async function members(page) {
  await goTo(page, 'members');
  facts.members = await id(page, 'member-row').allInnerTexts();
  await id(page, 'invite-email').fill('not an address');
  await id(page, 'send-invitation').click();
  facts.badAddress = await errorOf(page, 'invite-email');
  await id(page, 'invite-email').fill(plan.invited.email);
  await id(page, 'invite-role').selectOption('analyst');
  await id(page, 'send-invitation').click();
  facts.invitation = await id(page, 'invitation').innerText();
  await state(page, 'account-members');
  // The only administrator cannot give the role up; the service says so in its own words.
  await id(page, 'member-row').filter({ hasText: '(you)' }).locator('select').selectOption('viewer');
  facts.lastAdministrator = await refusalOf(page, 'members-error');
}

async function usage(page) {
  await goTo(page, 'usage');
  facts.usage = Number((await textOf(page, 'sum-tile')).replaceAll(',', ''));
  facts.quota = await id(page, 'quota-tile-month').innerText();
  await state(page, 'account-usage');
  await goTo(page, 'invoices');
  facts.plan = await textOf(page, 'plan-title');
  facts.balance = await textOf(page, 'balance');
  facts.estimate = await textOf(page, 'estimate-total');
  await state(page, 'account-invoices');
  await page.keyboard.press('n');
  await state(page, 'account-night');
  await page.keyboard.press('n');
  facts.address = new URL(page.url()).hash;
  await page.goBack();
  await id(page, 'usage').waitFor();
  facts.addressBefore = new URL(page.url()).hash;
}

/** What no server of a test has or does at will: a closed invoice with its paper, a part that cannot be read, a provider. */
async function pretended(page) {
  const invoice = { id: 'inv_1', number: 'D-000007', period_from: '2026-01-01T00:00:00Z', closed_at: '2026-02-01T01:00:00Z', currency: 'EUR', total_minor: 123_456 };
  await page.route(`${plan.base}/v1/billing/invoices?*`, (route) => route.fulfill({ json: { invoices: [invoice], next: null, estimate: null, stripe: [] } }));
  await page.route(`${plan.base}/v1/billing/invoices/inv_1.pdf`, (route) => route.fulfill({ contentType: 'application/pdf', body: '%PDF-1.7' }));
  await page.route(`${plan.base}/v1/billing/credits?*`, (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ status: 503, code: 'unavailable', detail: 'try again in a few seconds' }) }),
  );
  await goTo(page, 'invoices');
  facts.invoice = await id(page, 'invoice-row').innerText();
  facts.failed = await id(page, 'credit').getByRole('alert').innerText();
  await state(page, 'account-failed');
  const downloading = page.waitForEvent('download');
  await id(page, 'invoice-pdf').click();
  facts.paper = (await downloading).suggestedFilename();
  await page.unrouteAll();
  await id(page, 'credit').getByText('Try again').click();
  await id(page, 'balance').waitFor();
  await id(page, 'sign-out').click();
  await page.route(`${plan.base}/v1/auth/oidc`, (route) => route.fulfill({ json: { providers: ['keycloak'], registration: false, passkeys: false } }));
  await page.route(`${plan.base}/v1/auth/oidc/keycloak/login`, (route) => route.fulfill({ contentType: 'text/plain', body: 'elsewhere' }));
  await page.goto(`${plan.base}/?again`);
  await id(page, 'provider-keycloak').waitFor();
  facts.offeredWhereClosed = [await id(page, 'to-register').count(), await id(page, 'passkey-log-in').count()];
  await state(page, 'account-provider');
  await id(page, 'provider-keycloak').click();
  await page.getByText('elsewhere').waitFor();
  facts.departed = new URL(page.url()).pathname;
  // Who comes back without having signed in there is asked again, without a word on a session that never was.
  await page.goto(`${plan.base}/`);
  await id(page, 'email').waitFor();
  facts.cameBack = await id(page, 'refusal').count();
}

async function phone(page) {
  await page.goto(`${plan.base}/`);
  await id(page, 'email').waitFor();
  await state(page, 'account-phone-sign-in');
  await signIn(page, plan.second);
  for (const name of ['account', 'keys', 'usage', 'invoices']) {
    await page.goto(`${plan.base}/#view=${name}`);
    await page.locator(`[data-testid=nav-${name}-page][aria-current=page]`).waitFor();
    await read(page);
    await state(page, `account-phone-${name}`);
  }
}

/** By keyboard alone: in, to the account, and to its keys. */
async function keyboard(page) {
  await page.goto(`${plan.base}/`);
  await until('the first field has the focus', () => page.evaluate(() => document.activeElement?.id === 'email'));
  await page.keyboard.type(plan.second.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(plan.second.password);
  await page.keyboard.press('Enter');
  await inside(page);
  await tabTo(page, 'nav-account');
  await page.keyboard.press('Enter');
  await id(page, 'nav-keys-page').waitFor();
  await tabTo(page, 'nav-keys-page');
  await page.keyboard.press('Space');
  await id(page, 'new-key').waitFor();
  facts.focused = await page.evaluate(() => document.activeElement?.tagName);
}

async function tabTo(page, name) {
  for (let step = 0; step < 100; step += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.dataset.testid === wanted, name)) return;
    await page.keyboard.press(step < 50 ? 'Tab' : 'Shift+Tab');
  }
  throw new Error(`${name} is not reached by Tab`);
}

async function walk(browser) {
  const desk = await open(browser, DESK);
  for (const [name, part] of Object.entries({ entry, kept, result, renewed, person, secondFactor, passkey, keys, members, usage, pretended })) {
    await chapter(desk, name, part);
  }
  const guest = await open(browser, DESK);
  await chapter(guest, 'invited', invited);
  await chapter(guest, 'sessions', (page, window) => sessions(page, window, browser));
  const lost = await open(browser, DESK);
  await chapter(lost, 'forgotten', forgotten);
  const founder = await open(browser, DESK);
  await chapter(founder, 'register', register);
  const hand = await open(browser, PHONE, { hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await chapter(hand, 'phone', phone);
  const keyed = await open(browser, DESK);
  await chapter(keyed, 'keyboard', keyboard);
  for (const { heard, context } of [desk, guest, lost, founder, hand, keyed]) {
    await heard.settled();
    report.requests.push(...heard.requests);
    await context.close();
  }
}

const browser = await launch(null);
try {
  await walk(browser);
} catch (error) {
  report.problem = `${report.chapter}: ${error.stack ?? error}`;
} finally {
  await browser.close();
}
console.log(JSON.stringify(report));
