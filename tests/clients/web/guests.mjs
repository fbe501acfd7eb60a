// People who come by a link of a mail, and sessions that end: parts of the walk through the pages of accounts.
import { linkOf, until } from './people.mjs';
import { chapter, DESK, errorOf, facts, goTo, id, inside, open, openPage, plan, refusalOf, report, signIn, state, textOf, type, views } from './walk.mjs';

/** Who is invited makes an account by the link, and sees what an analyst sees; the token is in no address. */
export async function invited(page) {
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
export async function sessions(page, first, browser) {
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
export async function forgotten(page) {
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

/** Where registration is open, one founds an organisation of one's own; the mail's link confirms the address. */
export async function register(page) {
  await page.goto(`${plan.base}/#login-error=no_account`);
  facts.loginError = await textOf(page, 'login-error');
  facts.errorInAddress = page.url().includes('no_account');
  await id(page, 'onward').click();
  await id(page, 'to-register').click();
  await id(page, 'email').fill(plan.founder.email);
  await id(page, 'new-password').fill('passwordpassword');
  await id(page, 'name').fill('Finn Founder');
  await id(page, 'organisation').fill('Harbour watch');
  await page.keyboard.press('Enter');
  facts.commonPassword = await errorOf(page, 'new-password');
  await state(page, 'account-register');
  await id(page, 'new-password').fill(plan.founder.password);
  await page.keyboard.press('Enter');
  await id(page, 'sent').waitFor();
  const token = await linkOf(plan, plan.founder.email, 'verify-email');
  await page.goto(`${plan.base}/#verify-email=${token}`);
  await id(page, 'confirm-email').click();
  await id(page, 'onward').click();
  await signIn(page, plan.founder);
  await id(page, 'nav-account').click();
  await id(page, 'save-person').waitFor();
  facts.founderViews = await views(page);
  facts.founded = await id(page, 'organisations').innerText();
  await page.getByText('Delete the organisation').first().click();
  await id(page, 'delete-password').fill(plan.founder.password);
  await id(page, 'delete-name').fill('harbour');
  facts.deletedByAccident = await id(page, 'delete-organisation').isEnabled();
  await id(page, 'delete-name').fill('Harbour watch');
  await state(page, 'account-delete-organisation');
  await id(page, 'delete-organisation').click();
  await page.getByText('You belong to no organisation.').waitFor();
  facts.deleted = await id(page, 'organisations').innerText();
}
