import assert from "node:assert/strict";
import fc from "fast-check";
import { Budget } from "../../../src/async/budget.ts";
import { delay } from "../../../src/async/delay.ts";
import { BodyTooLargeError } from "../../../src/http/body.ts";
import type { ListingVerdict } from "../../../src/source/datocms/listing_check.ts";
import {
  type FetchedPage,
  type PageRequest,
  pageStream,
  type PageStreamOptions,
} from "../../../src/source/datocms/page_stream.ts";
import { long } from "../../support/long.ts";
import { turn, until } from "../../support/until.ts";

type Fetch = (request: PageRequest) => Promise<FetchedPage<number>>;

/** A listing of the numbers below `length`, each as large as `sizeOf` says. */
class Listing {
  length: number;
  /** Requests, as `offset+limit`. */
  readonly requests: string[] = [];
  /** The most requests at a time. */
  most = 0;
  open = 0;
  readonly #cap: number;
  readonly #sizeOf: (n: number) => number;

  readonly #isSlow: boolean;

  constructor(length: number, { cap = Infinity, sizeOf = () => 1, isSlow = false }: {
    cap?: number;
    sizeOf?: (n: number) => number;
    isSlow?: boolean;
  } = {}) {
    this.#isSlow = isSlow;
    this.length = length;
    this.#cap = cap;
    this.#sizeOf = sizeOf;
  }

  readonly fetch: Fetch = async ({ offset, limit, maxBytes, signal }) => {
    this.requests.push(`${offset}+${limit}`);
    assert.ok(limit >= 1);
    this.most = Math.max(this.most, ++this.open);
    try {
      if (this.#isSlow) await delay(0, signal);
      await Promise.resolve();
      signal.throwIfAborted();
      const count = Math.max(0, Math.min(limit, this.#cap, this.length - offset));
      const data = Array.from({ length: count }, (_, i) => offset + i);
      const bytes = data.reduce((sum, n) => sum + this.#sizeOf(n), 2);
      if (bytes > maxBytes) throw new BodyTooLargeError(maxBytes);
      return { data, bytes, total: this.length };
    } finally {
      this.open--;
    }
  };

  pages(options: Partial<PageStreamOptions<number>> = {}): ReadableStream<readonly number[]> {
    return pageStream(this.fetch, { maxLimit: 10, ...options });
  }
}

function upTo(length: number): number[] {
  return Array.from({ length }, (_, n) => n);
}

Deno.test("pageStream() gives the whole listing in order, whatever its length, limits, caps and sizes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        length: fc.nat(120),
        maxLimit: fc.integer({ min: 1, max: 50 }),
        cap: fc.integer({ min: 1, max: 60 }),
        prefetch: fc.integer({ min: 1, max: 5 }),
        budget: fc.option(fc.integer({ min: 1, max: 6 })),
        targetBytes: fc.integer({ min: 1, max: 400 }),
        maxBytes: fc.integer({ min: 1, max: 400 }),
        size: fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 10 }),
      }),
      async ({ length, maxLimit, cap, prefetch, budget: places, targetBytes, maxBytes, size }) => {
        const listing = new Listing(length, { cap, sizeOf: (n) => size[n % size.length]! });
        const budget = new Budget(places ?? prefetch);
        const pages = await Array.fromAsync(
          listing.pages({ maxLimit, prefetch, budget, targetBytes, maxBytes }),
        );
        assert.deepEqual(pages.flat(), upTo(length));
        assert.ok(pages.every((page) => page.length > 0 && page.length <= Math.min(maxLimit, cap)));
        assert.ok(listing.most <= (places ?? prefetch));
        assert.ok(listing.requests.every((each) => Number(each.split("+")[1]) <= maxLimit));
        assert.equal(budget.inFlight, 0);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("pageStream() asks for no page twice, and for none beyond the end", async () => {
  const listing = new Listing(95);
  assert.deepEqual((await Array.fromAsync(listing.pages())).flat(), upTo(95));
  assert.deepEqual(listing.requests, Array.from({ length: 10 }, (_, i) => `${i * 10}+10`));
});

Deno.test("pageStream() fetches nothing before it is read", async () => {
  const listing = new Listing(100);
  const pages = listing.pages();
  await turn();
  assert.deepEqual(listing.requests, []);
  await pages.cancel();
  assert.deepEqual(listing.requests, []);
});

Deno.test("pageStream() fetches the first page alone, and then as many ahead as it may", async () => {
  const listing = new Listing(1000, { isSlow: true });
  const reader = listing.pages({ prefetch: 3, budget: new Budget(10) }).getReader();
  const first = reader.read();
  await until(() => listing.open === 1, "the first page is under way");
  assert.equal(listing.requests.length, 1);
  await first;
  await until(() => listing.requests.length === 4 && listing.open === 0, "three pages ahead");
  // Nobody reads: nothing more is fetched.
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(listing.requests.length, 4);
  await reader.read();
  await until(() => listing.requests.length === 5, "one more");
  await reader.cancel();
});

Deno.test("pageStream() keeps to the budget with a slow reader, the page that is being read included", async () => {
  const budget = new Budget(3);
  const listing = new Listing(200);
  let read = 0;
  for await (const _page of listing.pages({ prefetch: 8, budget })) {
    read++;
    for (let i = 0; i < 3; i++) await turn();
    // What was fetched and not yet asked for, and the page in our hands.
    assert.ok(
      listing.requests.length - (read - 1) <= 3,
      `${listing.requests.length} after ${read}`,
    );
    assert.ok(budget.inFlight <= 3);
  }
  assert.equal(read, 20);
  assert.equal(budget.inFlight, 0);
});

Deno.test("pageStream() doesn't deadlock with other streams under one budget", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(
        fc.record({
          length: fc.nat(60),
          cap: fc.integer({ min: 1, max: 20 }),
          maxBytes: fc.integer({ min: 1, max: 30 }),
        }),
        { minLength: 2, maxLength: 6 },
      ),
      async (places, streams) => {
        const budget = new Budget(places);
        await Promise.all(streams.map(async ({ length, cap, maxBytes }) => {
          const listing = new Listing(length, { cap, sizeOf: (n) => n % 7 });
          const pages = await Array.fromAsync(listing.pages({ budget, maxBytes, prefetch: 3 }));
          assert.deepEqual(pages.flat(), upTo(length));
        }));
        assert.equal(budget.inFlight, 0);
      },
    ),
    { numRuns: 20 },
  );
});

