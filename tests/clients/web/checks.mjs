// What is looked at in every state of a page: accessibility by axe-core, overflow, and a picture.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { photograph } from './browser.mjs';

const AXE = readFileSync(join(import.meta.dirname, 'node_modules/axe-core/axe.min.js'), 'utf8');

/** Violations that axe-core finds: rule, reason, and the elements. */
export async function violations(page) {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  return page.evaluate(async () => {
    // Of WCAG 2.2; off by default.
    const found = await window.axe.run(document, { rules: { 'target-size': { enabled: true } } });
    return found.violations.map(({ id, help, nodes }) => ({
      id,
      help,
      nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} :: ${failureSummary}`),
    }));
  });
}

/** Looks at a state: violations, pixels that stick out sideways, and a picture under its name. */
export async function look(page, folder, name) {
  // The picture first: some states do not last.
  const png = await photograph(page, join(folder, `page-${name}.png`));
  const sticksOut = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  return { png, report: { violations: await violations(page), sticksOut } };
}

/** How many pixels have nearly this colour. */
export function countOf(png, [red, green, blue], within = 12) {
  let count = 0;
  for (let at = 0; at < png.data.length; at += 4) {
    const near = (offset, value) => Math.abs(png.data[at + offset] - value) <= within;
    if (near(0, red) && near(1, green) && near(2, blue)) count += 1;
  }
  return count;
}

/** How many pixels two pictures of one size differ in. */
export function difference(one, other) {
  let count = 0;
  for (let at = 0; at < one.data.length; at += 4) {
    const far = (offset) => Math.abs(one.data[at + offset] - other.data[at + offset]) > 8;
    if (far(0) || far(1) || far(2)) count += 1;
  }
  return count;
}
