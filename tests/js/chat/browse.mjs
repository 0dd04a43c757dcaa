// Plays one scene in a real browser: node chat/browse.mjs <scene> <chromium> <page> <folder for pictures>
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { chromium } from "playwright-core";
import { cutter } from "../cutter.mjs";
import * as scenes from "./scenes.mjs";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  // The page and its API are on this machine, and nothing else is asked.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

const [scene, executablePath, address, pictures] = process.argv.slice(2);
const url = new URL(address);
const play = scenes[scene];
const connection = play.cutAfter && (await cutter(url.searchParams.get("api"), play.cutAfter));
if (connection) url.searchParams.set("api", connection.url);
const profile = await mkdtemp(`${tmpdir()}/holdfast-chat-`);
const viewport = { width: 900, height: 700 };
const browser = await chromium.launchPersistentContext(profile, {
  executablePath, args: FLAGS, headless: true, viewport,
});
const page = browser.pages()[0] ?? (await browser.newPage());
page.setDefaultTimeout(20_000);
page.on("console", (message) => console.log(`console.${message.type()}: ${message.text()}`));
page.on("pageerror", (error) => console.log(`page error: ${error.stack}`));

function tooLong(milliseconds) {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("the scene does not end")), milliseconds));
}

const requests = [];
page.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
const picture = (name) => page.screenshot({ path: `${pictures}/${name}.png` });
let failed = false;
try {
  await page.goto(url.href);
  await Promise.race([play(page, { requests, picture, connection }), tooLong(60_000)]);
} catch (error) {
  failed = true;
  console.error(error);
  console.error(requests.join("\n"));
}
await picture(failed ? `${scene}-failed` : scene);
await browser.close();
await rm(profile, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
