// unsubscribe.mjs INBOX_URL LINK_HOST GATEWAY_HOST RECIPIENT SCREENSHOTS
//
// Does in Chromium what a student does: opens the mail to RECIPIENT in the inbox page, follows its
// unsubscribe link, and opts out of that kind of mail. Looks at each page first as a phone and a
// desktop show it, and stores a picture of each. LINK_HOST, which the links of the mail name, is
// reached at GATEWAY_HOST.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [inboxUrl, linkHost, gatewayHost, recipient, screenshots] = process.argv.slice(2);
const WIDTHS = [360, 1280];

// Nothing may be wider than the screen, and everything that is pressed is large enough for a finger
// (WCAG 2.2, 1.4.10 and 2.5.8).
async function look(page, name, width) {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(overflow, 0, `${name} at ${width} pixels is ${overflow} pixels too wide`);
  for (const control of await page.locator('button, input:visible').all()) {
    const box = await control.boundingBox();
    assert.ok(box && box.width >= 24 && box.height >= 24, `a control of ${name} is too small`);
  }
  await page.screenshot({ path: join(screenshots, `${name}-${width}.png`), fullPage: true });
}

// Opens the mail and returns its page and that of its unsubscribe link.
async function openMail(context, width) {
  const inbox = await context.newPage();
  await inbox.goto(inboxUrl);
  await look(inbox, 'inbox', width);
  await inbox.getByRole('link').filter({ hasText: recipient }).click();
  await look(inbox, 'mail', width);
  const mail = inbox.frameLocator('iframe');
  const opened = context.waitForEvent('page');
  await mail.getByRole('link', { name: /^Unsubscribe from/ }).click();
  const page = await opened;
  await page.waitForLoadState();
  return page;
}

async function atWidth(browser, width, action) {
  const context = await browser.newContext({
    viewport: { width, height: 800 }, javaScriptEnabled: false, locale: 'en-GB' });
  const faults = [];
  context.on('weberror', (error) => faults.push(error.error().message));
  context.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await action(context);
  await context.close();
  assert.deepEqual(faults, [], 'the browser reports faults');
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', `--host-resolver-rules=MAP ${linkHost} ${gatewayHost}`],
});
try {
  for (const width of WIDTHS) {
    await atWidth(browser, width, async (context) => {
      const page = await openMail(context, width);
      await look(page, 'preferences', width);
      await page.getByRole('button', { name: 'Unsubscribe', exact: true }).waitFor();
    });
  }
  await atWidth(browser, WIDTHS[0], async (context) => {
    const page = await openMail(context, WIDTHS[0]);
    await page.getByRole('button', { name: 'Unsubscribe', exact: true }).click();
    await page.getByRole('status').waitFor();
    await look(page, 'unsubscribed', WIDTHS[0]);
    console.log(await page.getByRole('status').innerText());
  });
} finally {
  await browser.close();
}
