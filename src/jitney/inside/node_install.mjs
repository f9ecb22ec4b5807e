// Installs a project's packages inside a build, or writes the lock file that says which. Runs on node or bun, with nothing else.
//
//   node node_install.mjs packages.json      {"mode": "install", "manager": "npm", "folder": "/build", "out": "/out", ...}
//
// No script of a package runs while packages are fetched. Those that are needed run afterwards, one by one, by name, so that
// one which reaches for the network is told by its package's name.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { layOut } from "./npm_lock.mjs";

const wish = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const folder = wish.folder;
const CA = "/dev/jitney/ca";
const env = {
  ...process.env, HOME: "/root", CI: "1", ...wish.env,
  npm_config_update_notifier: "false", npm_config_audit: "false", npm_config_fund: "false",
  npm_config_omit_lockfile_registry_resolved: "true", npm_config_nodedir: "/usr/local", npm_config_loglevel: "error",
  npm_config_build_from_source: "", YARN_NODE_LINKER: "node-modules", YARN_ENABLE_SCRIPTS: "false",
  YARN_ENABLE_TELEMETRY: "0", YARN_GLOBAL_FOLDER: "/root/.cache/berry", BUN_INSTALL_CACHE_DIR: "/root/.cache/bun",
  YARN_ENABLE_IMMUTABLE_INSTALLS: wish.mode === "lock" ? "false" : "true",
};
if (fs.existsSync(CA)) {
  Object.assign(env, { NODE_EXTRA_CA_CERTS: CA, SSL_CERT_FILE: CA, npm_config_cafile: CA, YARN_HTTPS_CA_FILE_PATH: CA });
}

function fail(message) {
  console.error(`jitney: error: ${message}`);
  process.exit(1);
}

/** argv → its output; `soft`: the caller looks at the status itself. */
function call(argv, { cwd = folder, soft = false, more = {} } = {}) {
  const done = spawnSync(argv[0], argv.slice(1), { cwd, env: { ...env, ...more }, encoding: "utf8", maxBuffer: 1 << 28 });
  const said = `${done.stdout ?? ""}${done.stderr ?? ""}`;
  if (done.error) fail(`${argv[0]} cannot be started: ${done.error.message}`);
  if (done.status !== 0 && !soft) {
    process.stderr.write(said);
    fail(reason(said, argv));
  }
  return { ok: done.status === 0, said };
}

/** What a package manager's output says in one line. */
function reason(said, argv) {
  const rules = [
    [/can only install packages when your package\.json and .*|ERR_PNPM_OUTDATED_LOCKFILE|lockfile had changes|needs to be updated|lockfile would have been (?:modified|created)/,
      "the lock file does not fit package.json: make it anew with the project's package manager"],
    [/(?:E404|404 Not Found)[^\n]*?(?:'([^']+)'|registry[^\s]*\/(\S+))/, "no such package: $1$2"],
    [/No matching version found for (\S+?)\.?(?:\s|$)/, "no such version: $1"],
    [/ERR_PNPM_FETCH_404[^\n]*\/([^/\s]+):/, "no such package: $1"],
    [/EINTEGRITY|ERR_PNPM_TARBALL_INTEGRITY|integrity check/i, "a package's bytes are not those that the lock file names"],
    [/(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED) (\S+)/, "$1 cannot be reached from this build"],
  ];
  for (const [pattern, words] of rules) {
    const found = pattern.exec(said);
    if (found) return words.replace(/\$(\d)/g, (_, n) => found[n] ?? "");
  }
  return `${argv.slice(0, 3).join(" ")} failed: ${said.trim().split("\n").slice(-3).join(" ")}`;
}

