// The text that is typed into `bal top`'s last line: a filter, or a weight. Knows no terminal and no daemon.
import type { TopState } from "./top-state.ts";

export type Prompt =
  | { readonly kind: "filter"; readonly text: string }
  | {
      readonly kind: "weight";
      readonly text: string;
      readonly pool: string;
      readonly backend: string;
    };

export type NewWeight = {
  readonly kind: "weight";
  readonly pool: string;
  readonly backend: string;
  readonly weight: number;
};

const MAX_TEXT = 60;

type Typed = { readonly state: TopState; readonly effect: NewWeight | null };

/** Enter takes it, escape leaves it. A filter is in force while it is typed. */
export function typeInto(state: TopState, prompt: Prompt, key: string): Typed {
  const next = (changes: Partial<TopState>) => ({ state: { ...state, ...changes }, effect: null });
  if (key === "escape") {
    return next({ prompt: null, ...(prompt.kind === "filter" && { filter: "" }) });
  }
  if (key === "enter") {
    const effect = prompt.kind === "weight" ? weightOf(prompt) : null;
    return { state: { ...state, prompt: null }, effect };
  }
  const text = key === "backspace" ? prompt.text.slice(0, -1) : added(prompt, key);
  const changed = { ...prompt, text };
  return next({ prompt: changed, ...(prompt.kind === "filter" && { filter: text }) });
}

function weightOf({ text, pool, backend }: Extract<Prompt, { kind: "weight" }>): NewWeight | null {
  return text === "" ? null : { kind: "weight", pool, backend, weight: Number(text) };
}

function added({ kind, text }: Prompt, key: string): string {
  const isCharacter = [...key].length === 1 && !/\p{Cc}/u.test(key);
  const isWanted = isCharacter && (kind === "filter" || /\d/.test(key));
  return isWanted && text.length < MAX_TEXT ? text + key : text;
}
