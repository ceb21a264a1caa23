import { READING } from "../../config/groups/reading.ts";
import { CONFIG_FILE, VIEW } from "../../config/groups/run.ts";
import { parseListen, SERVING, TOKEN } from "../../config/groups/serving.ts";
import { toServeOptions } from "../../config/library_options.ts";
import { optionsOf } from "../../config/options.ts";
import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import { failureOf } from "../../report/failure.ts";
import { jsonText } from "../../report/json_report.ts";
import { isLoopback } from "../../serve/guard.ts";
import type { ServedRequest } from "../../serve/options.ts";
import type { ServeToken } from "../../serve/token.ts";
import { openStorage } from "../../storage/open_storage.ts";
import { durationMs } from "../../text/duration.ts";
import { printable, shownAddress } from "../../text/printable.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { writeNote } from "../progress/write_error.ts";
import { renderTable } from "../text/table.ts";

/** How long answers that have begun may take once it is told to stop, in milliseconds. */
const DRAIN_MS = 10_000;

/** `sluice serve` */
export const serveCommand: Command = {
  name: "serve",
  summary: "Serve snapshots over HTTP, as an API for programs",
  description:
    "Answers requests with what is in the snapshots of a place: lists, records, files, differences, " +
    "history; /openapi.json describes it, and / is a page to look through them. Each request needs a " +
    "token, of which sluice serve token create " +
    "prints one, once, and keeps a hash in --token-file; without tokens, one is made that ends with the " +
    "process. token list shows those that are kept, token revoke <id> removes one; a server that runs " +
    "takes what it has read when it began. Ends with Ctrl-C or SIGTERM, once what is being answered has " +
    "ended, or after 10 seconds.",
  positionals: [
    { name: "token", choices: ["token"] },
    { name: "action", choices: ["create", "list", "revoke"] },
    { name: "id" },
  ],
  options: optionsOf(READING, SERVING, TOKEN, VIEW, CONFIG_FILE),
  typedOnly: optionsOf(TOKEN),
  optionHelp: {
    project: "With token create: the only project that the token may see. Default: all.",
  },
  exitCodes: exitCodesOf("stopped by Ctrl-C or SIGTERM; or tokens made, shown or revoked"),
  examples: [
    { about: "On this machine alone, with a token that it prints", line: "sluice serve" },
    {
      about: "A token that is kept",
      line: "sluice serve token create --name website --token-file tokens.json",
    },
    {
      about: "For others, behind a proxy that speaks TLS",
      line: "sluice serve --token-file tokens.json --public-url https://b.example.com",
    },
  ],
  async run(context: CommandContext): Promise<ExitCode> {
    const [word, action, id] = context.words;
    if (word === undefined) return await serve(context);
    switch (action) {
      case "create":
        return await createKeptToken(context);
      case "list":
        return await listTokens(context);
      case "revoke":
        return await revokeToken(context, id);
      default:
        throw new SluiceError(
          "sluice serve token needs to know what to do: create, list or revoke.",
          EXIT.usage,
        );
    }
  },
};

/**
 * Serves the snapshots of a place until it is told to stop.
 *
 * @param context What the command runs with.
 * @return The exit code: 0.
 * @throws {SluiceError} If it can't listen there, or others could reach it without a token.
 */
export async function serve(context: CommandContext): Promise<ExitCode> {
  const { config, io } = context;
  const { createToken } = await import("../../serve/token.ts");
  const { givenTokens } = await import("../../serve/token_file.ts");
  const { snapshotHandler } = await import("../../serve/handler.ts");
  const { hostname, port } = parseListen(config.listen)!;
  const kept = await givenTokens(config);
  const isLocal = isLoopback(hostname);
  if (!isLocal) assertReady(context, kept);
  // Whoever starts it may read the snapshots anyway, and it ends with the process.
  const made = config.auth && kept.length === 0
    ? createToken({ name: "this process", scope: "admin" })
    : undefined;
  using storage = openStorage(config.from);
  using audit = config.auditLog === undefined ? undefined : await openAudit(config.auditLog);
  const stop = new AbortController();
  // Which port it is given is known only once it listens.
  const ready = Promise.withResolvers<ReturnType<typeof snapshotHandler>>();
  const server = listen(
    { hostname, port },
    async (request, info) => await (await ready.promise)(request, info),
  );
  const address = `http://${
    hostname.includes(":") ? `[${hostname}]` : hostname
  }:${server.addr.port}`;
  const url = config.publicUrl?.replace(/\/+$/, "") ?? address;
  ready.resolve(snapshotHandler(storage, {
    publicUrl: url,
    tokens: made ? [made.kept] : kept,
    ...toServeOptions(config),
    onRequest: audit?.write,
    onError(error, requestId) {
      const { message } = failureOf(error, stop.signal);
      const code = "request_failed";
      writeNote(io, "warning", { code, message: `${requestId}: ${message}` }, config);
    },
    signal: stop.signal,
  }));
  // A token goes to stdout alone, once: stderr may be kept as a log.
  if (config.json) io.stdout.write(jsonText({ url, ...(made && { token: made.token }) }));
  else {
    const place = shownAddress(storage.url);
    io.stdout.write(`Serving the snapshots in ${place} at ${url}\n`);
    if (made) io.stdout.write(`Token, which ends with this process: ${made.token}\n`);
  }
  await stopped(io.signal);
  const cut = setTimeout(() => stop.abort(stopReason()), DRAIN_MS);
  try {
    await Promise.race([
      server.shutdown(),
      new Promise((resolve) => stop.signal.addEventListener("abort", resolve)),
    ]);
  } finally {
    clearTimeout(cut);
    stop.abort(stopReason());
  }
  return EXIT.complete;
}

