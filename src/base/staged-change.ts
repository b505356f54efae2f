// A resource that a reload has opened before it is in force: an address, a file.

export type Move = {
  readonly commit: () => void;
  /** Everything is as it was. */
  readonly undo: () => void;
};
