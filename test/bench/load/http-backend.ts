// An nginx that answers `/64` and `/4096` with a body of that many bytes, in the clear or over TLS.
import { mkdtempSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { freePort } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { writeConfig } from "../configs/render.ts";
import { Child } from "../process/child.ts";
import type { Probe } from "../run.ts";

export type BodyBytes = 64 | 4096;

export class HttpBackend implements AsyncDisposable {
  readonly port = freePort();
  private readonly child: Child;

  private constructor(folder: string, isTls: boolean) {
    const file = join(folder, "nginx.conf");
    if (isTls) makeCertificate(folder);
    writeConfig("backend-nginx.conf", file, {
      folder,
      port: this.port,
      tls: isTls ? " ssl" : "",
      certificate: isTls
        ? `ssl_certificate ${folder}/cert; ssl_certificate_key ${folder}/key;`
        : "",
      // Half of the cores for load and backend, the others for the balancer.
      workers: Math.max(1, availableParallelism() >> 1),
      body64: "x".repeat(64),
      body1024: "x".repeat(1024),
    });
    const log = join(folder, "stderr");
    const command = ["nginx", "-p", `${folder}/`, "-e", log, "-c", file];
    this.child = new Child(command, { logFile: log });
  }

  static async start(parent: string, { isTls = false } = {}): Promise<HttpBackend> {
    const backend = new HttpBackend(mkdtempSync(join(parent, "http-")), isTls);
    const answers = () => {
      if (backend.child.hasEnded) throw new Error("the HTTP backend ended");
      return httpProbe(64, { isTls })(backend.port).then(
        () => true,
        () => false,
      );
    };
    try {
      await until("the HTTP backend answers", answers);
      return backend;
    } catch (error) {
      const words = backend.child.log();
      await backend.child.stop();
      throw new Error(`${error}\n${words}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
  }
}

function makeCertificate(folder: string): void {
  const { exitCode, stderr } = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-nodes", "-days", "2", "-subj", "/CN=localhost"],
    ...["-keyout", join(folder, "key"), "-out", join(folder, "cert")],
  ]);
  if (exitCode !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
}

export function httpProbe(bytes: BodyBytes, { isTls = false } = {}): Probe {
  return async (port) => {
    const headers = { connection: "close" };
    const signal = AbortSignal.timeout(3000);
    const origin = isTls ? "https://localhost" : "http://127.0.0.1";
    const tls = { rejectUnauthorized: false };
    const response = await fetch(`${origin}:${port}/${bytes}`, { headers, signal, tls });
    const body = await response.text();
    if (response.status === 200 && body.length === bytes) return;
    throw new Error(`status ${response.status} with ${body.length} bytes`);
  };
}