Deno.test("pageStream() asks for less as resources get large, and for more as they get small", async () => {
  const listing = new Listing(80, { sizeOf: (n) => n >= 20 && n < 40 ? 100 : 1 });
  const pages = await Array.fromAsync(listing.pages({ prefetch: 1, targetBytes: 500 }));
  assert.deepEqual(pages.flat(), upTo(80));
  // The first large page is met with the old limit, and the page that is half large counts as such.
  assert.deepEqual(
    pages.map(({ length }) => length),
    [10, 10, 10, 4, 4, 4, 9, 10, 10, 9],
  );
});

Deno.test("pageStream() takes an answer that is far too large in smaller parts, down to one resource", async () => {
  const listing = new Listing(30, { sizeOf: (n) => n === 13 ? 1000 : 10 });
  const pages = await Array.fromAsync(listing.pages({ prefetch: 2, maxBytes: 110 }));
  assert.deepEqual(pages.flat(), upTo(30));
  assert.ok(pages.some((page) => page.length === 1 && page[0] === 13));
});

Deno.test("pageStream() takes a single resource larger than any other answer", async () => {
  const seen: number[] = [];
  const pages = pageStream(({ limit, maxBytes }) => {
    seen.push(maxBytes);
    if (limit > 1) throw new BodyTooLargeError(maxBytes);
    return Promise.resolve({ data: ["x"], total: 1, bytes: 200_000_000 });
  }, { maxLimit: 4, maxBytes: 1000 });
  assert.deepEqual(await Array.fromAsync(pages), [["x"]]);
  assert.deepEqual(seen, [1000, 1000, 32 * 1024 * 1024]);
});

Deno.test("pageStream() fails when a single resource is too large, instead of asking for ever", async () => {
  let requests = 0;
  const pages = pageStream<number>(({ maxBytes }) => {
    requests++;
    return Promise.reject(new BodyTooLargeError(maxBytes));
  }, { maxLimit: 8 });
  await assert.rejects(
    Array.fromAsync(pages),
    /^CmaError: Expected resources of at most 32 MiB, but the one at place 1 of its listing/,
  );
  assert.equal(requests, 4);
});

