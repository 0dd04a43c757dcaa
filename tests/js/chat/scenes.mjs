// What a person does in the page, and what the page then shows.
import assert from "node:assert/strict";

const WORDS = 100;
const STORY = Array.from({ length: WORDS }, (_, n) => n + 1).join(" ");

async function say(page, text) {
  await page.fill("#text", text);
  await page.click("form button");
}

function idle(page) {
  return page.locator("#status", { hasText: "idle" }).waitFor();
}

/** The text of the newest message of a kind, "" when there is none. */
async function newest(page, kind) {
  const texts = await page.locator(`li.${kind}`).allTextContents();
  return (texts.at(-1) ?? "").trim();
}

/** Waits until the story has more than so many words; answers them. */
async function told(page, words) {
  await page.waitForFunction(
    (n) => ([...document.querySelectorAll("li.ai")].at(-1)?.textContent ?? "").split(" ").length > n + 1,
    words,
  );
  return newest(page, "ai");
}

/** A payment that needs a person: asked, approved, paid. */
export async function approval(page, { picture }) {
  await say(page, "900");
  await page.locator("#question").waitFor();
  assert.match(await page.locator("#question").textContent(), /"pay"[^]*900/);
  assert.equal(await newest(page, "human"), "900");
  await idle(page);
  await picture("question");
  await page.click("#approve");
  await page.locator("li.ai", { hasText: "I heard paid 900" }).waitFor();
  await idle(page);
  assert.equal(await page.locator("#question").count(), 0);
  assert.equal(await newest(page, "tool"), "paid 900");
  assert.equal(await page.locator("[role=alert]").count(), 0);
}

/** The question is still there when the page is loaded again, and can be rejected. */
export async function question_after_a_reload(page) {
  await say(page, "901");
  await page.locator("#question").waitFor();
  await page.waitForURL(/thread=/);
  await page.reload();
  await page.locator("#question").waitFor();
  assert.equal(await newest(page, "human"), "901");
  await page.click("#reject");
  await page.locator("#question").waitFor({ state: "detached" });
  await idle(page);
  assert.doesNotMatch(await newest(page, "tool"), /^paid/);
}

/** The answer grows word by word, and its end is the whole of it, once. */
export async function streaming(page) {
  await say(page, "40");
  const early = await told(page, 3);
  const later = await told(page, 20);
  assert.ok(later.startsWith(early) && later.length > early.length);
  await idle(page);
  assert.equal(await newest(page, "ai"), STORY.slice(0, STORY.indexOf(" 41")));
  assert.equal(await page.locator("li.ai").count(), 1);
}

/** A reload in the middle of a run: the page goes on with it. */
export async function reload_while_it_runs(page, { requests }) {
  await say(page, String(WORDS));
  await told(page, 5);
  requests.length = 0;
  await page.reload();
  await page.locator("#status", { hasText: "running" }).waitFor();
  const rejoined = await told(page, 5);
  assert.ok(STORY.startsWith(rejoined) && rejoined.length < STORY.length, rejoined);
  assert.ok(!requests.some((r) => /POST .*\/(runs\/stream|commands)$/.test(r)), "the page started a second run");
  await idle(page);
  assert.equal(await newest(page, "ai"), STORY);
  assert.equal(await newest(page, "human"), String(WORDS));
  assert.equal(await page.locator("li").count(), 2);
}

/** A run that fails says why, and still does when the page is loaded again. */
export async function failure(page) {
  await say(page, "anything");
  await page.locator("[role=alert]", { hasText: "boom from node" }).waitFor();
  await idle(page);
  await page.waitForURL(/thread=/);
  await page.reload();
  await page.locator("[role=alert]", { hasText: "boom from node" }).waitFor();
}

/** The connection breaks in the middle of a run: the page comes back by itself, with all it missed. */
export async function broken_connection(page, { requests, connection }) {
  await say(page, String(WORDS));
  await connection.broken;
  assert.notEqual(await newest(page, "ai"), STORY, "the story was over before the connection broke");
  await page.locator("li.ai", { hasText: STORY }).waitFor();
  await idle(page);
  assert.equal(await newest(page, "ai"), STORY);
  assert.equal(await page.locator("li.ai").count(), 1);
  assert.equal(await page.locator("[role=alert]").count(), 0);
  assert.ok(requests.filter((r) => /POST .*\/(runs\/stream|commands)$/.test(r)).length <= 1);
  assert.ok(connection.seen.filter((r) => r.isStream).length > 1);
}
broken_connection.cutAfter = 2000;

/** Stop ends the run on the server too. */
export async function stop(page) {
  await say(page, String(WORDS * 10));
  await told(page, 3);
  const cancelled = page.waitForResponse((r) => r.request().method() === "POST" && /\/cancel/.test(r.url()));
  await page.click("#stop");
  assert.ok((await cancelled).ok());
  await idle(page);
}
