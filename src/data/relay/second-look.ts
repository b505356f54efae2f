// Another look at a limit that is reached. The end of an earlier session may lie unread in a socket, here or
// in another thread; and of two threads that try for the last place at once, both are told that there is none.

/** Before each further look: by then this thread has read its sockets, then so have the others. */
const DELAYS_MS = [0, 2, 5, 10, 20];
/** Clients of this thread that may wait for a look at a time; more are a crowd, and refused at once. */
const MAX_WAITING = 16;

let waiting = 0;

/** Calls `look` soon; `looks` are how many further ones there were. False: it is not called, the limit holds. */
export function lookAgain(looks: number, look: () => void): boolean {
  const delayMs = DELAYS_MS[looks];
  if (delayMs === undefined || waiting >= MAX_WAITING) return false;
  waiting++;
  const done = () => {
    waiting--;
    look();
  };
  if (delayMs === 0) setImmediate(done);
  else setTimeout(done, delayMs);
  return true;
}