Deno.test("pageStream() reads a listing that isn't paged in one request", async () => {
  for (const total of [undefined, 3]) {
    const requests: PageRequest[] = [];
    const pages = pageStream((request) => {
      requests.push(request);
      return Promise.resolve({ data: [1, 2, 3], bytes: 6, total });
    }, { maxLimit: Infinity });
    assert.deepEqual(await Array.fromAsync(pages), [[1, 2, 3]]);
    assert.equal(requests.length, 1);
  }
});

Deno.test("pageStream() has no pages when the listing is empty", async () => {
  const totals: (number | undefined)[] = [];
  const listing = new Listing(0);
  const pages = listing.pages({ onPage: ({ total }) => totals.push(total) });
  assert.deepEqual(await Array.fromAsync(pages), []);
  assert.deepEqual(listing.requests, ["0+10"]);
  assert.deepEqual(totals, [0]);
});

Deno.test("pageStream() continues when the listing grows, and ends when it shrinks", async () => {
  const growing = new Listing(25, { isSlow: true });
  const read: number[] = [];
  for await (const page of growing.pages({ prefetch: 1 })) {
    read.push(...page);
    if (growing.length < 60) growing.length += 7;
  }
  assert.deepEqual(read, upTo(60));

  const shrinking = new Listing(100);
  const rest: number[] = [];
  for await (const page of shrinking.pages({ prefetch: 4 })) {
    rest.push(...page);
    shrinking.length = 35;
  }
  assert.deepEqual(rest.slice(0, 35), upTo(35));
  assert.ok(rest.length <= 50 && shrinking.requests.length <= 8, shrinking.requests.join());
});

Deno.test("pageStream() tells of each page as it is handed on", async () => {
  const told: number[] = [];
  const read: number[] = [];
  const pages = new Listing(45).pages({ onPage: ({ data }) => told.push(data.length) });
  for await (const page of pages) {
    read.push(page.length);
    assert.deepEqual(told, read);
  }
  assert.deepEqual(read, [10, 10, 10, 10, 5]);
});

Deno.test("pageStream() fails at the page that failed, after those before it, and gives its places back", async () => {
  const budget = new Budget(8);
  const listing = new Listing(100);
  const failure = new Error("page 3");
  const pages = pageStream<number>(async (request) => {
    if (request.offset === 30) throw failure;
    return await listing.fetch(request);
  }, { maxLimit: 10, prefetch: 6, budget });
  const read: number[] = [];
  await assert.rejects(async () => {
    for await (const page of pages) read.push(...page);
  }, failure);
  assert.deepEqual(read, upTo(30));
  assert.equal(listing.open, 0);
  assert.equal(budget.inFlight, 0);
});

Deno.test("pageStream() fails when what is told of a page fails", async () => {
  const budget = new Budget(2);
  const failure = new Error("listener");
  const pages = new Listing(50).pages({
    budget,
    onPage: () => {
      throw failure;
    },
  });
  await assert.rejects(Array.fromAsync(pages), failure);
  assert.equal(budget.inFlight, 0);
});

/** A listing whose pages after the first never come, unless they are aborted. */
function stalling(): { fetch: Fetch; aborted: unknown[]; open: () => number } {
  const listing = new Listing(100);
  const aborted: unknown[] = [];
  let open = 0;
  const fetch: Fetch = async (request) => {
    if (request.offset < 20) return await listing.fetch(request);
    open++;
    try {
      await delay(60_000, request.signal);
      throw new Error("unreachable");
    } catch (error) {
      aborted.push(error);
      await turn();
      throw error;
    } finally {
      open--;
    }
  };
  return { fetch, aborted, open: () => open };
}

Deno.test("pageStream() ends what is under way when it is cancelled, also while a read is pending", async () => {
  for (const reads of [1, 3]) {
    const budget = new Budget(5);
    const { fetch, aborted, open } = stalling();
    const reader = pageStream(fetch, { maxLimit: 10, prefetch: 4, budget }).getReader();
    for (let i = 0; i < Math.min(reads, 2); i++) assert.equal((await reader.read()).done, false);
    const pending = reads === 3 ? reader.read() : undefined;
    await until(() => open() >= 3, "pages are under way");
    await reader.cancel(new Error("no more"));
    if (pending) assert.equal((await pending).done, true);
    assert.equal(open(), 0);
    assert.ok(aborted.length >= 3);
    assert.equal(budget.inFlight, 0);
  }
});

