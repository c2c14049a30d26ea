// mails.mjs FOLDER SCREENSHOTS
//
// Looks at each mail FOLDER/{template}.{language}.html as a phone and a mail program show it, light
// and dark, and stores a picture of each.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [folder, screenshots] = process.argv.slice(2);
const WIDTHS = [360, 600];
const SCHEMES = ['light', 'dark'];

// The contrast of two colors by WCAG 2.2, 1.4.3, and the text that has less than it asks for.
function textWithLowContrast() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('a, p, h1, h2, h3, td, th, strong')) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== '');
    if (!own || element.closest('[aria-hidden]') || element.offsetHeight === 0) continue;
    const [light, dark] = [luminance(channels(getComputedStyle(element).color)),
                           luminance(background(element))].sort((a, b) => b - a);
    if ((light + 0.05) / (dark + 0.05) < 4.5) found.push(element.textContent.trim());
  }
  return found;
}

async function look(page, name, width, scheme) {
  const where = `${name} at ${width} pixels, ${scheme}`;
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(overflow, 0, `${where} is ${overflow} pixels too wide`);
  assert.deepEqual(await page.evaluate(textWithLowContrast), [], `${where} is hard to read`);
  const heading = page.locator('h1');
  const align = await heading.evaluate((it) => getComputedStyle(it).direction);
  assert.equal(align, name.endsWith('.ar') ? 'rtl' : 'ltr', where);
  // The preheader is for the list of mails only.
  assert.equal(await page.locator('body > div').first().isVisible(), false, where);
  await page.screenshot({ path: join(screenshots, `${name}-${width}-${scheme}.png`), fullPage: true });
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
let looked = 0;
try {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
      const page = await context.newPage();
      for (const file of readdirSync(folder).filter((each) => each.endsWith('.html'))) {
        await page.goto(pathToFileURL(resolve(folder, file)).href);
        await look(page, file.replace(/\.html$/, ''), width, colorScheme);
        looked += 1;
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
console.log(`${looked} pictures`);
