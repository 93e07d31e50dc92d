// Transfers on anvil (one node, no consensus, no disk), measured as `goodwill bench transfers` measures:
// signed ahead, sent in batches over HTTP, timed until the last one is in a block.
// Usage: node anvil.mjs [transfers]. Prints one JSON object.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { Wallet, HDNodeWallet, Mnemonic } from "ethers";

const transfers = Number(process.argv[2] ?? 20000);
const accounts = 100;
const batch = 500;
const connections = 4;
const words = "test test test test test test test test test test test junk";

const free = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const port = await free();
const url = `http://127.0.0.1:${port}`;
const anvil = spawn(
  "npx",
  ["--no-install", "anvil", "--silent", "--port", `${port}`, "--accounts", `${accounts}`, "--mnemonic", words,
    "--block-time", "1", "--gas-limit", "1000000000000", "--base-fee", "0", "--order", "fifo"],
  { stdio: "inherit", detached: true },
);
const end = () => process.kill(-anvil.pid, "SIGKILL");
process.on("exit", end);

const ask = async (calls) => {
  const body = JSON.stringify(calls.map(([method, params], id) => ({ jsonrpc: "2.0", id, method, params })));
  const answers = await (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })).json();
  const failed = answers.find((answer) => answer.error);
  if (failed) throw new Error(JSON.stringify(failed.error));
  return answers.map((answer) => answer.result);
};

const answering = async () => {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      return await ask([["eth_chainId", []]]);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error("anvil does not answer");
};

// The server is the child of npx that listens; its processor time is what counts.
const processorSeconds = () => {
  const pids = readFileSync(`/proc/${anvil.pid}/task/${anvil.pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  const own = (pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [utime, stime] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    return (utime + stime) / 100 + children.map(own).reduce((a, b) => a + b, 0);
  };
  return pids.map(own).reduce((a, b) => a + b, 0);
};

await answering();
const mnemonic = Mnemonic.fromPhrase(words);
const wallets = Array.from({ length: accounts }, (_, i) => HDNodeWallet.fromMnemonic(mnemonic, `m/44'/60'/0'/0/${i}`));
const signed = await Promise.all(
  Array.from({ length: transfers }, (_, i) =>
    new Wallet(wallets[i % accounts].privateKey).signTransaction({
      to: wallets[(i * 7 + 1) % accounts].address,
      value: 1n,
      nonce: Math.floor(i / accounts),
      gasLimit: 21000n,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 0n,
      chainId: 31337n,
      type: 2,
    }),
  ),
);

const queue = [];
for (let first = 0; first < signed.length; first += batch) queue.push(signed.slice(first, first + batch));
const before = processorSeconds();
const began = performance.now();
await Promise.all(
  Array.from({ length: connections }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      await ask(next.map((raw) => ["eth_sendRawTransaction", [raw]]));
    }
  }),
);
const last = wallets.slice(0, accounts).map((wallet) => ["eth_getTransactionCount", [wallet.address, "latest"]]);
for (;;) {
  const counts = await ask(last);
  if (counts.map(Number).reduce((a, b) => a + b, 0) >= transfers) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const seconds = (performance.now() - began) / 1000;
const cpu = processorSeconds() - before;
console.log(
  JSON.stringify({
    peer: "anvil",
    transactions: transfers,
    tx_per_s: Math.round(transfers / seconds),
    tx_per_cpu_s: Math.round(transfers / cpu),
  }),
);
process.exit(0);