Deno.test("pageStream() ends with the signal's reason when it is aborted, wherever it is", async () => {
  const reason = new Error("cancelled");
  for (const reads of [0, 1, 2]) {
    const budget = new Budget(5);
    const controller = new AbortController();
    const { fetch, open } = stalling();
    const reader = pageStream(fetch, {
      maxLimit: 10,
      prefetch: 4,
      budget,
      signal: controller.signal,
    })
      .getReader();
    for (let i = 0; i < reads; i++) await reader.read();
    const pending = reads === 2 ? reader.read() : undefined;
    if (reads > 0) await until(() => open() >= 3, "pages are under way");
    await turn();
    controller.abort(reason);
    // Also the page that was fetched already isn't handed on any more.
    await assert.rejects(pending ?? reader.read(), reason);
    assert.equal(open(), 0);
    assert.equal(budget.inFlight, 0);
  }
});

Deno.test("pageStream() waits for the budget only as long as it is wanted", async () => {
  const budget = new Budget(1);
  const place = await budget.acquire();
  const controller = new AbortController();
  const listing = new Listing(10);
  const first = listing.pages({ budget, signal: controller.signal }).getReader().read();
  const second = listing.pages({ budget }).getReader();
  const pending = second.read();
  await turn();
  controller.abort(new Error("cancelled"));
  await assert.rejects(first, new Error("cancelled"));
  await second.cancel();
  assert.equal((await pending).done, true);
  assert.deepEqual(listing.requests, []);
  place[Symbol.dispose]();
  assert.equal(budget.inFlight, 0);
});

/** A listing that changes after each request, as `change` says. */
class LiveListing {
  readonly ids: string[];
  readonly stayed: Set<string>;
  readonly #change: (ids: string[]) => void;

  constructor(length: number, change: (ids: string[]) => void) {
    this.ids = Array.from({ length }, (_, n) => String(n));
    this.stayed = new Set(this.ids);
    this.#change = change;
  }

  readonly fetch = async ({ offset, limit }: PageRequest): Promise<FetchedPage<string>> => {
    await Promise.resolve();
    const page = { data: this.ids.slice(offset, offset + limit), bytes: 1, total: this.ids.length };
    this.#change(this.ids);
    for (const id of this.stayed) if (!this.ids.includes(id)) this.stayed.delete(id);
    // The answers of requests at the same time come in any order, as the requests do.
    await turn();
    return page;
  };
}

/** What happens to a listing: something goes, or something comes (`true`), at a place in it. */
const changes = (kinds: fc.Arbitrary<boolean>) =>
  fc.array(
    fc.option(
      fc.array(fc.tuple(kinds, fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 3 }),
    ),
    { maxLength: 20 },
  );

const LIVE = {
  "gets shorter": changes(fc.constant(false)),
  "gets longer": changes(fc.constant(true)),
  "gets both shorter and longer": changes(fc.boolean()),
};

for (const [what, script] of Object.entries(LIVE)) {
  Deno.test(`pageStream() loses and repeats nothing that stays in a listing that ${what} while it is read`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(90),
        fc.integer({ min: 4, max: 30 }),
        fc.integer({ min: 1, max: 4 }),
        script,
        async (length, maxLimit, prefetch, script) => {
          let step = 0;
          let added = 0;
          const listing = new LiveListing(length, (ids) => {
            for (const [comes, where] of script[step++] ?? []) {
              const at = Math.floor(where * ids.length);
              if (comes) ids.splice(at, 0, `new ${added++}`);
              else ids.splice(at, 1);
            }
          });
          const budget = new Budget(prefetch);
          const pages = pageStream(listing.fetch, { maxLimit, prefetch, budget, idOf: (id) => id });
          const read = (await Array.fromAsync(pages)).flat();
          assert.equal(new Set(read).size, read.length, "something is repeated");
          for (const id of listing.stayed) assert.ok(read.includes(id), `${id} is lost`);
          assert.equal(budget.inFlight, 0);
        },
      ),
      { numRuns: 60 },
    );
  });
}

