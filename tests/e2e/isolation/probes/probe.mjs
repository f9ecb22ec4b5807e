// Marks its sandbox with the first argument and the port that is the second, and says on which device its model's sockets
// lie; then, for each line `MARK PORT` of standard input, says where it sees them.
import fs from "node:fs";
import net from "node:net";
import readline from "node:readline";

const OUTSIDE = ["proc", "sys", "dev"];
const HELD = ["src", "tmp", "home", "models", "run"];

function* files(folder) {
  let entries = [];
  try { entries = fs.readdirSync(folder || "/", { withFileTypes: true }); } catch { /* not ours to read */ }
  for (const entry of entries) {
    if (!folder && OUTSIDE.includes(entry.name)) continue;
    const path = `${folder}/${entry.name}`;
    yield [path, entry];
    if (entry.isDirectory()) yield* files(path);
  }
}

function holds(path, mark) {
  try { return fs.readFileSync(path).includes(mark); } catch { return false; }
}

function seesFile(mark) {
  for (const [path, entry] of files("")) {
    if (path.includes(mark)) return true;
    const small = entry.isFile() && HELD.includes(path.split("/")[1]) && fs.statSync(path).size < 65536;
    if (small && holds(path, mark)) return true;
  }
  return false;
}

function isOpen(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => { socket.destroy(); resolve(true); });
    socket.on("error", () => resolve(false));
  });
}

async function look(mark, port) {
  const processes = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const seen = {
    files: seesFile(mark),
    secrets: fs.readdirSync("/run/secrets").some((name) => holds(`/run/secrets/${name}`, mark)),
    processes: processes.some((one) => holds(`/proc/${one}/cmdline`, mark)),
    environment: processes.some((one) => holds(`/proc/${one}/environ`, mark)),
    sockets: holds("/proc/net/unix", mark),
    port: await isOpen(port),
  };
  return Object.keys(seen).filter((what) => seen[what]).sort();
}

const [own, port] = process.argv.slice(2);
fs.writeFileSync(`/tmp/${own}`, own);
await new Promise((resolve) => net.createServer().listen(Number(port), "127.0.0.1", resolve));
await new Promise((resolve) => net.createServer().listen(`\0${own}`, resolve));
const mounts = fs.readFileSync("/proc/self/mountinfo", "utf8").split("\n").map((line) => line.split(" "));
console.log(mounts.find((words) => words[4] === "/run/jitney")[2]);
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [mark, number] = line.split(" ");
  console.log(JSON.stringify(await look(mark, Number(number))));
}
process.exit(0);
