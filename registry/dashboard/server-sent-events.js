// Server-sent events, read from a fetched body: EventSource cannot send the key in a header.

/** The registry breaks its silence every 15 s: after this much there is nobody there. */
const SILENT_SECONDS = 40;

/**
 * Yields the data of each event in a stream of bytes, parsed from JSON. Ends when the stream does,
 * and throws when it is dead.
 */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    while (true) {
      const { done, value } = await soon(reader.read());
      if (done) {
        return;
      }
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const data = dataOf(block);
        if (data) {
          yield JSON.parse(data);
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function soon(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("The stream is silent")), SILENT_SECONDS * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function dataOf(block) {
  return block
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trimStart())
    .join("\n");
}