Deno.test("pageStream() looks back when something was deleted, and nowhere else", async () => {
  const requests: string[] = [];
  const listing = new LiveListing(100, (ids) => {
    if (requests.length === 3) ids.splice(5, 1);
  });
  const pages = pageStream((request) => {
    requests.push(`${request.offset}+${request.limit}`);
    return listing.fetch(request);
  }, { maxLimit: 10, prefetch: 1, idOf: (id) => id });
  const read = (await Array.fromAsync(pages)).flat();
  assert.deepEqual(read, Array.from({ length: 100 }, (_, n) => String(n)));
  const expected = ["0+10", "9+10", "18+10", "27+10", "25+10", "34+3", "36+10", "45+10"];
  assert.deepEqual(requests.slice(0, 8), expected);
  assert.equal(requests.length, 13);
});

Deno.test("pageStream() comes to an end although something is deleted before every answer", async () => {
  // Half of the answers tell of a shorter listing.
  let answers = 0;
  const fetchPage = ({ offset, limit }: PageRequest) => {
    const total = answers++ % 2 === 0 ? 1000 : 999;
    const length = Math.max(0, Math.min(limit, total - offset));
    const data = Array.from({ length }, (_, n) => String(offset + n));
    return Promise.resolve({ data, total, bytes: length });
  };
  const pages = pageStream(fetchPage, { maxLimit: 10, prefetch: 1, idOf: (id) => id });
  const read = new Set((await Array.fromAsync(pages)).flat());
  assert.ok(read.size >= 999);
  assert.ok(answers < 3000, `${answers} answers were asked for`);
});

Deno.test("pageStream() loses nothing when as many come as go between two pages", async () => {
  for (const prefetch of [1, 3]) {
    let changes = 0;
    const listing = new LiveListing(200, (ids) => {
      if (changes++ % 3 !== 1) return;
      ids.splice(0, 7);
      ids.push(...Array.from({ length: 7 }, (_, n) => `new ${changes} ${n}`));
    });
    const pages = pageStream(listing.fetch, { maxLimit: 10, prefetch, idOf: (id) => id });
    const read = (await Array.fromAsync(pages)).flat();
    assert.equal(new Set(read).size, read.length);
    for (const id of listing.stayed) assert.ok(read.includes(id), `${id} is lost`);
    assert.ok(listing.stayed.size < 200 - 14, "nothing was deleted");
  }
});

Deno.test("pageStream() continues although all that it read was deleted, if it knows the order", async () => {
  let answers = 0;
  const listing = new LiveListing(100, (ids) => {
    if (++answers === 4) ids.splice(0, 35);
  });
  const pages = pageStream(listing.fetch, {
    maxLimit: 10,
    prefetch: 1,
    idOf: (id) => id,
    timeOf: Number,
  });
  assert.deepEqual((await Array.fromAsync(pages)).flat(), upTo(100).map(String));
});

Deno.test("pageStream() continues where an earlier reading ended, also when the listing moved since", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 90 }),
      fc.nat(90),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }),
      fc.integer({ min: 2, max: 30 }),
      async (length, done, gone, maxLimit) => {
        const offset = Math.min(done, length);
        const last = upTo(offset).slice(-5).map((n) => ({ id: String(n), time: n }));
        const listing = new LiveListing(length, () => {});
        for (const where of gone) {
          listing.stayed.delete(listing.ids.splice(Math.floor(where * listing.ids.length), 1)[0]!);
        }
        const pages = pageStream(listing.fetch, {
          maxLimit,
          idOf: (id) => id,
          timeOf: Number,
          after: { offset, last },
        });
        const read = (await Array.fromAsync(pages)).flat();
        assert.deepEqual(read, listing.ids.filter((id) => Number(id) >= offset));
      },
    ),
  );
});

Deno.test("pageStream() requests nothing more once it is to stop, and hands on what is there", async () => {
  const listing = new Listing(100);
  const stop = new AbortController();
  const read: number[] = [];
  const pages = listing.pages({ prefetch: 3, stop: stop.signal, idOf: String });
  for await (const page of pages) {
    read.push(...page);
    if (read.length > 10) stop.abort();
  }
  assert.deepEqual(listing.requests, ["0+10", "9+10", "18+10", "27+10", "36+10"]);
  assert.deepEqual(read, upTo(46));
});