function stopReason(): DOMException {
  return new DOMException("The server was stopped.", "AbortError");
}

/** Makes sure that others can reach it only with a token, and by the right name. */
function assertReady({ config }: CommandContext, tokens: readonly ServeToken[]): void {
  const { listen, auth, publicUrl } = config;
  if (!auth) {
    throw new SluiceError(
      `--no-auth is only for this machine itself, but --listen is ${listen}: listen on 127.0.0.1, or ` +
        "let in who has a token.",
      EXIT.usage,
    );
  }
  if (tokens.length === 0) {
    throw new SluiceError(
      `Others can reach ${listen}: make a token with sluice serve token create, and give its file with ` +
        "--token-file.",
      EXIT.usage,
    );
  }
  if (publicUrl === undefined) {
    throw new SluiceError(
      `Others can reach ${listen}: say by which address, such as --public-url https://backups.example.com.`,
      EXIT.usage,
    );
  }
}

function listen(
  where: { readonly hostname: string; readonly port: number },
  answer: Deno.ServeHandler<Deno.NetAddr>,
): Deno.HttpServer<Deno.NetAddr> {
  const onError = () => new Response(null, { status: 500 });
  try {
    return Deno.serve({ ...where, onListen: () => {}, onError }, answer);
  } catch (error) {
    const { hostname, port } = where;
    const why = error instanceof Deno.errors.AddrInUse
      ? "something else listens there"
      : error instanceof Deno.errors.AddrNotAvailable
      ? "this machine hasn't this address"
      : printable(error instanceof Error ? error.message : String(error));
    throw new SluiceError(
      `Can't listen on ${hostname}:${port}: ${why}. Choose another one with --listen.`,
      EXIT.usage,
      { cause: error },
    );
  }
}

async function openAudit(
  path: string,
): Promise<Disposable & { write(entry: ServedRequest): void }> {
  const encoder = new TextEncoder();
  const file = await Deno.open(path, { append: true, create: true, mode: 0o600 }).catch((error) => {
    throw new SluiceError(
      `The audit log can't be written to ${printable(path)}: name another file with --audit-log.`,
      EXIT.usage,
      { cause: error },
    );
  });
  return {
    write(entry) {
      const bytes = encoder.encode(`${JSON.stringify(entry)}\n`);
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
    },
    [Symbol.dispose]: () => file.close(),
  };
}

async function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

async function createKeptToken({ config, io }: CommandContext): Promise<ExitCode> {
  const { createToken } = await import("../../serve/token.ts");
  const { readTokens, writeTokens } = await import("../../serve/token_file.ts");
  const path = fileOf(config.tokenFile);
  const { name, scope, project, expires } = config;
  if (name === undefined) {
    throw new SluiceError("A new token needs a name: such as --name website.", EXIT.usage);
  }
  const tokens = await readTokens(path, { mayLack: true });
  const { token, kept } = createToken({
    name,
    scope,
    projects: project === undefined ? undefined : [project],
    forMs: expires === undefined ? undefined : durationMs(expires),
  });
  await writeTokens(path, [...tokens, kept]);
  const { sha256: _, ...shown } = kept;
  if (config.json) io.stdout.write(jsonText({ token, ...shown }));
  else io.stdout.write(`${token}\n`);
  if (!config.json && io.isStdoutTerminal) {
    io.stderr.write("Keep it now: it isn't shown again.\n");
  }
  return EXIT.complete;
}

async function listTokens({ config, io }: CommandContext): Promise<ExitCode> {
  const { readTokens } = await import("../../serve/token_file.ts");
  const tokens = (await readTokens(fileOf(config.tokenFile))).map(({ sha256: _, ...kept }) => kept);
  if (config.json) {
    io.stdout.write(jsonText({ tokens }));
    return EXIT.complete;
  }
  const rows = tokens.map(({ id, name, scope, projects, expiresAt }) => [
    id,
    printable(name, 100),
    scope,
    projects?.join(", ") ?? "all",
    expiresAt ?? "never",
  ]);
  const head = ["Id", "Name", "Scope", "Projects", "Expires"];
  const lines = renderTable(["text", "text", "text", "text", "text"], [head, ...rows]);
  io.stdout.write(lines.map((line) => `${line}\n`).join(""));
  return EXIT.complete;
}

async function revokeToken({ config, io }: CommandContext, id?: string): Promise<ExitCode> {
  const { readTokens, writeTokens } = await import("../../serve/token_file.ts");
  if (id === undefined) {
    throw new SluiceError(
      "sluice serve token revoke needs the id of a token: sluice serve token list shows them.",
      EXIT.usage,
    );
  }
  const path = fileOf(config.tokenFile);
  const tokens = await readTokens(path);
  const left = tokens.filter((token) => token.id !== id);
  if (left.length === tokens.length) {
    throw new SluiceError(
      `There is no token ${JSON.stringify(printable(id, 60))}: sluice serve token list shows them.`,
    );
  }
  await writeTokens(path, left);
  if (config.json) io.stdout.write(jsonText({ revoked: id }));
  else io.stdout.write(`Revoked ${id}: a server that runs takes it until it is started again.\n`);
  return EXIT.complete;
}

function fileOf(tokenFile: string | undefined): string {
  if (tokenFile !== undefined) return tokenFile;
  throw new SluiceError(
    "Tokens are kept in a file: name it with --token-file or SLUICE_TOKEN_FILE.",
    EXIT.usage,
  );
}
