// Lays a package-lock.json (version 2 or 3) out as node_modules, as `npm ci --ignore-scripts` does, in a fifth of its time:
// npm writes file by file through one thread, tar does not. What is not plain (a package from git, a registry of its own, a lock
// with gaps) is npm's: `layOut` then returns false, having left nothing, and so it does for any failure, so that npm's own words
// tell it. Links in node_modules/.bin and scripts are the caller's.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import path from "node:path";

const KEPT = "/root/.cache/jitney-npm";
const AT_ONCE = 12;
const HARMLESS = /^(registry|fund|audit|yes|nodedir|loglevel|progress|update-notifier|omit-lockfile-registry-resolved|package-lock|cache|color|unicode|(save|init)-[\w-]+|save)$/;
const STRENGTH = ["sha512", "sha384", "sha256"];

/** folder: has package-lock.json. options: {dev, env, ca}. Whether all of it lies there now. */
export async function layOut(folder, options) {
  const roots = new Set();
  try {
    return await laidOut(folder, options, roots);
  } catch (problem) {
    console.error(`jitney: npm takes over: ${problem.message}`);
    for (const root of roots) fs.rmSync(root, { recursive: true, force: true });
    return false;
  }
}

/** roots: gets every node_modules that it makes, a workspace's members' too. */
async function laidOut(folder, { dev, env, ca }, roots) {
  const configured = [path.join(folder, ".npmrc"), "/root/.npmrc"].filter((file) => fs.existsSync(file)).map((file) => fs.readFileSync(file, "utf8"));
  if (isCustom(configured, env)) return false;
  const lock = JSON.parse(fs.readFileSync(path.join(folder, "package-lock.json"), "utf8"));
  if (!(lock.lockfileVersion >= 2) || !lock.packages) return false;
  const wanted = chosen(lock.packages, dev);
  if (!wanted || !isWhole(lock.packages, wanted)) return false;
  const registry = registryOf(configured, env);
  const protocol = registry.startsWith("https:") ? https : http;
  const agent = new protocol.Agent({ keepAlive: true, maxSockets: AT_ONCE, ca: ca ? fs.readFileSync(ca) : undefined });
  const rest = wanted.filter(([, entry]) => !entry.link).sort(([a], [b]) => depth(a) - depth(b));
  fs.mkdirSync(KEPT, { recursive: true });
  try {
    for (const [place] of rest) {
      roots.add(path.join(folder, place.slice(0, place.indexOf("node_modules/") + "node_modules".length)));
      fs.mkdirSync(path.join(folder, place), { recursive: true });
    }
    await all(rest, async ([place, entry]) => unpack(await tarball(address(registry, place, entry), entry.integrity, agent), path.join(folder, place)));
    for (const root of roots) tidy(root);
    for (const [place, entry] of wanted) if (entry.link) link(folder, place, entry);
    return true;
  } finally {
    agent.destroy();
  }
}

