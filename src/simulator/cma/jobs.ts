import type { Answer } from "../../cma_server/answer.ts";

interface Job {
  readonly answer: Answer;
  readonly readyAt: number;
  finish: (() => void) | undefined;
}

/**
 * Tasks that take a while: the API answers at once with a job's id, and later tells the result.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/async-jobs}
 */
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  readonly #durationMs: number;

  /**
   * Runs nothing yet.
   *
   * @param durationMs How long each job takes, in milliseconds.
   */
  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  /**
   * Starts a job.
   *
   * @param answer What the job's result will be.
   * @param finish Called once when the job is done.
   * @param durationMs How long this job takes, in milliseconds. @default As long as each job
   * @return The answer that tells the job's id.
   */
  start(answer: Answer, finish?: () => void, durationMs: number = this.#durationMs): Answer {
    const id = crypto.randomUUID().replaceAll("-", "").slice(0, 24);
    this.#jobs.set(id, { answer, readyAt: performance.now() + durationMs, finish });
    return { status: 202, body: { data: { id, type: "job" } } };
  }

  /** Finishes the jobs whose time has come. To be called before anything looks at their effects. */
  settle(): void {
    for (const job of this.#jobs.values()) {
      if (!job.finish || performance.now() < job.readyAt) continue;
      job.finish();
      job.finish = undefined;
    }
  }

  /**
   * The result of a job, or `undefined` while it runs and if there is no such job.
   *
   * @param id The job's id.
   */
  result(id: string): Answer | undefined {
    const job = this.#jobs.get(id);
    return job && performance.now() >= job.readyAt ? job.answer : undefined;
  }
}
