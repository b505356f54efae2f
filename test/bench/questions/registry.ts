// All questions, in the order in which they are asked.
import { keptRequests } from "./kept-requests.ts";
import type { Question } from "./question.ts";

export type { Question };

export const questions: readonly Question[] = [keptRequests];
