// Plays each publisher to the official verifier of Pact; the frozen examples are what it publishes: pact.js CONTRACTS.
// In one place after the other the examples are broken: a pact that lets everything pass would say nothing.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import pact from "@pact-foundation/pact-core";

const contracts = process.argv[2];
const read = (...path) => JSON.parse(readFileSync(join(contracts, ...path), "utf8"));

// The verifier asks for a message by its description, which is the name of its example.
let publish;
const publisher = createServer(async (request, response) => {
  let asked = "";
  for await (const chunk of request) asked += chunk;
  response.setHeader("content-type", "application/cloudevents+json");
  response.end(JSON.stringify(publish(JSON.parse(asked).description)));
});
await new Promise((ready) => publisher.listen(0, "127.0.0.1", ready));
const { port } = publisher.address();

// Which messages of a pact file the verifier accepts, by their descriptions, and why not the others.
async function verdict(name, { provider }) {
  const options = {
    provider: provider.name,
    providerBaseUrl: `http://127.0.0.1:${port}`,
    transports: [{ protocol: "message", port, path: "/" }],
    pactUrls: [join(contracts, "pacts", name)],
    logLevel: "error",
  };
  // It fails with its report as the message of the error.
  const report = JSON.parse(await pact.default.verifyPacts(options).catch((error) => error.message));
  // Another error, such as one of the connection, is no verdict.
  for (const { mismatch } of report.errors) assert.equal(mismatch.type, "mismatches", JSON.stringify(mismatch));
  return {
    accepted: report.interactionResults.filter((it) => it.result === "OK").map((it) => it.description),
    reasons: report.errors.flatMap(({ interaction, mismatch }) =>
      mismatch.mismatches.map((it) => `${interaction}: ${it.path}: ${it.mismatch}`),
    ),
  };
}

const example = (description) => read("examples", `${description}.json`);

// The example with `spoil` done to what stands at a place such as `$.data.lines[*].sku`; of lists, in the first item.
function broken(description, place, spoil) {
  const event = example(description);
  const path = place.replaceAll("[*]", ".0").split(".").slice(1);
  const last = path.pop();
  spoil(path.reduce((value, part) => value[part], event), last);
  return event;
}

const ways = {
  "without it": (object, name) => delete object[name],
  // 2.5 is no whole number, and neither text nor a list nor an object is a number.
  "of another type": (object, name) => (object[name] = 2.5),
};

let messages = 0;
let refused = 0;
const providers = new Set();
for (const name of readdirSync(join(contracts, "pacts"))) {
  const file = read("pacts", name);
  const all = file.interactions.map((it) => it.description);
  publish = example;
  const { accepted, reasons } = await verdict(name, file);
  assert.deepEqual(reasons, [], `${name}: the verifier refuses an example: ${reasons.join("; ")}`);
  assert.deepEqual(accepted, all, name);
  messages += all.length;
  providers.add(file.provider.name);

  const places = (it) => ["$.type", "$.specversion", ...Object.keys(it.matchingRules.body)];
  const placesOf = new Map(file.interactions.map((it) => [it.description, places(it)]));
  // All messages of a file at once, each in its own place, for as long as one has a place left.
  for (let n = 0; all.some((description) => placesOf.get(description)[n]); n++) {
    const place = (description) => placesOf.get(description)[n];
    const whole = all.filter((description) => !place(description));
    for (const [way, spoil] of Object.entries(ways)) {
      publish = (description) =>
        place(description) ? broken(description, place(description), spoil) : example(description);
      const { accepted } = await verdict(name, file);
      const missed = accepted.filter(place).map((description) => `${description} ${place(description)}`);
      assert.deepEqual(missed, [], `${name}: the verifier lets messages pass ${way}: ${missed.join(", ")}`);
      assert.deepEqual(accepted, whole, name);
      refused += all.length - whole.length;
    }
  }
}
publisher.close();
assert.ok(messages > 0, "there are no pacts");
const accepts = `accepts ${messages} messages of ${providers.size} publishers`;
console.log(`pact: the verifier ${accepts}, and refuses ${refused} broken ones`);