Deno.test("pageStream() comes to an end although the listing says it is far longer than it is", async () => {
  const listing = new Listing(25);
  const fetch: Fetch = async (request) => ({ ...await listing.fetch(request), total: 1e9 });
  const pages = pageStream(fetch, { maxLimit: 10, prefetch: 4, idOf: String });
  assert.deepEqual((await Array.fromAsync(pages)).flat(), upTo(25));
  assert.ok(listing.requests.length < 30, listing.requests.join(" "));
});

Deno.test("pageStream() goes back for what an empty page in the middle left out", async () => {
  const listing = new Listing(60);
  const fetch: Fetch = async (request) => {
    const page = await listing.fetch(request);
    return listing.requests.length === 3 ? { ...page, data: [] } : page;
  };
  for (const prefetch of [1, 4]) {
    listing.requests.length = 0;
    const pages = pageStream(fetch, { maxLimit: 10, prefetch, idOf: String });
    assert.deepEqual((await Array.fromAsync(pages)).flat(), upTo(60));
  }
});

Deno.test("pageStream() hands on once what is twice in one page", async () => {
  const data = [1, 2, 2, 3];
  const fetch: Fetch = () => Promise.resolve({ data, total: data.length, bytes: 8 });
  const pages = pageStream(fetch, { maxLimit: 10, idOf: String });
  assert.deepEqual(await Array.fromAsync(pages), [[1, 2, 3]]);
});

/** What an answer says in place of what is right. */
const DATA_LIES: readonly ((data: readonly number[]) => readonly number[])[] = [
  (data) => data,
  () => [],
  (data) => data.slice(0, data.length >> 1),
  (data) => data.slice(data.length >> 1),
  (data) => data.filter((_, i) => i % 3 !== 1),
  (data) => data.flatMap((n) => [n, n]).slice(0, data.length),
  (data) => data.map((n) => Math.max(0, n - 7)),
  (data) => data.toReversed(),
];

Deno.test("pageStream() reads all, or says that it didn't, whatever pages some answers have in their place", async () => {
  let mended = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(120),
      fc.integer({ min: 2, max: 30 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(DATA_LIES.length - 1), { maxLength: 30 }),
      fc.boolean(),
      async (length, maxLimit, prefetch, lies, isOrdered) => {
        const listing = new Listing(length);
        let lied = 0;
        const fetch: Fetch = async (request) => {
          const page = await listing.fetch(request);
          const lie = lies[listing.requests.length - 1] ?? 0;
          if (lie > 0) lied++;
          return { ...page, data: DATA_LIES[lie]!(page.data) };
        };
        const ends: ListingVerdict[] = [];
        const budget = new Budget(prefetch);
        const read = (await Array.fromAsync(pageStream(fetch, {
          maxLimit,
          prefetch,
          budget,
          idOf: String,
          ...(isOrdered && { timeOf: (n: number) => n }),
          onEnd: (verdict) => ends.push(verdict),
        }))).flat();
        assert.equal(new Set(read).size, read.length, "something is repeated");
        assert.equal(budget.inFlight, 0);
        assert.equal(ends.length, 1);
        const [{ state, announced, sent } = assert.fail()] = ends;
        assert.equal(sent, read.length);
        if (state === "whole") assert.deepEqual(read.toSorted((a, b) => a - b), upTo(length));
        else assert.equal(announced, length);
        if (state === "whole" && lied > 0) mended++;
        assert.ok(listing.requests.length < 600, `${listing.requests.length} requests`);
      },
    ),
    { numRuns: long(3000, 150) },
  );
  assert.ok(mended > long(300, 15), `${mended} listings were mended`);
});

