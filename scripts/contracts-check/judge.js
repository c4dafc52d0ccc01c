// Shows the AsyncAPI document to the official parser and the frozen examples to the CloudEvents SDK: judge.js CONTRACTS.
// Each judge is shown something broken as well: one that lets everything pass would say nothing.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { Parser } from "@asyncapi/parser";
import { HTTP } from "cloudevents";

const contracts = process.argv[2];

async function errorsOf(text) {
  const { diagnostics } = await new Parser().parse(text);
  // Severity 0 is an error; the others are advice, such as that there is a newer AsyncAPI.
  return diagnostics.filter((it) => it.severity === 0).map((it) => `${it.path.join("/")}: ${it.message}`);
}

function decoded(text) {
  const event = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body: text });
  event.validate();
  return event;
}

const document = readFileSync(join(contracts, "asyncapi.json"), "utf8");
assert.deepEqual(await errorsOf(document), [], "contracts/asyncapi.json");
const broken = JSON.parse(document);
Object.values(broken.operations)[0].action = "shout";
assert.notDeepEqual(await errorsOf(JSON.stringify(broken)), [], "the parser lets a broken document pass");
console.log(`asyncapi: the parser accepts ${Object.keys(broken.operations).length} operations`);

const examples = readdirSync(join(contracts, "examples")).filter((name) => name.endsWith(".json"));
assert.ok(examples.length > 0, "there are no examples");
for (const name of examples) {
  const text = readFileSync(join(contracts, "examples", name), "utf8");
  const written = JSON.parse(text);
  const read = JSON.parse(JSON.stringify(decoded(text)));
  // The SDK writes instants with three decimal places.
  for (const event of [written, read]) event.time = Date.parse(event.time);
  assert.deepEqual(read, written, name);
  // Not `id`: where there is none the SDK makes one up.
  for (const attribute of ["source", "type"]) {
    const { [attribute]: _, ...without } = written;
    assert.throws(() => decoded(JSON.stringify(without)), `the SDK lets ${name} pass without ${attribute}`);
  }
}
console.log(`cloudevents: the SDK reads ${examples.length} examples`);
