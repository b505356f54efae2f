// The dashboard in a real browser, where one is installed; what it is served with, everywhere.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import type { Problem } from "../../../src/api/problems.ts";
import { dashboardResponse } from "../../../src/control/admin/dashboard.ts";
import { HistoryRing } from "../../../src/control/observe/history.ts";
import { at, type ConfigObject, fullConfig, spawnBal } from "../../support/bal.ts";
import { Browser, chromium } from "../../support/browser.ts";
import { holdingPeer, namedPeer } from "../../support/peer.ts";
import { freePort } from "../../support/ports.ts";
import { backendStatus, poolStatus, START, statusOf } from "../../support/statuses.ts";
import { until } from "../../support/until.ts";
import { connect, exchange } from "../../support/wire.ts";

setDefaultTimeout(60_000);

const TOKEN = "s3cret-s3cret-s3cret";
const checks = { health_check: { interval: "200ms", fast_interval: "50ms" } };

type Setup = { readonly backends: readonly ConfigObject[]; readonly admin?: ConfigObject };

async function spawned({ backends, admin = {} }: Setup) {
  const adminPort = freePort();
  const listen = { listen: `127.0.0.1:${adminPort}`, ...admin };
  const { config, port } = fullConfig({ backends, pool: checks }, { admin: listen, watch: false });
  const bal = await spawnBal({ config });
  return { bal, port, url: `http://127.0.0.1:${adminPort}/` };
}

