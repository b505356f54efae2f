// `GET /`: the dashboard, one page with all that it needs inside. It may run its own script and style,
// talk to this bal, and nothing else (CSP3).
import { readDashboard } from "./dashboard-source.ts" with { type: "macro" };

const { page, style, script } = readDashboard();

const POLICY = [
  "default-src 'none'",
  `script-src '${digestOf(script)}'`,
  `style-src '${digestOf(style)}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

// Replaced by functions: `$&` in a script is no pattern.
const html = page.replace("/* style */", () => style).replace("/* script */", () => script);

export function dashboardResponse(): Response {
  return new Response(html, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": POLICY,
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
    },
  });
}

function digestOf(text: string): string {
  return `sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}`;
}
