// A connection that breaks: a proxy in front of the API that hangs up on the first event stream that gets long.
import http from "node:http";
import net from "node:net";

/** Starts one on loopback; long means so many bytes. `broken` resolves when it has hung up. */
export async function cutter(target, bytes) {
  const seen = [];
  let isBroken = false;
  let hungUp;
  const broken = new Promise((resolve) => (hungUp = resolve));

  /** Notes a request; answers how many bytes of its answer may pass. */
  function noted({ method, url, headers }) {
    const isStream = /\/stream/.test(url) && method !== "OPTIONS";
    seen.push({ method, url, isStream, lastEventId: headers["last-event-id"] });
    return isStream ? bytes : Infinity;
  }

  /** Passes what arrives; hangs up once the bytes are out, which a socket that is destroyed at once would keep. */
  function pass(from, to, left = Infinity) {
    from.on("data", (chunk) => {
      left -= chunk.length;
      const isLast = left <= 0 && !isBroken;
      isBroken ||= isLast;
      if (!to.destroyed) to.write(chunk, () => isLast && hungUp(to.destroy()));
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
  }

  const server = http.createServer((incoming, outgoing) => {
    const left = noted(incoming);
    const { method, headers, url } = incoming;
    const passed = http.request(`${target}${url}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      pass(answer, outgoing, left);
    });
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
  server.on("upgrade", (incoming, socket) => {
    const left = noted(incoming);
    const { hostname, port } = new URL(target);
    const far = net.connect(port, hostname, () => far.write(head(incoming)));
    pass(far, socket, left);
    pass(socket, far);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { seen, server, broken, url: `http://127.0.0.1:${server.address().port}` };
}

function head({ method, url, rawHeaders }) {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let n = 0; n < rawHeaders.length; n += 2) lines.push(`${rawHeaders[n]}: ${rawHeaders[n + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