Deno.test("pageStream() reads all, whatever lengths some answers announce", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(120),
      fc.integer({ min: 2, max: 30 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.option(fc.oneof(fc.nat(200), fc.constant(0), fc.nat(1e9))), { maxLength: 30 }),
      async (length, maxLimit, prefetch, totals) => {
        const listing = new Listing(length);
        const fetch: Fetch = async (request) => {
          const page = await listing.fetch(request);
          return { ...page, total: totals[listing.requests.length - 1] ?? page.total };
        };
        const ends: ListingVerdict[] = [];
        const read = (await Array.fromAsync(pageStream(fetch, {
          maxLimit,
          prefetch,
          idOf: String,
          timeOf: (n) => n,
          onEnd: (verdict) => ends.push(verdict),
        }))).flat();
        // An empty listing of which one says that it has some may be one that failed to show them.
        assert.equal(new Set(read).size, read.length, "something is repeated");
        if (ends[0]?.state === "whole") assert.deepEqual(read, upTo(length));
        assert.ok(listing.requests.length < 600, `${listing.requests.length} requests`);
      },
    ),
    { numRuns: long(3000, 150) },
  );
});

Deno.test("pageStream() reads to its end what comes one by one, because of sizes or of the API", async () => {
  const cases = [
    new Listing(40, { cap: 1 }),
    // Two don't fit into an answer, and then some do.
    new Listing(40, { sizeOf: (n) => n < 25 ? 9 : 1 }),
    new Listing(40, { sizeOf: () => 9 }),
  ];
  for (const listing of cases) {
    for (const prefetch of [1, 4]) {
      listing.requests.length = 0;
      const ends: ListingVerdict[] = [];
      const pages = listing.pages({
        prefetch,
        maxBytes: 16,
        targetBytes: 4,
        idOf: String,
        onEnd: (verdict) => ends.push(verdict),
      });
      assert.deepEqual((await Array.fromAsync(pages)).flat(), upTo(40));
      assert.deepEqual(ends, [{ state: "whole", announced: 40, sent: 40 }]);
      assert.ok(listing.requests.length < 90, listing.requests.join(" "));
    }
  }
});

Deno.test("pageStream() asks a bounded number of times when it gets the same page for ever", async () => {
  for (const total of [10, 11, 1e9]) {
    let requests = 0;
    const ends: ListingVerdict[] = [];
    const pages = pageStream(() => {
      requests++;
      return Promise.resolve({ data: upTo(10), total, bytes: 10 });
    }, { maxLimit: 10, idOf: String, timeOf: (n) => n, onEnd: (verdict) => ends.push(verdict) });
    assert.deepEqual((await Array.fromAsync(pages)).flat(), upTo(10));
    assert.equal(ends[0]?.state, total === 10 ? "endless" : "short");
    assert.ok(requests < 80, `${requests} requests`);
  }
});

Deno.test("pageStream() asks what earlier readings handed on only when the order doesn't tell, or it reads again", async () => {
  for (const isOrdered of [true, false]) {
    for (const isShort of [true, false]) {
      let asked = 0;
      const listing = new Listing(40);
      const after = { offset: 20, last: [{ id: "19", time: 19 }] };
      const pages = pageStream(async (request) => {
        const page = await listing.fetch(request);
        return { ...page, total: isShort ? 50 : 40 };
      }, {
        maxLimit: 10,
        idOf: String,
        ...(isOrdered && { timeOf: (n: number) => n }),
        after,
        known: async function* () {
          asked++;
          yield await Promise.resolve(upTo(20).map(String));
        },
      });
      assert.deepEqual((await Array.fromAsync(pages)).flat(), upTo(40).slice(20));
      assert.equal(asked, isOrdered && !isShort ? 0 : 1);
    }
  }
});

Deno.test("pageStream() comes to an end although the API sends the same pages in turn, however many", async () => {
  for (const isOrdered of [true, false]) {
    let requests = 0;
    const ends: ListingVerdict[] = [];
    const pages = pageStream(({ offset, limit }) => {
      requests++;
      const data = Array.from({ length: limit }, (_, n) => (offset + n) % 12_000);
      return Promise.resolve({ data, total: 1e9, bytes: limit });
    }, {
      maxLimit: 500,
      idOf: String,
      ...(isOrdered && { timeOf: (n: number) => n }),
      onEnd: (verdict) => ends.push(verdict),
    });
    assert.deepEqual((await Array.fromAsync(pages)).flat().toSorted((a, b) => a - b), upTo(12_000));
    assert.equal(ends[0]?.state, "short");
    assert.ok(requests < 200, `${requests} requests`);
  }
});