/** The manager's own program; those that no base has come from the registry, at an exact version where one is known. */
function manager() {
  if (wish.manager === "npm") return ["npm"];
  if (wish.manager === "bun") return ["bun"];
  const name = { pnpm: "pnpm", yarn: "yarn", berry: "@yarnpkg/cli-dist" }[wish.manager];
  const version = wish.managerVersion || { pnpm: "10", yarn: "1", berry: "4" }[wish.manager];
  const home = "/opt/manager";
  fs.mkdirSync(home, { recursive: true });
  call(["npm", "install", "--prefix", home, "--ignore-scripts", `${name}@${version}`], { cwd: home });
  const data = JSON.parse(fs.readFileSync(path.join(home, "node_modules", name, "package.json"), "utf8"));
  const bin = typeof data.bin === "string" ? data.bin : data.bin[wish.manager === "pnpm" ? "pnpm" : "yarn"];
  env.PATH = `${home}/node_modules/.bin:${env.PATH}`;
  if (wish.manager === "berry" && env.YARN_HTTPS_CA_FILE_PATH && Number.parseInt(data.version) < 4) {
    env.YARN_CA_FILE_PATH = env.YARN_HTTPS_CA_FILE_PATH; // the name before Yarn 4; either refuses the other's
    delete env.YARN_HTTPS_CA_FILE_PATH;
  }
  if (wish.manager === "berry") env.YARN_NPM_REGISTRY_SERVER = call(["npm", "config", "get", "registry"]).said.trim();
  return ["node", path.join(home, "node_modules", name, bin)];
}

const pnpm = ["--config.node-linker=hoisted", "--store-dir=/root/.cache/pnpm", "--package-import-method=copy", "--ignore-scripts"];
const LOCK = {
  npm: ["install", "--package-lock-only", "--ignore-scripts"],
  pnpm: ["install", "--lockfile-only", ...pnpm],
  yarn: ["install", "--ignore-scripts", "--non-interactive"],
  berry: ["install", "--mode=update-lockfile"],
  bun: ["install", "--lockfile-only", "--save-text-lockfile", "--ignore-scripts"],
};
const only = (flag) => (wish.dev ? [] : [flag]);
const INSTALL = {
  npm: ["ci", "--ignore-scripts", ...only("--omit=dev")],
  pnpm: ["install", "--frozen-lockfile", ...pnpm, ...only("--prod")],
  yarn: ["install", "--frozen-lockfile", "--ignore-scripts", "--non-interactive", "--cache-folder=/root/.cache/yarn", ...only("--production")],
  berry: ["install"],
  bun: ["install", "--frozen-lockfile", "--ignore-scripts", ...only("--production")],
};

function run(words) {
  const argv = [...tool, ...words];
  const first = call(argv, { soft: true });
  if (first.ok) return;
  if (wish.manager === "npm" && /ERESOLVE/.test(first.said)) {
    console.error("jitney: peer dependencies contradict each other: resolved as npm 6 did (--legacy-peer-deps)");
    call([...argv, "--legacy-peer-deps"]);
    return;
  }
  const missing = [...first.said.matchAll(/^npm error (?:Missing|Invalid): (.*)$/gm)].map((found) => found[1]);
  if (wish.manager === "npm" && missing.length) {
    // What package.json itself asks for was compared before: gaps lie further down, made by another npm, or are optional
    // packages for other systems that this registry does not have. `npm ci` refuses both, `npm install` keeps to the rest.
    const gaps = missing.filter((line) => !line.endsWith("@ from lock file"));
    if (gaps.length) console.error(`jitney: warning: the lock file has gaps, which are filled: ${gaps.slice(0, 5).join(", ")}`);
    call([...tool, "install", "--no-save", ...words.slice(1)]);
    return;
  }
  process.stderr.write(first.said);
  fail(reason(first.said, argv));
}

function lock() {
  run(LOCK[wish.manager]);
  fs.mkdirSync(wish.out, { recursive: true });
  for (const file of ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"]) {
    const made = path.join(folder, file);
    if (fs.existsSync(made)) fs.copyFileSync(made, path.join(wish.out, file));
  }
}

