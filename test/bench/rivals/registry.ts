// The rivals that are built in, in the order of a round. To add one: a file beside this one, a line
// here, a config in ../configs, and its package in ../programs.ts. Others are scripts (scripts.ts).
import { bal } from "./bal.ts";
import { direct } from "./direct.ts";
import { haproxy, haproxyTuned } from "./haproxy.ts";
import { nginx } from "./nginx.ts";
import type { Rival } from "./rival.ts";

export const builtIn: readonly Rival[] = [direct, bal, haproxy, haproxyTuned, nginx];
