// A log for parts under test: says nothing, but what a test listens to.
import type { Log } from "../../src/control/logs/log.ts";

export function silentLog(over: Partial<Log> = {}): Log {
  return { debug() {}, info() {}, warn() {}, error() {}, ...over };
}
