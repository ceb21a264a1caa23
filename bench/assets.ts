/**
 * How fast asset files are fetched.
 *
 * @module
 */
import { temporaryPath } from "../test/support/temporary.ts";
import type { AssetServed } from "./asset_files.ts";
import { measured, median, run, serve } from "./measured.ts";
import { PORT, round, ROUNDS, some, type Table } from "./measurement.ts";

/** Asset files over TLS from a server that offers HTTP/2, beside curl and md5sum. */
export async function measureAssets(): Promise<Table> {
  const [port, latencyMs, bytes, files] = [PORT + 1, 20, 10_000, some(8_000)];
  const url = `https://127.0.0.1:${port}`;
  const plainUrl = `https://127.0.0.1:${port + 1}`;
  const folder = await temporaryPath("sluice-bench-");
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const trust = ["--unsafely-ignore-certificate-errors=127.0.0.1"];
  try {
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const fresh = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    await command("openssl", [...fresh, "-keyout", key, "-out", cert, ...subject]);
    const options: AssetServed = { port, latencyMs, bytes, cert, key };
    await using _server = await serve("asset_server.ts", options, port);
    const fetched = { url, files, bytes, root: `${folder}/sluice` };
    const ways: Record<
      string,
      () => Promise<{ readonly seconds: number; readonly cpuSeconds?: number }>
    > = {
      "HTTP/2, 8 at a time (as before)": () =>
        run("fetch_assets.ts", { ...fetched, concurrency: 8, http2: true }, trust),
      "HTTP/1.1, 16 at a time": () =>
        run("fetch_assets.ts", { ...fetched, url: plainUrl, concurrency: 16, http2: false }, trust),
      "HTTP/1.1, 32 at a time": () =>
        run("fetch_assets.ts", { ...fetched, url: plainUrl, concurrency: 32, http2: false }, trust),
      "curl -Z, 16 at a time, and md5sum": () => measured(() => curl(folder, url, files)),
    };
    const seconds = new Map<string, number[]>();
    const cpu = new Map<string, number[]>();
    for (let n = 0; n < ROUNDS; n++) {
      for (const [name, way] of Object.entries(ways)) {
        const took = await way();
        seconds.set(name, [...seconds.get(name) ?? [], took.seconds]);
        cpu.set(name, [...cpu.get(name) ?? [], took.cpuSeconds ?? 0]);
      }
    }
    const names = Object.keys(ways);
    const of = (name: string) => files / median(seconds.get(name)!);
    const [before, , , peer] = names as [string, string, string, string];
    return {
      title: "Assets",
      text:
        `${files} files of 10 KB over TLS from a server that offers HTTP/2, ${latencyMs} ms each: at least 3 ` +
        "times as many files a second as before, and 0.8 times those of curl. Medians of three. They are written " +
        "to memory where that is a disk: Sluice flushes each file, and curl none.",
      head: ["how", "files/s", "ratio to before", "ratio to curl", "CPU ms a file"],
      rows: names.map((name) => [
        name,
        Math.round(of(name)),
        round(of(name) / of(before)),
        round(of(name) / of(peer)),
        name === peer ? "" : round(median(cpu.get(name)!) / files * 1000),
      ]),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The same files with curl, and their digests with md5sum. */
async function curl(folder: string, url: string, files: number): Promise<void> {
  const into = `${folder}/curl`;
  await Deno.mkdir(into);
  const list = Array.from(
    { length: files },
    (_, n) => `url="${url}/1/${n}.bin"\noutput="${into}/${n}.bin"`,
  );
  await Deno.writeTextFile(`${folder}/list`, list.join("\n"));
  const flags = ["--silent", "--fail", "--insecure", "--parallel", "--parallel-max", "16"];
  await command("curl", [...flags, "--config", `${folder}/list`]);
  await command("md5sum", Array.from({ length: files }, (_, n) => `${into}/${n}.bin`));
  await Deno.remove(into, { recursive: true });
}

async function command(name: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, {
    args: [...args],
    stdout: "null",
    stderr: "piped",
  })
    .output();
  if (!success) throw new Error(`${name} failed: ${new TextDecoder().decode(stderr)}`);
}
