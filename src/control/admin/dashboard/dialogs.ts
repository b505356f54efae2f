// The two things that the page asks: whether to drain, and for the token.
import { type Reply, storeToken } from "./api.ts";
import { byId, setText } from "./elements.ts";

export type Question = {
  readonly title: string;
  readonly text: string;
  /** The button's label. */
  readonly verb: string;
  readonly act: () => Promise<Reply<unknown>>;
};

const confirm = byId("confirm", "dialog");
const token = byId("token", "dialog");
let asked: Question | null = null;
let onToken = (): void => {};

/** Asks, does it, and closes; where it fails it says so and stays. */
export function ask(question: Question): void {
  asked = question;
  setText(byId("confirm-title", "h2"), question.title);
  setText(byId("confirm-text", "p"), question.text);
  setText(byId("confirm-error", "p"), "");
  const button = confirm.querySelector("button.firm");
  if (button !== null) setText(button, question.verb);
  confirm.showModal();
}

export function askToken(message: string, then: () => void): void {
  onToken = then;
  setText(byId("token-error", "p"), message);
  if (!token.open) token.showModal();
}

confirm.querySelector("[value=cancel]")?.addEventListener("click", () => confirm.close());
confirm.addEventListener("submit", (event) => {
  event.preventDefault();
  void answer();
});
token.addEventListener("submit", (event) => {
  event.preventDefault();
  const input = byId("token-input", "input");
  storeToken(input.value.trim());
  input.value = "";
  token.close();
  onToken();
});

async function answer(): Promise<void> {
  if (asked === null) return;
  const question = asked;
  asked = null;
  const reply = await question.act();
  if (reply.kind === "ok") {
    confirm.close();
    return;
  }
  asked = question;
  setText(byId("confirm-error", "p"), explain(reply));
}

export function explain(reply: Exclude<Reply<unknown>, { kind: "ok" }>): string {
  switch (reply.kind) {
    case "away":
      return "bal does not answer";
    case "unauthorized":
      return "bal asks for its admin token";
    case "refused":
      return reply.message;
    default:
      return reply satisfies never;
  }
}
