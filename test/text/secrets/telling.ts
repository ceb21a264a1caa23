import { sampleProject } from "../../../src/demo/sample/sample_project.ts";
import type { DemoCmaOptions } from "../../../src/simulator/server.ts";
import { spellingsOf } from "../../support/secret_scan.ts";

/** What isn't said by Sluice, but by the project: below a snapshot, and beside it. */
const CONTENT =
  /(?:^|\/)(?:snapshot_\d+\/(?:records|models|uploads|tables|workflows|plugins|settings)\/|snapshot_\d+\/site\.json$|assets\/project_)/;

/**
 * Whether an object is content, which is kept as it came.
 *
 * @param path The object's path.
 */
export function isContent(path: string): boolean {
  return CONTENT.test(path);
}

/** How a server that tells everything ends an export. */
export type Telling = "partial" | "failed";

/**
 * A server that says all secrets wherever its words come into what Sluice says: in refusals and their codes, in
 * what is tried again, in redirects of assets, in the project's name.
 *
 * @param secrets The secrets.
 * @param ending Whether the export comes to its end.
 */
export function telling(
  secrets: readonly string[],
  ending: Telling,
): Pick<DemoCmaOptions, "project" | "onRequest"> {
  const spellings = secrets.flatMap((secret) => Object.values(spellingsOf(secret)));
  let said = 0;
  const next = () => spellings[said++ % spellings.length]!;
  const refusal = (status: number, transient = false) => {
    const details = { first: next(), all: spellings };
    const attributes = { code: `NO ${next()}`, details, transient };
    return Response.json({ data: [{ id: "1", type: "api_error", attributes }] }, { status });
  };
  const project = sampleProject();
  Object.assign(project.primary.site.attributes, { name: `Called ${secrets[0]}` });
  const seen = new Set<string>();
  return {
    project,
    onRequest: (request, { pathname }) => {
      const isFirst = !seen.has(pathname);
      seen.add(pathname);
      if (pathname === "/menu-items" && isFirst) return refusal(503, true);
      if (pathname === "/menu-items" && ending === "failed") return refusal(422);
      if (pathname === "/users/me") {
        const headers = { "content-type": `text/x; a=${encodeURIComponent(next())}` };
        return isFirst ? new Response("no", { headers }) : undefined;
      }
      if (/^\/(roles|webhooks|plugins|users)$/.test(pathname)) return refusal(403);
      if (/^\/\d+\//.test(pathname)) {
        const location = `https://elsewhere.invalid/${encodeURIComponent(next())}?x=${next()}`;
        return new Response(null, { status: 302, headers: { location: header(location) } });
      }
      return request.headers.get("authorization") === "Bearer wrong" ? refusal(401) : undefined;
    },
  };
}

/** Without what no header can carry. */
function header(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, "");
}
