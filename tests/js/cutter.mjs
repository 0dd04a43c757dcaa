// A connection that breaks: a proxy in front of the API that hangs up in the middle of the first event stream.
import http from "node:http";

/** Starts one on loopback that passes `bytes` bytes of that stream; answers its address and what it saw. */
export function cutter(target, bytes) {
  const seen = [];
  const server = http.createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const isStream = /\/stream/.test(url) && method !== "OPTIONS";
    const isCut = isStream && !seen.some((r) => r.isStream);
    seen.push({ method, url, isStream, lastEventId: headers["last-event-id"] });
    const passed = http.request(`${target}${url}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      if (isCut) cut(answer, outgoing, bytes);
      else answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ seen, server, url: `http://127.0.0.1:${server.address().port}` }));
  });
}

function cut(answer, outgoing, bytes) {
  let left = bytes;
  answer.on("data", (chunk) => {
    // Hang up once the bytes are out: a socket that is destroyed at once takes them along.
    if (left > 0) outgoing.write(chunk, () => left <= 0 && outgoing.destroy());
    left -= chunk.length;
  });
  answer.on("end", () => outgoing.end());
}
