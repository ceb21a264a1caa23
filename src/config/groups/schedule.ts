import * as z from "zod";
import { isCronExpression, isEvery } from "../../text/every.ts";
import { duration, under } from "../option.ts";

const { option } = under("Schedule");

/** When a schedule exports, and who is told. */
export const SCHEDULE = {
  every: option({
    kind: "text",
    schema: z.string().refine(isEvery).default("24h"),
    placeholder: "<time>",
    expects: "a time with units such as 24h, or a cron expression in UTC such as '0 3 * * *'",
    help:
      "How often to begin a new snapshot: an interval, or a cron expression (UTC) such as '0 3 " +
      "* * *'.",
  }),
  cron: option({
    kind: "text",
    schema: z.string().refine(isCronExpression).default("*/2 * * * *"),
    placeholder: "<expression>",
    expects: "a cron expression of five fields, such as '*/2 * * * *'",
    help: "How often to check whether an export is due: a cron expression (UTC). With a time " +
      "budget, an export continues at each of these times until its snapshot is complete.",
  }),
  drillEvery: option({
    kind: "text",
    schema: duration.optional(),
    placeholder: "<time>",
    expects: "a time with units such as 30d",
    help:
      "After an export, practise a restore of a sample (see sluice drill) if the last drill is older than this, such " +
      "as 30d. Not with a time budget, so not on Deno Deploy. Default: no drills.",
  }),
  notifyUrl: option({
    kind: "text",
    schema: z.string().refine(isNotifyUrl).optional(),
    placeholder: "<url>",
    expects: "an http or https URL",
    help:
      "URL to which the result of each export, or of a drill, is sent as JSON, by POST. Prefer the environment " +
      "variable.",
    secret: true,
  }),
  notifySecret: option({
    kind: "text",
    schema: z.string().min(1).optional(),
    placeholder: "<secret>",
    expects: "a text that isn't empty",
    help: "Secret that signs notifications: the header X-Sluice-Signature is sha256= and the " +
      "HMAC-SHA256 of the body. Prefer the environment variable.",
    secret: true,
  }),
};

function isNotifyUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}
