import { MemoryStorage } from "../support/memory_storage.ts";
import { rangeContract } from "./range_contract.ts";

rangeContract("MemoryStorage", () =>
  Promise.resolve({
    storage: new MemoryStorage(),
    leftovers: () => Promise.resolve([]),
    holdWrites: () => ({ waiting: Promise.resolve(), release: () => {} }),
    maxHeld: Infinity,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }));
