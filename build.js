// Bundles each page's script and style sheet into the `dist` folder beside them. The results are
// checked in, so that the shop itself runs without node. They are not minified: a page of this size
// gains little from it, and what a reader meets in the browser stays readable.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL(".", import.meta.url));
const PAGES = ["services/storefront/pages", "registry/dashboard"];

/** The folders that the server publishes for every page, by the URL that a source imports from. */
const PUBLISHED = {
  "/shared/": `${ROOT}services/common/pages/shared/`,
  "/vendor/": `${ROOT}services/common/pages/vendor/`,
};

const publishedFolders = {
  name: "published-folders",
  setup({ onResolve }) {
    for (const [url, folder] of Object.entries(PUBLISHED)) {
      onResolve({ filter: new RegExp(`^${url}`) }, ({ path }) => ({
        path: folder + path.slice(url.length),
      }));
    }
  },
};

const NOTICE =
  "Built by `npm run build` from the sources named below: change those, not this file.";
const LICENCES = "It contains Preact (MIT) and htm (Apache-2.0): see /vendor/preact/.";

for (const page of PAGES) {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [`${page}/main.js`, `${page}/main.css`],
    outdir: `${page}/dist`,
    bundle: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    banner: { js: `// ${NOTICE}\n// ${LICENCES}`, css: `/* ${NOTICE} */` },
    plugins: [publishedFolders],
    logLevel: "warning",
  });
}
