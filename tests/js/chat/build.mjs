// Builds the page: node chat/build.mjs <sdk> <folder>
import { build } from "esbuild";
import { cp } from "node:fs/promises";

const [sdk, folder] = process.argv.slice(2);
await build({
  // Where an alias is looked for.
  absWorkingDir: new URL("..", import.meta.url).pathname,
  entryPoints: [new URL("chat.jsx", import.meta.url).pathname],
  outfile: `${folder}/chat.js`,
  bundle: true,
  format: "esm",
  jsx: "automatic",
  alias: { sdk },
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});
for (const name of ["index.html", "chat.css"]) {
  await cp(new URL(name, import.meta.url), `${folder}/${name}`);
}