/** AT_ONCE side by side. Where one fails none is begun any more, and all have ended before it is thrown: nothing writes on. */
async function all(items, work) {
  const queue = [...items];
  const worker = async () => {
    try {
      while (queue.length) await work(queue.shift());
    } finally {
      queue.length = 0;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  const failed = ended.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}

/** Settings whose meaning is npm's business: scopes with a registry of their own, passwords, proxies, other layouts. */
function isCustom(configured, env) {
  const keys = configured.flatMap((text) => text.split(/\r?\n/).map((line) => line.split("=")[0].trim()));
  if (!keys.every((key) => !key || /^[#;]/.test(key) || HARMLESS.test(key))) return true;
  return Object.keys(env).some((name) => /^(https?_proxy|npm_config_(https?_?proxy|.*:registry|legacy_peer_deps|install_strategy))$/i.test(name) && env[name]);
}

/** As npm finds it, without starting npm, which takes half of the time of all the rest. */
function registryOf(configured, env) {
  const said = [Object.entries(env).find(([name, value]) => /^npm_config_registry$/i.test(name) && value)?.[1]];
  said.push(...configured.map((text) => /^\s*registry\s*=\s*"?([^\s"$]+)"?\s*$/m.exec(text)?.[1]));
  const own = createRequire(npmHome())("@npmcli/config/lib/definitions").definitions.registry.default;
  return (said.find(Boolean) ?? own).replace(/\/?$/, "/");
}

/** [place, entry] of what is installed here; null where an entry is not plain. */
function chosen(packages, dev) {
  const found = [];
  for (const [place, entry] of Object.entries(packages)) {
    if (!place.includes("node_modules/") || entry.inBundle) continue;
    if (entry.dev && !dev) continue;
    if (!fits(entry)) {
      if (!entry.optional && !entry.devOptional) return null;
      continue;
    }
    if (!entry.link) {
      const isNamed = entry.version && entry.integrity && (!entry.resolved || /\/-\/[^/]+\.tgz$/.test(entry.resolved));
      if (!isNamed) return null;
    }
    if (place.split("/").includes("..") || path.isAbsolute(place)) return null;
    found.push([place, entry]);
  }
  return found;
}

function fits(entry) {
  const allows = (list, have) => {
    const words = list === undefined ? [] : [list].flat();
    const not = words.filter((word) => word.startsWith("!")).map((word) => word.slice(1));
    const only = words.filter((word) => !word.startsWith("!") && word !== "any");
    return !not.includes(have) && (!only.length || only.includes(have));
  };
  return allows(entry.os, process.platform) && allows(entry.cpu, process.arch) && (!entry.libc || allows(entry.libc, "glibc"));
}

/** Whether every dependency of what is installed is there, at a version that fits: `npm ci` refuses the rest. */
function isWhole(packages, wanted) {
  const semver = createRequire(npmHome())("semver");
  const there = new Map(wanted);
  for (const [place, entry] of [["", packages[""] ?? {}], ...wanted]) {
    const at = entry.link ? entry.resolved : place;
    const own = packages[at] ?? entry;
    const peers = Object.entries(own.peerDependencies ?? {}).filter(([name]) => !own.peerDependenciesMeta?.[name]?.optional);
    for (const [name, range] of [...Object.entries(own.dependencies ?? {}), ...peers]) {
      if (own.optionalDependencies?.[name] !== undefined) continue;
      const found = nearest(packages, there, at, name);
      if (!found) return false;
      if (!found.link && semver.validRange(range) && !semver.satisfies(found.version, range, { loose: true })) return false;
    }
  }
  return true;
}

/** npm's own program, beside which its libraries lie. */
function npmHome() {
  for (const one of process.env.PATH.split(":")) {
    const place = path.join(one, "npm");
    if (fs.existsSync(place)) return fs.realpathSync(place);
  }
  throw new Error("there is no npm on PATH");
}

/** The entry that Node.js finds from a folder. Bundled ones lie in their parent's tarball. */
function nearest(packages, there, from, name) {
  for (let at = from; ; at = at.includes("/") ? at.slice(0, at.lastIndexOf("/")) : "") {
    if (path.basename(at) !== "node_modules") {
      const place = at ? `${at}/node_modules/${name}` : `node_modules/${name}`;
      if (there.has(place)) return there.get(place);
      if (packages[place]?.inBundle) return packages[place];
    }
    if (!at) return undefined;
  }
}

const depth = (place) => place.split("/node_modules/").length;

/** The registry's address of a package's tarball: what stands in the lock may be another mirror's. */
function address(registry, place, entry) {
  const name = entry.name ?? place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
  return `${registry}${name}/-/${path.basename(name)}-${entry.version.split("+")[0]}.tgz`;
}

/** A file with the bytes that the lock names: kept from before, or fetched. */
async function tarball(url, integrity, agent) {
  const sums = integrity.split(/\s+/).map((one) => one.split("-"));
  const [algorithm, sum] = STRENGTH.flatMap((name) => sums.filter(([one]) => one === name))[0] ?? [];
  if (!algorithm) throw new Error(`${url}: its lock has no ${STRENGTH.join(" or ")}`);
  const want = Buffer.from(sum.split("?")[0], "base64").toString("hex");
  const file = path.join(KEPT, `${want}.tgz`);
  if (!fs.existsSync(file) || digest(algorithm, fs.readFileSync(file)) !== want) {
    const bytes = await fetched(url, agent);
    if (digest(algorithm, bytes) !== want) throw new Error(`${url}: its bytes are not those of the lock`);
    fs.writeFileSync(`${file}.${process.pid}`, bytes);
    fs.renameSync(`${file}.${process.pid}`, file);
  }
  return file;
}

const digest = (algorithm, bytes) => createHash(algorithm).update(bytes).digest("hex");

async function fetched(url, agent, left = 3) {
  try {
    return await got(url, agent);
  } catch (problem) {
    if (left <= 1 || problem.status) throw problem;
    return fetched(url, agent, left - 1);
  }
}

function got(url, agent, hops = 5) {
  return new Promise((resolve, reject) => {
    const own = new URL(url).protocol === agent.protocol ? agent : undefined;
    const request = (url.startsWith("https:") ? https : http).get(url, { agent: own, timeout: 30_000 }, (reply) => {
      const { statusCode: status, headers } = reply;
      if (status >= 300 && status < 400 && headers.location && hops) {
        reply.resume();
        resolve(got(new URL(headers.location, url).href, agent, hops - 1));
        return;
      }
      const parts = [];
      reply.on("data", (part) => parts.push(part));
      reply.on("error", reject);
      reply.on("aborted", () => reject(new Error(`${url}: cut off`)));
      reply.on("end", () => (status === 200 ? resolve(Buffer.concat(parts)) : reject(Object.assign(new Error(`${url}: ${status}`), { status }))));
    });
    request.on("timeout", () => request.destroy(new Error(`${url}: no answer`)));
    request.on("error", reject);
  });
}

/** As npm does: links are left out, everybody may read. */
function tidy(root) {
  for (const words of [["find", root, "-type", "l", "-delete"], ["chmod", "-R", "u+rwX,go+rX,go-w", root]]) {
    const done = spawnSync(words[0], words.slice(1), { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${words[0]}: ${done.stderr.trim()}`);
  }
}

/** The first folder is cut off, whatever it is called. */
function unpack(file, place) {
  return new Promise((resolve, reject) => {
    const words = ["-xzf", file, "-C", place, "--strip-components=1", "--no-same-owner", "--no-same-permissions"];
    const tar = spawn("tar", words, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    tar.stderr.on("data", (part) => (said += part));
    tar.on("error", reject);
    tar.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`${path.basename(place)}: ${said.trim().split("\n").pop()}`))));
  });
}

function link(folder, place, entry) {
  const at = path.join(folder, place);
  fs.mkdirSync(path.dirname(at), { recursive: true });
  fs.symlinkSync(path.relative(path.dirname(at), path.join(folder, entry.resolved)), at);
}
