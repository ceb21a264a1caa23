/** Ends with 1, and says why, unless there is an S3 server for the tests. */
const endpoint = Deno.env.get("SLUICE_TEST_S3_ENDPOINT");

async function problem(): Promise<string | undefined> {
  const howTo = 'run eval "$(bash test/s3/start-rgw.sh start)" first, then this again.';
  if (endpoint === undefined) {
    return `SLUICE_TEST_S3_ENDPOINT must be the address of a running S3 server, but isn't set: ${howTo}`;
  }
  try {
    await (await fetch(endpoint)).body?.cancel();
    return undefined;
  } catch {
    return `No S3 server answers at ${endpoint}, which SLUICE_TEST_S3_ENDPOINT says: ${howTo}`;
  }
}

const text = await problem();
if (text !== undefined) {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  Deno.exit(1);
}
