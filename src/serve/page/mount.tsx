/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import { bodyText, type Call, type Progress, type Service } from "../call.ts";
import { notThere, ServeError } from "../failure.ts";
import { RateWindows } from "../rate.ts";
import { findToken, isGood, type Scope, type ServeToken } from "../token.ts";
import { ComparePage } from "./compare.tsx";
import { FilesPage } from "./files.tsx";
import { fileOfPage } from "./files_of_page.ts";
import { HistoryPage, RevisionPage } from "./history.tsx";
import { HomePage } from "./home.tsx";
import { htmlAnswer } from "./html_answer.ts";
import { Layout } from "./layout.tsx";
import { LoginPage } from "./login.tsx";
import { MediaPage, UploadPage } from "./media.tsx";
import { RecordPage } from "./record.tsx";
import { RecordsPage } from "./records.tsx";
import { ReferrersPage } from "./referrers.tsx";
import { SearchPage, WherePage } from "./search.tsx";
import { isFromHere, Sessions } from "./session.ts";
import { SnapshotPage } from "./snapshot.tsx";
import { SnapshotsPage } from "./snapshots.tsx";
import { assetAnswer, downloadAnswer, objectAnswer } from "./sent.ts";
import { href, type SnapshotView, snapshotView, type View } from "./view.ts";

/** Failed logins of an address that are taken. */
const FAILURES = { limit: 10, seconds: 60 };

/** Who lets requests in. */
export interface Gate {
  /** What answers them. */
  readonly service: Service;
  /** Whether a token is needed. */
  readonly auth: boolean;
  /** Who may ask. */
  readonly tokens: readonly ServeToken[];
  /**
   * What a token may see.
   *
   * @throws {ServeError} If it may not ask for this.
   */
  admit(
    progress: Progress,
    token: ServeToken,
    params: Readonly<Record<string, string>>,
    needed: Scope,
  ): Scope;
  /** The request, for those who answer it. */
  callOf(progress: Progress, params: Record<string, string>, scope: Scope): Call;
}

/** What a page is made by: its markup, or a whole answer. */
type Made = Promise<Response | { toString(): string | Promise<string> }>;

/** Pages that aren't of one snapshot. */
const PAGES: readonly (readonly [path: string, make: (view: View) => Made])[] = [
  ["/", HomePage],
  ["/p/:project", SnapshotsPage],
  ["/p/:project/search", SearchPage],
  ["/p/:project/compare", ComparePage],
];
/** Pages of a snapshot, below its own. */
const SNAPSHOT_PAGES: readonly (readonly [path: string, make: (view: SnapshotView) => Made])[] = [
  ["", SnapshotPage],
  ["/records", RecordsPage],
  ["/record", RecordPage],
  ["/history", HistoryPage],
  ["/revision", RevisionPage],
  ["/referrers", ReferrersPage],
  ["/where", WherePage],
  ["/media", MediaPage],
  ["/upload", UploadPage],
  ["/files", FilesPage],
  ["/asset", assetAnswer],
  ["/file", objectAnswer],
  ["/download/:what", downloadAnswer],
];

/**
 * Adds the pages for people.
 *
 * @param app What answers requests.
 * @param gate Who lets them in.
 */
