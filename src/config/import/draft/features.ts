// The features of the config beyond its first keys. An import says the nearest thing, and a note, where one of
// them is missing.
export const FEATURES = {
  /** Pools: `retries`, and `timeouts: {connect, connect_total}`. */
  poolTimeouts: true,
  /** Pools: `source`. */
  source: true,
};
