// Version and commit, baked in by build.ts; what stands here is for a run from source.

declare const BAL_VERSION: string | undefined;
declare const BAL_COMMIT: string | undefined;

export const version = {
  version: typeof BAL_VERSION === "string" ? BAL_VERSION : "0.0.0-source",
  commit: typeof BAL_COMMIT === "string" ? BAL_COMMIT : "source",
} as const;
