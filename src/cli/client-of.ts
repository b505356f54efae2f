// The client of the bal that runs in a home; one that has only just begun is waited for.
import { AdminClient, ANSWER_MS } from "../api/client.ts";
import { type Home, isStarting } from "../control/host/home.ts";

export function clientOf(home: Home, answerMs = ANSWER_MS): AdminClient {
  return new AdminClient(home.socket, { answerMs, isStarting: () => isStarting(home) });
}
