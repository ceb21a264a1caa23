import assert from "node:assert/strict";
import fc from "fast-check";
import { BY_ID, PackQueue } from "../../../src/source/datocms/pack_queue.ts";
import { lengthInAddress, modelLists, packsOf } from "../../../src/source/datocms/packs.ts";

/** Ids as DatoCMS makes them, and such as nobody does. */
const id = fc.oneof(fc.string({ minLength: 22, maxLength: 22 }), fc.string({ unit: "binary" }));
const ids = fc.uniqueArray(id, { maxLength: 200 });

Deno.test("packsOf() loses no value and keeps their order, in lists as long as may be", () => {
  fc.assert(
    fc.property(
      ids,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 900 }),
      (ids, most, longest) => {
        const packs = packsOf(ids, { most, longest });
        assert.deepEqual(packs.flat(), ids);
        const length = (pack: readonly string[]) =>
          encodeURIComponent(pack.join(",").toWellFormed()).length;
        for (const [i, pack] of packs.entries()) {
          assert.ok(pack.length > 0 && pack.length <= most);
          assert.ok(pack.length === 1 || length(pack) <= longest);
          const next = packs[i + 1];
          // No list ends before it has to.
          if (next) assert.ok(pack.length === most || length([...pack, next[0]!]) > longest);
        }
      },
    ),
  );
  assert.throws(() => packsOf(["a"], { most: 0 }), RangeError);
});

Deno.test("lengthInAddress() is as long as what is sent", () => {
  fc.assert(fc.property(id, (id) => {
    assert.equal(lengthInAddress(id), encodeURIComponent(id.toWellFormed()).length);
  }));
});

Deno.test("modelLists() has each model once, and no list as long as all of them", () => {
  const sizes = fc.array(fc.oneof(fc.nat(20), fc.nat(3000)), { minLength: 2, maxLength: 60 });
  fc.assert(fc.property(sizes, fc.integer({ min: 2, max: 50 }), (sizes, most) => {
    const models = sizes.map((_, i) => `model${i}`);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    // A page of 500 of them, as evenly as may be.
    const part = Math.min(1, 500 / Math.max(1, total));
    const shares = new Map(sizes.map((size, i) => [models[i]!, Math.floor(size * part)]));
    const { together, alone } = modelLists(models, shares, total, { limit: 500, most });
    assert.deepEqual([...together.flat(), ...alone].sort(), models.toSorted());
    for (const list of together) {
      assert.ok(list.length > 1 && list.length <= most);
      assert.ok(list.length < models.length);
    }
    for (const [i, size] of sizes.entries()) {
      // Whatever is larger than a page is listed alone, and what is far smaller isn't but for want of others.
      if (size > 600 && total > 1000) assert.ok(alone.includes(models[i]!), `${size} of ${total}`);
    }
  }));
});

Deno.test("modelLists() reads small models in few pages", () => {
  const models = Array.from({ length: 40 }, (_, i) => `model${i}`);
  const shares = new Map(models.map((id, i) => [id, i % 2 === 0 ? 12 : 13]));
  const { together, alone } = modelLists(models, shares, 1500, { limit: 500, most: 100 });
  assert.deepEqual(alone, []);
  assert.ok(together.length <= 4, `${together.length} lists`);
  assert.deepEqual(modelLists(models, new Map(), 1500, { limit: 500, most: 100 }).alone, models);
});

Deno.test("PackQueue fills packs across models, and asks for each id once", () => {
  const kinds = [
    { version: "current", nested: true },
    { version: "published", nested: true },
    { version: "published", nested: false },
  ] as const;
  const added = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat()), { maxLength: 500 });
  fc.assert(fc.property(added, fc.option(fc.integer({ min: 1, max: 40 })), (added, shrunk) => {
    const queue = new PackQueue<number>();
    if (shrunk !== null) queue.shrink(shrunk);
    for (const [i, [kind]] of added.entries()) queue.add(kind, `id${i}`, i);
    let full = 0;
    const found: number[] = [];
    const most = (nested: boolean) =>
      Math.min(BY_ID[nested ? "nested" : "flat"], shrunk ?? Infinity);
    for (let pack = queue.next(); pack; pack = queue.next()) {
      assert.equal(pack.waiting.size, most(pack.nested));
      found.push(...pack.waiting.values());
      full++;
    }
    queue.flush("current");
    queue.flush("published");
    let rest = 0;
    for (let pack = queue.next(); pack; pack = queue.next()) {
      found.push(...pack.waiting.values());
      rest++;
    }
    assert.ok(rest <= 3);
    assert.deepEqual(found.toSorted((a, b) => a - b), added.map((_, i) => i));
    assert.deepEqual(queue.waiting, { current: 0, published: 0 });
    const least = kinds.reduce((sum, kind) => {
      const count = added.filter(([one]) => one === kind).length;
      return sum + Math.ceil(count / most(kind.nested));
    }, 0);
    assert.equal(full + rest, least);
  }));
});

Deno.test("PackQueue makes packs as large as answers should be, also those that were full before", () => {
  const sizes = fc.double({ min: 1, max: 64 * 1024 * 1024, noNaN: true });
  fc.assert(fc.property(fc.array(sizes, { maxLength: 20 }), fc.boolean(), (sizes, nested) => {
    const queue = new PackQueue<number>();
    const kind = { version: "current", nested } as const;
    for (let i = 0; i < 700; i++) queue.add(kind, `id${i}`, i);
    queue.flush("current");
    const found: number[] = [];
    let size = 0;
    for (let pack = queue.next(); pack; pack = queue.next()) {
      const expected = queue.expected(pack);
      assert.equal(expected, size * pack.waiting.size);
      assert.ok(pack.waiting.size === 1 || expected <= 4 * 1024 * 1024);
      assert.ok(pack.waiting.size <= BY_ID[nested ? "nested" : "flat"]);
      found.push(...pack.waiting.values());
      size = sizes.shift() ?? size;
      if (size > 0) queue.learn(kind, size);
    }
    assert.deepEqual(found, Array.from({ length: 700 }, (_, i) => i));
    assert.deepEqual(queue.waiting, { current: 0, published: 0 });
  }));
});
