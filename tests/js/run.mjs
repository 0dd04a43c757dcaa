// Plays one scene: node run.mjs <sdk> <scene> <url of the API>. Each export of the scene is one step.
const [sdk, scene, apiUrl] = process.argv.slice(2);
const { Client } = await import(sdk);
const steps = Object.entries(await import(`./scenes/${scene}.mjs`));

const client = new Client({ apiUrl, apiKey: null });
for (const [name, step] of steps) {
  console.log(name);
  await step(client, { apiUrl, Client });
}
// A socket that is kept alive must not keep the process.
process.exit(0);
