// What the walk through the pages of accounts is made of: the plan, what was seen, and the steps that recur.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listen, photograph } from './browser.mjs';
import { look } from './checks.mjs';
import { until } from './people.mjs';

const LIMIT_MS = 60_000;
export const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
export const report = { problem: null, chapter: null, states: {}, facts: {}, console: {}, requests: [] };
export const { facts } = report;
export const DESK = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

export async function open(browser, viewport, more = {}) {
  const context = await browser.newContext({ viewport, locale: 'en-GB', timezoneId: 'Europe/Oslo', ...more });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: plan.base });
  return { context, ...(await openPage(context)) };
}

export async function openPage(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  return { page, heard: listen(page) };
}

export const id = (page, name) => page.getByTestId(name);
export const textOf = (page, name) => id(page, name).innerText();
export const errorOf = (page, field) => until(`${field} is refused`, () => page.locator(`#${field}-error`).innerText());
export const refusalOf = (page, name) => until(`${name} says something`, () => textOf(page, name));

export async function state(page, name) {
  report.states[name] = (await look(page, plan.folder, name)).report;
}

export async function chapter(window, name, walk) {
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

export async function type(page, { email, password }) {
  await id(page, 'email').fill(email);
  await id(page, 'password').fill(password);
  await id(page, 'log-in-button').click();
}

export const inside = (page) => id(page, 'sign-out').waitFor();

export async function signIn(page, who) {
  await type(page, who);
  await inside(page);
}

/** Opens one of the account's pages and waits until it has read everything. */
export async function goTo(page, name) {
  await id(page, `nav-${name}-page`).click();
  await page.locator(`[data-testid=nav-${name}-page][aria-current=page]`).waitFor();
  await read(page);
}

export async function read(page) {
  await page.locator('.account h1').waitFor();
  await until('everything is read', async () => (await page.getByText('Reading …').count()) === 0);
}

export const views = (page) => page.locator('.account nav button').allInnerTexts();
