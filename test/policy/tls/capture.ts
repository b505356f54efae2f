// Makes the corpus again: `bun test/policy/tls/capture.ts`. Real clients say hello to a server that only
// listens; what each sent is one file, with the program's version and what it was asked to send.
// Programs that are not installed leave their files as they are.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Client = {
  readonly name: string;
  /** What says its version. */
  readonly version: readonly string[];
  readonly command: (port: number, folder: string) => readonly string[];
  readonly sni: string | null;
  readonly alpn: readonly string[];
};

const openssl = (name: string, options: string, asked: Partial<Client> = {}): Client => ({
  name: `openssl-${name}`,
  version: ["openssl", "version"],
  command: (port) => ["openssl", "s_client", "-connect", `127.0.0.1:${port}`, ...words(options)],
  sni: "a.example",
  alpn: [],
  ...asked,
});

const curl = (name: string, options: string, alpn: readonly string[]): Client => ({
  name: `curl-${name}`,
  version: ["curl", "--version"],
  command: (port) => [
    ...["curl", "--max-time", "5", "--connect-to", `::127.0.0.1:${port}`, ...words(options)],
    "https://a.example/",
  ],
  sni: "a.example",
  alpn,
});

const script = (program: string, code: (port: number) => string) => (port: number) => [
  program,
  program === "python3" ? "-c" : "-e",
  code(port),
];

const go = (name: string, mode: readonly string[], sni: string): Client => ({
  name,
  version: ["go", "version"],
  command: (port) => [
    ...["go", "run", join(import.meta.dir, "capture-client.go"), `127.0.0.1:${port}`, ...mode],
  ],
  sni,
  alpn: ["h2", "http/1.1"],
});

const BUN = process.execPath;
// A hello of 1 KiB and more.
const LONG = ["h2", ...Array.from({ length: 5 }, (_, i) => `${i}`.repeat(200))];
const H2 = ["h2", "http/1.1"];

const clients: readonly Client[] = [
  openssl("name", "-servername a.example"),
  openssl("noname", "-noservername", { sni: null }),
  openssl("alpn", "-servername a.example -alpn h2,http/1.1", { alpn: H2 }),
  openssl("capitals", "-servername A.EXAMPLE"),
  openssl("tls12", "-servername a.example -tls1_2"),
  openssl("bare", "-tls1_2 -noservername -cipher AES128-SHA -no_ticket -sigalgs RSA+SHA256", {
    sni: null,
  }),
  openssl("records", `-servername a.example -max_send_frag 512 -alpn ${LONG.join(",")}`, {
    alpn: LONG,
  }),
  openssl("postgresql", "-servername a.example -alpn postgresql", { alpn: ["postgresql"] }),
  curl("h2", "", H2),
  curl("http1", "--http1.1", ["http/1.1"]),
  curl("noalpn", "--no-alpn", []),
  {
    name: "bun-fetch",
    version: [BUN, "--version"],
    command: script(BUN, (port) => `await fetch("https://localhost:${port}/").catch(() => {})`),
    sni: "localhost",
    alpn: ["http/1.1"],
  },
  {
    name: "bun-connect",
    version: [BUN, "--version"],
    command: script(
      BUN,
      (port) => `await Bun.connect({ hostname: "127.0.0.1", port: ${port},
        tls: { serverName: "a.example" }, socket: { data() {} } })`,
    ),
    sni: "a.example",
    alpn: [],
  },
  {
    name: "node-tls",
    version: ["node", "--version"],
    command: script(
      "node",
      (port) => `require("tls").connect({ host: "127.0.0.1", port: ${port},
        servername: "a.example", ALPNProtocols: ["h2", "http/1.1"] }).on("error", () => {})`,
    ),
    sni: "a.example",
    alpn: H2,
  },
  {
    name: "python-ssl",
    version: [
      "python3",
      "-c",
      "import ssl, sys; print(sys.version.split()[0], ssl.OPENSSL_VERSION)",
    ],
    command: script(
      "python3",
      (port) => `import socket, ssl
context = ssl.create_default_context()
context.set_alpn_protocols(["h2", "http/1.1"])
context.wrap_socket(socket.create_connection(("127.0.0.1", ${port})), server_hostname="a.example")`,
    ),
    sni: "a.example",
    alpn: H2,
  },
  go("go", [], "a.example"),
  go("go-ech", ["ech"], "public.example"),
  {
    name: "chromium",
    version: ["chromium", "--version"],
    command: (port, folder) => [
      ...["chromium", "--headless", "--no-sandbox", `--user-data-dir=${folder}`],
      ...[`--host-resolver-rules=MAP a.example 127.0.0.1:${port}`, "--dump-dom"],
      "https://a.example/",
    ],
    sni: "a.example",
    alpn: H2,
  },
];

for (const client of clients) {
  const [program = ""] = client.version;
  if (Bun.which(program) === null) console.log(`${client.name}: no ${program} here`);
  else await capture(client);
}
process.exit(0);

async function capture(client: Client): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bal-hello-"));
  const hello = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => readFlight(socket, hello.resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const child = Bun.spawn([...client.command(port, folder)], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const bytes = await Promise.race([hello.promise, Bun.sleep(20_000)]);
  child.kill();
  await child.exited;
  server.close();
  rmSync(folder, { recursive: true, force: true });
  if (bytes === undefined) return console.log(`${client.name}: no hello within 20 s`);
  const command = client.command(443, "DIR").map((word) => word.replace(`${import.meta.dir}/`, ""));
  write(client, command.join(" ").replaceAll(BUN, "bun"), bytes);
}

/** All that comes before the client waits for an answer. */
function readFlight(socket: Socket, done: (bytes: Buffer) => void): void {
  const chunks: Buffer[] = [];
  socket.setTimeout(300, () => {
    done(Buffer.concat(chunks));
    socket.destroy();
  });
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
}

function write(client: Client, command: string, bytes: Buffer): void {
  const answer = Bun.spawnSync([...client.version]).stdout.toString();
  const version = answer.split("\n")[0]?.trim() ?? "";
  const { sni, alpn, name } = client;
  const program = version.startsWith(client.version[0] ?? "")
    ? version
    : `${name.split("-")[0]} ${version}`;
  const lines = [
    `# ${program}`,
    `# ${command.replace(/\s+/g, " ")}`,
    JSON.stringify({ sni, alpn }),
    ...(bytes.toString("base64").match(/.{1,100}/g) ?? []),
  ];
  writeFileSync(join(import.meta.dir, "corpus", `${name}.txt`), `${lines.join("\n")}\n`);
  console.log(`${name}: ${bytes.length} bytes`);
}

function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}
