import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import type { Field, Item, ItemType, Json, JsonObject } from "../../src/content/resource.ts";
import { SchemaIndex } from "../../src/content/schema_index.ts";
import type { PlanInput } from "../../src/restore/plan.ts";
import { EditLock } from "../../src/restore/records/edit_lock.ts";
import { RecordContent } from "../../src/restore/records/record_content.ts";
import type { Survey } from "../../src/restore/records/survey.ts";
import { entityId } from "../../src/simulator/entity_id.ts";

const MODEL = { type: "item_type", id: "M" };
const field = (key: string, position: number, localized: boolean) => ({
  type: "field",
  id: key,
  attributes: { api_key: key, field_type: "json", position, localized, validators: {} },
  relationships: { item_type: { data: MODEL } },
});
const schema = new SchemaIndex({
  locales: ["en", "it"],
  itemTypes: [
    { ...MODEL, attributes: { api_key: "page", tree: true } } as unknown as ItemType,
  ],
  fields: [field("plain", 1, false), field("local", 2, true)] as unknown as Field[],
  fieldsets: [],
});
const content = new RecordContent(schema);

Deno.test("the digests of two contents are the same exactly if nothing of them differs", () => {
  const leaf = fc.constantFrom<Json>(null, 0, 1, "", "a", false);
  const keys = fc.constantFrom("a", "b", "__proto__");
  const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 2 }), fc.dictionary(keys, leaf));
  const values = fc.record({
    plain: fc.oneof(value, fc.dictionary(keys, value)),
    local: fc.dictionary(fc.constantFrom("en", "it"), value),
    parent_id: fc.constantFrom(null, "1"),
  }) as fc.Arbitrary<JsonObject>;
  const pair = (a: JsonObject, b: JsonObject): [JsonObject, JsonObject] => [a, b];
  const same = { parent_id: null, local: {} };
  fc.assert(
    fc.property(values, values, (a, b) => {
      const isSame = Object.keys(content.difference("M", a, b)).length === 0;
      const [one, other] = [content.digest("M", a), content.digest("M", b)];
      assert.equal(one.every((byte, i) => byte === other[i]), isSame);
    }),
    {
      examples: [
        pair({ ...same, plain: { a: 1, b: null } }, { ...same, plain: { a: 1 } }),
        pair({ ...same, plain: { a: 1, b: 2 } }, { ...same, plain: { b: 2, a: 1 } }),
        pair({ ...same, local: { en: null } }, same),
        pair({ ...same, local: { en: 1, it: 2 } }, { ...same, local: { it: 2, en: 1 } }),
        pair(same, { ...same, parent_id: "1" }),
        pair({ ...same, plain: null }, { ...same, plain: {} }),
      ],
    },
  );
});

Deno.test("what a restore wrote takes at most 150 bytes a record, whatever it holds", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const used = () => {
    gc();
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const lock = new EditLock({ content } as Survey, { living: {} } as PlanInput);
  const records = 30_000;
  const leave = (n: number) => {
    const item = {
      type: "item",
      id: entityId(`record ${n}`),
      relationships: { item_type: { data: MODEL } },
    };
    const answer = JSON.parse(JSON.stringify({ meta: { current_version: entityId(`v${n}`) } }));
    lock.leave(item as unknown as Item, { plain: `${n} `.repeat(200) }, answer);
  };
  leave(0);
  const before = used();
  for (let n = 1; n <= records; n++) leave(n);
  const each = (used() - before) / records;
  // 137 were measured; what else the heap does meanwhile must not fail a change.
  assert.ok(each <= 200, `${each} bytes a record`);
  assert.equal(lock.isEdited(entityId("record 1")), false);
});
