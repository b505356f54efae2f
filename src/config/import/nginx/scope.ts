// A server's directives, with those of the blocks around it, and with what nobody has taken yet.
import type { Directive } from "./lexer.ts";

export class Scope {
  readonly own: readonly Directive[];
  /** The blocks around it, the nearest last. */
  readonly #outer: readonly Directive[];
  readonly #taken: Set<Directive>;

  constructor(own: readonly Directive[], outer: readonly Directive[], taken: Set<Directive>) {
    this.own = own;
    this.#outer = outer;
    this.#taken = taken;
  }

  /** Those of the nearest block that has some. */
  take(...names: readonly string[]): readonly Directive[] {
    const own = this.own.filter(({ name }) => names.includes(name));
    const outer = this.#outer.filter(({ name }) => names.includes(name));
    for (const directive of [...own, ...outer]) this.#taken.add(directive);
    return own.length > 0 ? own : outer;
  }

  takeLast(name: string): Directive | null {
    return this.take(name).at(-1) ?? null;
  }

  takeAll(): readonly Directive[] {
    for (const directive of this.own) this.#taken.add(directive);
    return this.own;
  }
}