/** Optional packages that this plan never uses become ones for another system, so that they are not even fetched. */
function thinLock() {
  const file = path.join(folder, "package-lock.json");
  if (wish.manager !== "npm" || !fs.existsSync(file)) return;
  const data = JSON.parse(fs.readFileSync(file, "utf8"));
  for (const place of Object.keys(data.packages ?? {})) {
    const name = place.split("node_modules/").pop();
    // whichever mirror wrote the lock: the registry in use has the same bytes, or their hash tells
    if (data.packages[place].integrity && /\/-\/[^/]+\.tgz$/.test(data.packages[place].resolved ?? "")) delete data.packages[place].resolved;
    if (data.packages[place].optional && wish.without.includes(name)) data.packages[place].os = ["none"];
  }
  fs.writeFileSync(file, JSON.stringify(data, null, 2));
}

/** The addresses of yarn's own front of the registry, which a mirror does not have. */
function ownRegistry() {
  const file = path.join(folder, "yarn.lock");
  if (wish.manager !== "yarn" || !fs.existsSync(file)) return;
  const registry = call(["npm", "config", "get", "registry"]).said.trim().replace(/\/?$/, "/");
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, text.replace(/(resolved ")https:\/\/[\w.-]+\/(?=(?:@[^/]+\/)?[^/]+\/-\/)/g, `$1${registry}`));
}

/** Every package folder in the tree: [name, folder, package.json]. */
function* packages(root) {
  if (!fs.existsSync(root)) return;
  for (const entry of fs.readdirSync(root).sort()) {
    if (entry.startsWith(".")) continue;
    const place = path.join(root, entry);
    if (entry.startsWith("@")) {
      yield* packages(place);
      continue;
    }
    const manifest = path.join(place, "package.json");
    if (fs.lstatSync(place).isSymbolicLink() || !fs.existsSync(manifest)) continue;
    let data = {};
    try {
      data = JSON.parse(fs.readFileSync(manifest, "utf8"));
    } catch {
      console.error(`jitney: ${manifest} cannot be read`);
    }
    yield [data.name ?? entry, place, data];
    yield* packages(path.join(place, "node_modules"));
  }
}

/** Names that are only wished for, by anyone in the tree. */
function optionals() {
  const found = new Set();
  const own = path.join(folder, "package.json");
  const all = [...packages(path.join(folder, "node_modules"))].map(([, , data]) => data);
  if (fs.existsSync(own)) all.push(JSON.parse(fs.readFileSync(own, "utf8")));
  for (const data of all) for (const name of Object.keys(data.optionalDependencies ?? {})) found.add(name);
  for (const data of all) for (const name of Object.keys(data.dependencies ?? {})) if (!data.optionalDependencies?.[name]) found.delete(name);
  return found;
}

/** The scripts that a package manager would have run after fetching. */
function scripts() {
  const optional = optionals();
  for (const [name, place, data] of packages(path.join(folder, "node_modules"))) {
    const wanted = ["preinstall", "install", "postinstall"].map((step) => [step, data.scripts?.[step]]).filter((one) => one[1]);
    if (!data.scripts?.install && fs.existsSync(path.join(place, "binding.gyp")) && data.gypfile !== false) {
      wanted.unshift(["install", "node-gyp rebuild"]);
    }
    if (!wanted.length || wish.skip.includes(name)) continue;
    for (const [step, text] of wanted) {
      const bin = [path.join(place, "node_modules/.bin"), path.join(folder, "node_modules/.bin"), wish.gyp].join(":");
      const more = { PATH: `${bin}:${env.PATH}`, npm_package_name: name, npm_package_version: data.version, npm_lifecycle_event: step, INIT_CWD: folder };
      const done = call(["/bin/sh", "-c", text], { cwd: place, soft: true, more });
      if (done.ok) continue;
      if (optional.has(name)) {
        console.error(`jitney: ${name}, which is optional, is left out: its ${step} script failed`);
        fs.rmSync(place, { recursive: true, force: true });
        break;
      }
      process.stderr.write(done.said);
      const host = /(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|getaddrinfo|Could not resolve host:?)\s+(?:ENOTFOUND |EAI_AGAIN )?([\w.-]+\.[a-z]+)/.exec(done.said);
      const why = host ? `it reaches for ${host[1]}, which a build does not reach` : done.said.trim().split("\n").pop();
      fail(`the package ${name}@${data.version} has a ${step} script (${text}) that failed: ${why}`);
    }
  }
}

/** Files that no run on this machine can use. */
function drop() {
  for (const below of wish.drop) {
    const place = path.join(folder, "node_modules", below);
    fs.rmSync(place, { recursive: true, force: true });
  }
}

/** node_modules/.bin holds links to JavaScript files, whatever the manager wrote: the last stage may have no shell. */
function programs() {
  const root = path.join(folder, "node_modules");
  const bin = path.join(root, ".bin");
  fs.rmSync(bin, { recursive: true, force: true });
  fs.mkdirSync(bin, { recursive: true });
  for (const [name, place, data] of packages(root)) {
    if (place !== path.join(root, name)) continue;
    const bins = typeof data.bin === "string" ? { [name.split("/").pop()]: data.bin } : data.bin ?? {};
    for (const [word, file] of Object.entries(bins)) {
      const at = path.join(bin, path.basename(word));
      if (!fs.existsSync(at) && fs.existsSync(path.join(place, file))) fs.symlinkSync(path.relative(bin, path.join(place, file)), at);
    }
  }
}

/** Members of the workspace and folders of the source, which lie under /src when the program runs. */
function relink(root) {
  for (const entry of fs.existsSync(root) ? fs.readdirSync(root) : []) {
    const place = path.join(root, entry);
    const is = fs.lstatSync(place);
    if (entry.startsWith("@") && is.isDirectory()) relink(place);
    if (!is.isSymbolicLink() || entry.startsWith(".")) continue;
    const target = path.resolve(root, fs.readlinkSync(place));
    if (target.startsWith(path.join(folder, "node_modules"))) continue;
    fs.unlinkSync(place);
    fs.symlinkSync(path.join(wish.source, path.relative(folder, target)), place);
  }
}

/** Members whose own node_modules hold versions that the root's cannot: links would have to stand inside the source. */
function nested() {
  for (const member of wish.members) {
    const own = path.join(folder, member, "node_modules");
    const names = fs.existsSync(own) ? fs.readdirSync(own).filter((name) => !name.startsWith(".")) : [];
    if (names.length) console.error(`jitney: warning: ${member} wants versions of its own of ${names.join(", ")}: the root's are used`);
  }
}

/** From the lock, exactly. */
async function install() {
  thinLock();
  ownRegistry();
  const isPlain = wish.manager === "npm" && fs.existsSync(path.join(folder, "package-lock.json"));
  const ca = fs.existsSync(CA) ? CA : "";
  if (isPlain && (await layOut(folder, { dev: wish.dev, env, ca }))) return;
  run(INSTALL[wish.manager]);
}

if (wish.lock) fs.cpSync(wish.lock, folder, { recursive: true });
const tool = manager();
if (wish.mode === "lock") {
  lock();
} else if (wish.mode === "prune") {
  // what only builds used goes: installed anew from the same lock, which is a matter of links and copies from the cache
  fs.rmSync(path.join(folder, "node_modules"), { recursive: true, force: true });
  await install();
  scripts();
  programs();
  drop();
} else {
  await install();
  if (wish.manager === "berry" && !wish.dev) call([...tool, "workspaces", "focus", "--all", "--production"], { soft: true });
  scripts();
  programs();
  if (wish.mode === "install") {
    drop();
    relink(path.join(folder, "node_modules"));
    nested();
    fs.mkdirSync(wish.out, { recursive: true });
    fs.mkdirSync(path.join(folder, "node_modules"), { recursive: true });
    fs.rmSync(path.join(folder, "node_modules/.package-lock.json"), { force: true });
    fs.renameSync(path.join(folder, "node_modules"), path.join(wish.out, "node_modules"));
    if (wish.module) fs.writeFileSync(path.join(wish.out, "package.json"), '{"type": "module"}\n');
  }
}
