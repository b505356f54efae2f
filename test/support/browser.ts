// A headless Chromium, spoken to by its DevTools protocol. Tests that need one are skipped where none is
// installed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./until.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Null: there is none here. */
export const chromium = NAMES.map((name) => Bun.which(name)).find((path) => path !== null) ?? null;

type View = {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
};

type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly params?: any;
  readonly result?: any;
  readonly error?: { readonly message: string };
};

export class Browser implements AsyncDisposable {
  /** The page's own complaints: exceptions, and requests that the policy forbade. */
  readonly complaints: string[] = [];
  /** Every address that the page asked for. */
  readonly requests: string[] = [];
  private readonly child: Bun.Subprocess;
  private readonly folder: string;
  private readonly answers = new Map<number, PromiseWithResolvers<any>>();
  private socket: WebSocket | null = null;
  private session: string | undefined;
  private sent = 0;

  private constructor() {
    if (chromium === null) throw new Error("no Chromium is installed");
    this.folder = mkdtempSync(join(tmpdir(), "bal-browser-"));
    const flags = [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--hide-scrollbars",
      "--remote-debugging-port=0",
      `--user-data-dir=${this.folder}`,
    ];
    this.child = Bun.spawn([chromium, ...flags, "about:blank"], {
      env: { PATH: process.env.PATH ?? "", HOME: this.folder },
      stdio: ["ignore", "ignore", "pipe"],
    });
  }

  static async open(url: string, view: View = {}): Promise<Browser> {
    const browser = new Browser();
    try {
      await browser.connect();
      await browser.view(view);
      await browser.send("Page.navigate", { url });
      return browser;
    } catch (error) {
      await browser[Symbol.asyncDispose]();
      throw error;
    }
  }

  async view({ width = 1280, height = 900, scheme = "light" }: View): Promise<void> {
    const size = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
    await this.send("Emulation.setDeviceMetricsOverride", size);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.send("Emulation.setEmulatedMedia", { features });
  }

  /** The value of an expression in the page; promises are waited for. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return result.value as T;
  }

  /** All that is read on the page. */
  get text(): Promise<string> {
    return this.evaluate("document.body?.innerText ?? String()");
  }

  async shows(...words: readonly string[]): Promise<string> {
    let text = "";
    const isShown = async () => {
      text = await this.text;
      return words.every((word) => text.includes(word));
    };
    await until(`the page shows ${words.join(", ")}`, isShown).catch((error) => {
      throw new Error(`${error.message}\n${text}\n${this.complaints.join("\n")}`);
    });
    return text;
  }

  /** A PNG of the whole page. */
  async screenshot(): Promise<Uint8Array> {
    const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: true });
    return Buffer.from(data, "base64");
  }

  async press(key: string): Promise<void> {
    const code = { Tab: 9, Enter: 13, Escape: 27 }[key] ?? 0;
    const text = key === "Enter" ? { text: "\r" } : {};
    const event = { key, code: key, windowsVirtualKeyCode: code };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...event, ...text });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  async type(text: string): Promise<void> {
    await this.send("Input.insertText", { text });
  }

  async send(method: string, params: object = {}): Promise<any> {
    const id = ++this.sent;
    const answer = Promise.withResolvers<any>();
    this.answers.set(id, answer);
    const sessionId = this.session === undefined ? {} : { sessionId: this.session };
    this.socket?.send(JSON.stringify({ id, method, params, ...sessionId }));
    return await answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket?.close();
    this.child.kill("SIGKILL");
    await this.child.exited;
    // Its children go a moment later, and write until then.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  private async connect(): Promise<void> {
    const socket = new WebSocket(await this.address());
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error("Chromium takes no connection"));
    socket.onmessage = ({ data }) => this.receive(JSON.parse(String(data)));
    await opened.promise;
    this.socket = socket;
    const { targetInfos } = await this.send("Target.getTargets");
    const page = targetInfos.find(({ type }: { type: string }) => type === "page");
    const attach = { targetId: page.targetId, flatten: true };
    this.session = (await this.send("Target.attachToTarget", attach)).sessionId;
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await this.send(`${domain}.enable`);
  }

  private async address(): Promise<string> {
    let said = "";
    const decoder = new TextDecoder();
    for await (const chunk of this.child.stderr as ReadableStream<Uint8Array>) {
      said += decoder.decode(chunk, { stream: true });
      const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) return found;
    }
    throw new Error(`Chromium ended: ${said}`);
  }

  private receive({ id, method, params, result, error }: Message): void {
    if (id !== undefined) {
      const answer = this.answers.get(id);
      this.answers.delete(id);
      if (error === undefined) answer?.resolve(result);
      else answer?.reject(new Error(error.message));
    }
    if (method === "Runtime.exceptionThrown") {
      const { text, exception } = params.exceptionDetails;
      this.complaints.push(`${text} ${exception?.description ?? ""}`);
    }
    if (method === "Log.entryAdded" && params.entry.source === "security") {
      this.complaints.push(params.entry.text);
    }
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
  }
}