export function mountPages(app: Hono<{ Bindings: Progress }>, gate: Gate): void {
  const { service, auth, tokens, admit, callOf } = gate;
  const { publicUrl, signer, now } = service;
  const sessions = new Sessions(signer, publicUrl, now);
  const failures = new RateWindows(FAILURES, now);

  app.get("/page/:file", ({ env, req }) => {
    env.route = "/page";
    return fileOfPage(req.param("file"));
  });
  for (const [path, make] of PAGES) page(path, make);
  for (const [path, make] of SNAPSHOT_PAGES) {
    page(`/p/:project/:snapshot${path}`, async (view) => await make(await snapshotView(view)));
  }
  page("/p/*", () => {
    throw notThere("such page");
  });
  app.get("/login", async ({ env, req }) => {
    begin(env, "/login");
    if (!auth) return redirect("/");
    return await loginPage(env, { next: localPath(req.query("next")) });
  });
  app.post("/login", async ({ env }) => {
    begin(env, "/login");
    return await logIn(env);
  });
  app.post("/logout", async ({ env }) => {
    begin(env, "/logout");
    const session = sessions.of(env.request);
    if (session === undefined) return redirect("/login");
    const form = await formOf(env.request);
    if (!isFromHere(env.request, publicUrl) || !sessions.hasSent(session, form.get("form") ?? "")) {
      throw notFromHere();
    }
    return redirect("/login", { "Set-Cookie": sessions.end() });
  });

  function page(path: string, make: (view: View) => Made): void {
    app.get(path, async ({ env, req }) => {
      begin(env, path);
      const session = auth ? sessions.of(env.request) : undefined;
      const token = tokens.find(({ id }) => id === session?.tokenId);
      if (auth && (token === undefined || !isGood(token, now()))) return await askedToLogIn(env);
      const params: Record<string, string> = { ...req.param() };
      const scope = token === undefined ? "admin" : admit(env, token, params, "read");
      const view: View = {
        call: callOf(env, params, scope),
        formToken: session?.formToken ?? null,
      };
      env.errorAnswer = (error) => errorPage(env, error, view);
      const made = await make(view);
      return made instanceof Response ? made : await htmlAnswer(env.request, made);
    });
  }

  function begin(progress: Progress, route: string): void {
    progress.route = route;
    progress.errorAnswer = (error) => errorPage(progress, error, null);
  }

  async function askedToLogIn({ request, url }: Progress): Promise<Response> {
    const here = `${url.pathname}${url.search}`;
    // Browsers don't send the cookie along with a link of another website, but do when this page leads on.
    if (request.headers.get("sec-fetch-site") === "cross-site") {
      return await htmlAnswer(
        request,
        <html lang="en">
          <head>
            <meta charset="utf-8" />
            <meta http-equiv="refresh" content={`0;url=${here}`} />
            <title>Sluice</title>
          </head>
          <body>
            <p>
              <a href={here}>Continue</a>
            </p>
          </body>
        </html>,
      );
    }
    return redirect(href("/login", { next: here === "/" ? undefined : here }));
  }

  async function logIn(progress: Progress): Promise<Response> {
    const { request, from } = progress;
    if (!isFromHere(request, publicUrl)) throw notFromHere();
    const form = await formOf(request);
    const next = localPath(form.get("next") ?? undefined);
    if (!auth) return redirect(next);
    if (!sessions.hasSentLogin(form.get("form") ?? "")) {
      return await loginPage(progress, {
        next,
        problem: "The page was open for too long: try again.",
      });
    }
    if (failures.isOver(from)) {
      const problem = "Too many logins have failed: try again in a minute.";
      return await loginPage(progress, { next, problem, status: 429 });
    }
    const token = findToken((form.get("token") ?? "").trim(), tokens);
    if (token === undefined || !isGood(token, now())) {
      failures.take(from);
      const problem = "This token isn't known here, or has expired.";
      return await loginPage(progress, { next, problem, status: 401 });
    }
    progress.token = token;
    return redirect(next, { "Set-Cookie": sessions.begin(token.id) });
  }

  async function loginPage({ request }: Progress, { next, problem, status = 200 }: {
    readonly next: string;
    readonly problem?: string;
    readonly status?: number;
  }): Promise<Response> {
    const made = <LoginPage next={next} formToken={sessions.loginToken()} problem={problem} />;
    return await htmlAnswer(request, made, {
      status,
      headers: {
        ...(status === 401 && { "WWW-Authenticate": 'Bearer realm="sluice"' }),
        ...(status === 429 && { "Retry-After": String(FAILURES.seconds) }),
      },
    });
  }
}

async function errorPage(
  { request, requestId }: Progress,
  { message, status, options }: ServeError,
  view: View | null,
): Promise<Response> {
  const made = (
    <Layout view={view} title="Not shown" crumbs={[{ text: "Not shown" }]}>
      <h1>{status === 404 ? "Not there" : "This can't be shown"}</h1>
      <p class="lead">{message}</p>
      <p>
        <a href="/">All projects</a>
      </p>
      <p class="soft">
        <code>{requestId}</code>
      </p>
    </Layout>
  );
  return await htmlAnswer(request, made, { status, headers: options.headers });
}

function notFromHere(): ServeError {
  return new ServeError(
    "FORBIDDEN",
    "This form wasn't sent by a page of this server: open it again.",
  );
}

async function formOf(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) throw notFromHere();
  return new URLSearchParams(await bodyText(request));
}

/** A path of this server, whatever is asked for. */
function localPath(text: string | undefined): string {
  return text !== undefined && /^\/p\/[\x21-\x7e]*$/.test(text) && !text.includes("\\")
    ? text
    : "/";
}

function redirect(to: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, {
    status: 303,
    headers: {
      "Location": to,
      "Cache-Control": "no-store",
      "Referrer-Policy": "same-origin",
      ...headers,
    },
  });
}
