import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { BIT, RecordGraph } from "../../src/restore/records/record_graph.ts";
import { entityId } from "../../src/simulator/entity_id.ts";
import { draw } from "../../src/simulator/generated/random.ts";
import { long } from "../support/long.ts";

/** A graph of records that are all made, with links by number and what is above each in a tree. */
function graphOf(
  links: readonly (readonly number[])[],
  parents: readonly (number | undefined)[] = [],
): RecordGraph {
  const graph = new RecordGraph();
  for (const n of links.keys()) graph.add(String(n + 1), 0, BIT.CREATE | BIT.PUBLISH);
  for (const [n, targets] of links.entries()) graph.link(n, new Set(targets), parents[n]);
  graph.sort();
  return graph;
}

/** Which records can be reached from one. */
function reached(links: readonly (readonly number[])[], from: number): Set<number> {
  const found = new Set<number>();
  const left = [...links[from]!];
  for (let n = left.pop(); n !== undefined; n = left.pop()) {
    if (found.has(n)) continue;
    found.add(n);
    left.push(...links[n]!);
  }
  return found;
}

Deno.test("targets come before what links to them, but in a cycle", () => {
  const links = fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.array(fc.array(fc.nat(size - 1), { maxLength: 4 }), { minLength: size, maxLength: size })
  );
  fc.assert(
    fc.property(links, fc.array(fc.option(fc.nat(11))), (links, above) => {
      // Those above in a tree are earlier ones here, so that the tree has no cycle.
      const parents = links.map((_, n) => {
        const parent = above[n] ?? undefined;
        return parent !== undefined && parent < n ? parent : undefined;
      });
      const all = links.map((targets, n) => [
        ...targets,
        ...parents[n] === undefined ? [] : [parents[n]!],
      ]);
      const graph = graphOf(links, parents);
      assert.deepEqual([...graph.order].sort((a, b) => a - b), [...links.keys()]);
      for (const [n, targets] of all.entries()) {
        for (const target of targets) {
          const isCycle = target === n || reached(all, target).has(n);
          assert.equal(graph.waits(n, target) && !isCycle, false, `${n} waits for ${target}`);
          if (target === parents[n] && target !== n) assert.ok(!graph.waits(n, target));
        }
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("of a ring one record waits, and what isn't written makes none wait", () => {
  const size = 200;
  const ring = Array.from({ length: size }, (_, n) => [(n + 1) % size]);
  const graph = graphOf(ring);
  const waiting = [...ring.keys()].filter((n) => graph.waits(n, ring[n]![0]!));
  assert.equal(waiting.length, 1);
  graph.mark(7, 0, BIT.CREATE | BIT.PUBLISH);
  graph.sort();
  assert.deepEqual([...ring.keys()].filter((n) => graph.waits(n, ring[n]![0]!)), []);
});

Deno.test("a chain of links is spread over all records, its beginning first", () => {
  const [length, size] = [30, 270];
  // Each links to the one before it; the records around them link to nothing.
  const links = Array.from({ length: size }, (_, n) => {
    return n % 2 === 1 && n > 1 && n < 2 * length ? [n - 2] : [];
  });
  const graph = graphOf(links);
  const places = Array.from({ length }, (_, i) => graph.rank(2 * i + 1));
  assert.equal(places[0], 1);
  const between = places.slice(1).map((place, i) => place - places[i]!);
  assert.deepEqual(new Set(between), new Set([size / length]));
});

Deno.test("nobody waits for what they link to while there is something else to be made", () => {
  const size = 400;
  for (let seed = 1; seed <= 10; seed++) {
    const links = Array.from({ length: size }, (_, n) => {
      return [1, 2].filter((k) => draw(seed, n, k) % 4 === 0)
        .map((k) => draw(seed, n, k, 1) % size).filter((target) => target !== n);
    });
    const graph = graphOf(links);
    const needed = (n: number) => links[n]!.filter((target) => !graph.waits(n, target));
    // One is sent in each turn, once what it needs was sent as many turns before as an answer takes.
    const latency = 6;
    const sentAt = new Map<number, number>();
    const depths = new Map<number, number>();
    let turn = 0;
    for (const n of graph.order) {
      turn = Math.max(turn + 1, ...needed(n).map((target) => sentAt.get(target)! + latency));
      sentAt.set(n, turn);
      depths.set(n, 1 + Math.max(0, ...needed(n).map((target) => depths.get(target)!)));
    }
    const least = Math.max(size, 1 + (Math.max(...depths.values()) - 1) * latency);
    assert.ok(turn <= 1.05 * least, `${turn} turns instead of ${least} with seed ${seed}`);
  }
});

Deno.test("the graph takes at most 150 bytes for each record of 10 links, in the longest chain", () => {
  const size = long(1_000_000, 200_000);
  const ids = Array.from({ length: 1000 }, (_, i) => entityId(`${i}`).slice(0, 8));
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = () => {
    collect();
    const { external, heapUsed } = Deno.memoryUsage();
    return external + heapUsed;
  };
  const before = used();
  const graph = new RecordGraph();
  const rest = ids.map((_, i) => entityId(`end ${i}`).slice(8));
  for (let n = 0; n < size; n++) {
    graph.add(ids[n % 1000]! + rest[Math.floor(n / 1000) % 1000]!, 0, BIT.CREATE | BIT.PUBLISH);
  }
  assert.equal(graph.size, size);
  for (let n = 0; n < size; n++) {
    const targets = Array.from({ length: 10 }, (_, i) => (n + 1 + i * 7) % size);
    graph.link(n, new Set(targets), undefined);
  }
  const linked = (used() - before) / size;
  graph.sort();
  const after = (used() - before) / size;
  assert.ok(linked > 40 && linked + 44 <= 150, `${linked} bytes, and 44 while they are sorted`);
  assert.ok(after <= 120, `${after} bytes once they are in order`);
  assert.equal(graph.order.length, size);
});
