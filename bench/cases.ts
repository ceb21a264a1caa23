import type { GenerateProjectOptions } from "../src/simulator/generated/generated_project.ts";
import type { RateWindows } from "../src/simulator/cma/rate_limit.ts";

/** How a project is served. */
export interface Served {
  readonly port: number;
  readonly project: GenerateProjectOptions;
  /** How long each answer takes, in milliseconds. */
  readonly latencyMs: number;
  /** Where windows of the rate limit begin. @default There is no limit */
  readonly windows?: RateWindows;
  /** Whether `POST /bench/edit` changes every hundredth record. @default {false} */
  readonly isEdited?: boolean;
}

/** A shape of project. */
export interface Case {
  readonly name: string;
  readonly project: GenerateProjectOptions;
  /** The only model that is read. @default All */
  readonly model?: string;
  /** The most requests that reading it may take. */
  readonly mostRequests: number;
}

/** So many that records are large without blocks. */
const MANY_LOCALES = "en it de fr es pt nl sv da fi nb pl cs hu ro el".split(" ");

/** The shapes of projects that are exported. */
export const CASES: readonly Case[] = [
  {
    name: "20,000 flat records of 3.5 KB",
    project: { records: 60_000, models: 3, blocksPerRecord: 0, locales: MANY_LOCALES },
    model: "product",
    mostRequests: 90,
  },
  {
    name: "3,000 with about 4 blocks",
    project: { records: 3000, models: 1, blocksPerRecord: 4 },
    mostRequests: 145,
  },
  {
    name: "3,000 with about 34 blocks",
    project: { records: 3000, models: 1, blocksPerRecord: 34 },
    mostRequests: 155,
  },
  {
    name: "6,000 in 8 models",
    project: { records: 6000, models: 8, blocksPerRecord: 4 },
    mostRequests: 245,
  },
  {
    name: "1,500 in 40 models",
    project: { records: 1500, models: 40, blocksPerRecord: 4 },
    mostRequests: 95,
  },
];

/** What tables, memory and the processor's time are measured with. */
export const USUAL: GenerateProjectOptions = { records: 20_000, uploads: 200, assetBytes: 50_000 };
