// OpenAI's SDK for Node, unchanged: address and key come from OPENAI_BASE_URL and OPENAI_API_KEY.
import assert from "node:assert/strict";
import { File } from "node:buffer";
import { setTimeout } from "node:timers/promises";
import OpenAI, { toFile } from "openai";

globalThis.File ??= File; // as the SDK asks for on Node 18

const client = new OpenAI();
const png = Buffer.from(process.env.PHOTO, "base64");

const made = await client.videos.create({
  prompt: "A fox in the snow",
  model: "sora-2",
  seconds: "4",
  size: "1280x720",
  input_reference: await toFile(png, "photo.png", { type: "image/png" }),
});
assert.equal(made.object, "video");
assert.equal(made.status, "queued");

let video = made;
while (video.status === "queued" || video.status === "in_progress") {
  const { data, response } = await client.videos.retrieve(made.id).withResponse();
  video = data;
  await setTimeout(Number(response.headers.get("openai-poll-after-ms") ?? 0));
}
assert.equal(video.status, "completed");
assert.equal(video.progress, 100);

const content = Buffer.from(await (await client.videos.downloadContent(made.id)).arrayBuffer());
assert.equal(content.subarray(4, 8).toString(), "ftyp");
const thumbnail = await client.videos.downloadContent(made.id, { variant: "thumbnail" });
assert.equal(thumbnail.headers.get("content-type"), "image/webp");

const edit = await client.videos.edit({
  prompt: "at night",
  video: await toFile(content, "video.mp4", { type: "video/mp4" }),
});
assert.equal(edit.seconds, "4");

const listed = [];
for await (const each of client.videos.list({ limit: 1 })) listed.push(each.id);
assert.ok(listed.includes(made.id) && listed.includes(edit.id));

assert.equal((await client.videos.delete(made.id)).deleted, true);
await assert.rejects(client.videos.retrieve(made.id), OpenAI.NotFoundError);
await assert.rejects(client.videos.create({ prompt: "a", size: "1x1" }), (error) => error.param === "size");
console.log(made.id);