test("it is one page that may run what it has inside, and ask nobody but bal", async () => {
  const { bal, url } = await spawned({ backends: [{ host: "127.0.0.1", port: 1 }] });
  using _ = bal;
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const policy = response.headers.get("content-security-policy") ?? "";
  const html = await response.text();
  for (const [, tag, text] of html.matchAll(/<(style|script)[^>]*>(.*?)<\/\1>/gs)) {
    const digest = createHash("sha256").update(text!).digest("base64");
    expect(policy).toContain(`${tag}-src 'sha256-${digest}'`);
  }
  expect(policy).toStartWith("default-src 'none';");
  expect(policy).not.toContain("unsafe");
  expect(html).not.toMatch(/(src|href)="(?!data:|#)/);
  expect(html).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|eval\(/);
  expect((await bal.get("/"))!.status).toBe(200);
});

describe.skipIf(chromium === null)("in Chromium (where it is installed)", () => {
  test("shows listeners, pools, states and rates, and what is wrong first", async () => {
    using a = namedPeer("a");
    const { bal, port, url } = await spawned({
      backends: [at(a, { name: "app1" }), { host: "127.0.0.1", port: 1 }],
    });
    using _ = bal;
    await bal.untilState(1, "down");
    await using browser = await Browser.open(url);
    await browser.shows("edge", `127.0.0.1:${port}`, "web", "app1", "1 of 2 available");
    const verdict = "document.querySelector('[role=status]').innerText";
    expect(await browser.evaluate<string>(verdict)).toContain(
      "web/127.0.0.1:1 is down: check failed",
    );
    expect(await browser.evaluate<string>("document.title")).toBe("(1) bal");
    for (let i = 0; i < 5; i++) await exchange(port, "?");
    const total = "document.querySelector('#listeners tbody').innerText";
    await until("five are accepted", async () => /\b5\b/.test(await browser.evaluate(total)));
    expect(browser.complaints).toEqual([]);
    expect(browser.requests.filter((address) => !address.startsWith(url))).toEqual([]);
  });

  test("takes markup from the network for what it is: text", async () => {
    const markup = `<b>x</b><img src=x onerror="document.title='got it'">`;
    const backend = backendStatus(markup, { state: "down", reason: markup });
    const event = {
      time: START,
      kind: "state",
      pool: markup,
      backend: markup,
      from: "up",
      to: markup,
    };
    const problem: Problem = {
      ...{ severity: "error", code: "backend-down", since: START, subject: markup },
      ...{ message: `${markup}/${markup} is ${markup}`, hint: markup },
    };
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      routes: {
        "/": () => dashboardResponse(),
        "/v1/status": () =>
          Response.json(
            statusOf([poolStatus(markup, backend)], { version: markup, problems: [problem] }),
          ),
        "/v1/history": () => Response.json(new HistoryRing(0).read(1)),
        "/v1/events": () =>
          new Response(`event: state\ndata: ${JSON.stringify({ ...event, reason: markup })}\n\n`),
      },
    });
    await using browser = await Browser.open(server.url.href);
    await browser.shows(`${markup}/${markup} is ${markup}`);
    expect(await browser.evaluate<number>("document.querySelectorAll('b, img').length")).toBe(0);
    expect(await browser.evaluate<string>("document.title")).toBe("(1) bal");
    expect(browser.complaints).toEqual([]);
  });

  test("drains after a question that the keyboard can answer, and tells of it", async () => {
    using a = holdingPeer("a");
    using b = holdingPeer("b");
    const { bal, port, url } = await spawned({
      backends: [at(a, { name: "a" }), at(b, { name: "b" })],
    });
    using _ = bal;
    using client = await connect(port);
    await client.send("?");
    await client.read(1);
    await using browser = await Browser.open(url);
    await browser.shows("2 of 2 available");
    await browser.evaluate("document.querySelector('[aria-label=\"Drain web/a\"]').focus()");
    await browser.press("Enter");
    await browser.shows("Drain web/a?");
    expect((await bal.status()).pools[0]!.backends[0]!.state).not.toBe("draining");
    await browser.press("Escape");
    expect(await browser.evaluate<number>("document.querySelectorAll('dialog[open]').length")).toBe(
      0,
    );
    await browser.press("Enter");
    await browser.shows("Drain web/a?");
    await browser.press("Tab");
    await browser.press("Enter");
    await browser.shows("drained by an operator", "web/a is draining", "1 of 2 available");
    expect((await bal.status()).pools[0]!.backends[0]!.override).toEqual({ drain: true });
    await browser.evaluate("document.querySelector('[aria-label=\"Drain web/b\"]').click()");
    await browser.shows("It is the last available backend of web");
    await browser.press("Escape");
    await browser.evaluate("document.querySelector('[aria-label=\"Undrain web/a\"]').click()");
    await browser.evaluate("document.querySelector('#confirm button.firm').click()");
    await browser.shows("2 of 2 available");
    expect(client.isClosed).toBe(false);
    expect(browser.complaints).toEqual([]);
  });

  test("with many backends: the worst are first, the others can be hidden, and a proxy may use a path", async () => {
    const pools = Array.from({ length: 4 }, (_, pool) =>
      poolStatus(
        `web${pool}`,
        ...Array.from({ length: 11 }, (_, one) =>
          backendStatus(
            `app${one}`,
            pool === 2 && one === 5 ? { state: "down", reason: "gone" } : {},
          ),
        ),
      ),
    );
    const event = {
      time: START,
      kind: "drain",
      pool: "web0",
      backend: "app1",
      from: false,
      to: true,
    };
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      routes: {
        "/lb": () => dashboardResponse(),
        "/lb/v1/status": () => Response.json(statusOf(pools)),
        "/lb/v1/history": () => Response.json(new HistoryRing(0).read(1)),
        "/lb/v1/events": () =>
          new Response(`event: drain\ndata: ${JSON.stringify({ ...event, reason: null })}\n\n`),
      },
    });
    await using browser = await Browser.open(new URL("/lb", server.url).href);
    await browser.shows("no sample yet", "web0/app1 is draining");
    const rows = () =>
      browser.evaluate<string[]>(
        "[...document.querySelectorAll('#backends tbody:not([hidden]) tr')].map((row) => row.innerText.replace(/\\s+/g, ' '))",
      );
    const [pool, first, ...others] = await rows();
    expect(pool).toStartWith("web2 ");
    expect(first).toStartWith("down app5 gone");
    expect(others).toHaveLength(4 * 12 - 2);
    expect(await browser.evaluate("document.querySelectorAll('#backends thead').length")).toBe(1);
    await browser.evaluate("document.querySelector('#only-problems').click()");
    const left = await rows();
    expect(left).toHaveLength(2);
    expect(left[1]).toStartWith("down app5 gone");
    await browser.evaluate("document.querySelector('#filter').focus()");
    await browser.type("web3");
    await browser.shows(
      "There is no backend with “web3” in its pool, name or state that has a problem.",
    );
    // A list is a list only without another role; what scrolls can be reached.
    expect(await browser.evaluate("document.querySelectorAll(':is(ol, ul)[role]').length")).toBe(0);
    expect(
      await browser.evaluate(
        "[...document.querySelectorAll('main *')].filter((one) => /auto|scroll/.test(getComputedStyle(one).overflowY) && one.scrollHeight > one.clientHeight).length",
      ),
    ).toBe(0);
    expect(browser.complaints).toEqual([]);
  });

  test("asks for the token, says when it is another one, and keeps it for the tab", async () => {
    using a = namedPeer("a");
    const { bal, url } = await spawned({ backends: [at(a)], admin: { token: TOKEN } });
    using _ = bal;
    await using browser = await Browser.open(url);
    await browser.shows("Admin token");
    await browser.type("another");
    await browser.press("Enter");
    await browser.shows("The token is wrong.");
    await browser.type(TOKEN);
    await browser.press("Enter");
    await browser.shows("available", "edge");
    await browser.send("Page.reload");
    await browser.shows("available", "edge");
    expect(await browser.evaluate<number>("document.querySelectorAll('dialog[open]').length")).toBe(
      0,
    );
    expect(await browser.evaluate<number>("localStorage.length")).toBe(0);
  });

  test("says so when bal goes away, and goes on when it is back", async () => {
    using a = namedPeer("a");
    const { bal, url } = await spawned({ backends: [at(a)] });
    using _ = bal;
    await using browser = await Browser.open(url);
    await browser.shows("available");
    bal.signal("SIGSTOP");
    await browser.shows("bal does not answer", "This is the state at");
    bal.signal("SIGCONT");
    await browser.shows("Nothing is wrong: 1 of 1 backend up");
  });

  test.each([
    [1280, "light"],
    [1280, "dark"],
    [375, "light"],
  ] as const)("at %d pixels, %s: nothing runs over, and contrast is AA", async (width, scheme) => {
    using a = namedPeer("a");
    const { bal, url } = await spawned({
      backends: [
        at(a, { name: "a" }),
        { host: "127.0.0.1", port: 1, name: `long-${"x".repeat(60)}` },
      ],
    });
    using _ = bal;
    await bal.run("drain", "a");
    await until("it is down", async () => (await bal.run("status")).stdout.includes(" down "));
    await using browser = await Browser.open(url, { width, scheme });
    await browser.shows("draining", "check failed");
    expect(await browser.evaluate<number>("document.documentElement.scrollWidth")).toBe(width);
    expect(await browser.evaluate<string[]>(`(${faintTexts})()`)).toEqual([]);
  });
});

/** Runs in the page: every text whose contrast with its ground is under 4.5:1 (WCAG 2.2, 1.4.3). */
const faintTexts = String.raw`() => {
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const groundOf = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const ground = parse(getComputedStyle(at).backgroundColor);
      if (ground.length < 4 || ground[3] > 0) return ground;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim() !== "");
    if (!own || node.getClientRects().length === 0) continue;
    const style = getComputedStyle(node);
    const ink = parse(node.closest("svg") ? style.fill : style.color);
    const [one, two] = [luminance(ink), luminance(groundOf(node))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) faint.push(node.textContent + " " + ratio.toFixed(2));
  }
  return faint;
}`;
