// The pages of accounts as people meet them: an administrator signs in by mail address and password, looks at a result, adds a
// second factor and a passkey, makes and revokes a key, invites somebody; who is invited joins; who may less is offered less.
//
//     node account.mjs PLAN.json
//
// PLAN.json holds the server's base (a name, so that the browser has passkeys), people with their passwords, a completed
// mission, the folder into which mails are put, and one for pictures. Prints what was seen, as page.mjs does.
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { launch, listen, photograph } from './browser.mjs';
import { look } from './checks.mjs';
import { linkOf, totp, until } from './people.mjs';

const LIMIT_MS = 60_000;
const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const report = { problem: null, chapter: null, states: {}, facts: {}, console: {}, requests: [] };
const { facts } = report;
const DESK = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

async function open(browser, viewport, more = {}) {
  const context = await browser.newContext({ viewport, locale: 'en-GB', timezoneId: 'Europe/Oslo', ...more });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: plan.base });
  return { context, ...(await openPage(context)) };
}

async function openPage(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  return { page, heard: listen(page) };
}

const id = (page, name) => page.getByTestId(name);
const textOf = (page, name) => id(page, name).innerText();
const errorOf = (page, field) => until(`${field} is refused`, () => page.locator(`#${field}-error`).innerText());
const refusalOf = (page, name) => until(`${name} says something`, () => textOf(page, name));

async function state(page, name) {
  report.states[name] = (await look(page, plan.folder, name)).report;
}

async function chapter(window, name, walk) {
  report.chapter = name;
  const before = window.heard.console.length;
  try {
    return await walk(window.page, window);
  } catch (error) {
    await photograph(window.page, join(plan.folder, `page-failed-${name}.png`)).catch(() => null);
    throw error;
  } finally {
    report.console[name] = window.heard.console.slice(before);
  }
}

async function type(page, { email, password }) {
  await id(page, 'email').fill(email);
  await id(page, 'password').fill(password);
  await id(page, 'log-in-button').click();
}

const inside = (page) => id(page, 'sign-out').waitFor();

async function signIn(page, who) {
  await type(page, who);
  await inside(page);
}

/** Opens one of the account's pages and waits until it has read everything. */
async function goTo(page, name) {
  await id(page, `nav-${name}-page`).click();
  await page.locator(`[data-testid=nav-${name}-page][aria-current=page]`).waitFor();
  await read(page);
}

async function read(page) {
  await page.locator('.account h1').waitFor();
  await until('everything is read', async () => (await page.getByText('Reading …').count()) === 0);
}

const views = (page) => page.locator('.account nav button').allInnerTexts();

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

/** Who is invited makes an account by the link, and sees what an analyst sees; the token is in no address. */
async function invited(page) {
  const token = await linkOf(plan, plan.invited.email, 'invitation');
  await page.goto(`${plan.base}/#invitation=${token}`);
  await id(page, 'join-as-new').waitFor();
  facts.tokenInAddress = page.url().includes(token);
  await state(page, 'account-invited');
  await id(page, 'name').fill('Ines Invited');
  await id(page, 'new-password').fill('short');
  await id(page, 'join-as-new').click();
  facts.shortPassword = await errorOf(page, 'new-password');
  await id(page, 'new-password').fill(plan.invited.password);
  await id(page, 'join-as-new').click();
  await id(page, 'onward').click();
  await signIn(page, plan.invited);
  await id(page, 'nav-account').click();
  await id(page, 'save-person').waitFor();
  facts.analystViews = await views(page);
}

/** A session that is ended elsewhere ends here, and one that is signed out of ends in every tab. */
async function sessions(page, first, browser) {
  const other = await open(browser, DESK);
  await chapter(other, 'other', async (there) => {
    await there.goto(`${plan.base}/`);
    await signIn(there, plan.invited);
  });
  await page.reload();
  await id(page, 'session').nth(1).waitFor();
  facts.sessions = await id(page, 'session').count();
  const foreign = id(page, 'session').filter({ hasNotText: 'This browser' }).first();
  await foreign.getByTestId('end-session').click();
  await foreign.getByTestId('end-session-sure').click();
  await until('it is gone', async () => (await id(page, 'session').count()) < facts.sessions);
  await chapter(other, 'ended', async (there) => {
    // What is known of a session may be believed for five seconds.
    await there.waitForTimeout(5_500);
    await id(there, 'nav-missions').click();
    facts.endedElsewhere = await textOf(there, 'refusal');
  });
  await other.heard.settled();
  await other.context.close();
  const tab = await openPage(first.context);
  await tab.page.goto(`${plan.base}/`);
  await inside(tab.page);
  await id(page, 'sign-out').click();
  facts.otherTab = await textOf(tab.page, 'refusal');
  await tab.heard.settled();
  report.requests.push(...other.heard.requests, ...tab.heard.requests);
}

/** Who has forgotten the password sets a new one by a mail; what a viewer may not see is not offered. */
async function forgotten(page) {
  await page.goto(`${plan.base}/`);
  await id(page, 'forgotten').click();
  await id(page, 'email').fill(plan.viewer.email);
  await id(page, 'send-link').click();
  facts.sent = await textOf(page, 'sent');
  const token = await linkOf(plan, plan.viewer.email, 'password-reset');
  const fresh = { email: plan.viewer.email, password: 'seven quiet herons' };
  await page.goto(`${plan.base}/#password-reset=${token}`);
  await id(page, 'new-password').fill(fresh.password);
  await state(page, 'account-new-password');
  await id(page, 'set-password').click();
  await id(page, 'onward').click();
  await signIn(page, fresh);
  await page.goto(`${plan.base}/#view=members`);
  facts.notOffered = await textOf(page, 'not-offered');
  facts.viewerViews = await views(page);
  await state(page, 'account-not-offered');
  // The same link once more.
  await page.goto(`${plan.base}/#password-reset=${token}`);
  await id(page, 'new-password').fill('eight quiet herons');
  await id(page, 'set-password').click();
  facts.usedLink = await refusalOf(page, 'link-error');
  await id(page, 'onward').click();
  await goTo(page, 'account');
  await page.getByText('Erase the account').first().click();
  await id(page, 'erase-password').fill(fresh.password);
  await id(page, 'erase-word').fill('erase');
  await id(page, 'erase').click();
  facts.erased = await textOf(page, 'refusal');
  await type(page, fresh);
  facts.afterErasure = await refusalOf(page, 'log-in-error');
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
  for (const [name, part] of Object.entries({ entry, kept, result, renewed, person, secondFactor, passkey, keys, members, usage })) {
    await chapter(desk, name, part);
  }
  const guest = await open(browser, DESK);
  await chapter(guest, 'invited', invited);
  await chapter(guest, 'sessions', (page, window) => sessions(page, window, browser));
  const lost = await open(browser, DESK);
  await chapter(lost, 'forgotten', forgotten);
  const hand = await open(browser, PHONE, { hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await chapter(hand, 'phone', phone);
  const keyed = await open(browser, DESK);
  await chapter(keyed, 'keyboard', keyboard);
  for (const { heard, context } of [desk, guest, lost, hand, keyed]) {
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
