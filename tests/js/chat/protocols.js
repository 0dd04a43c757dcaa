// The two generations of the hook that chat pages are made of, under one face.
import { useStream as useThreadStream } from "@langchain/react";
import { useStream as useRunStream } from "sdk/react";

/** Runs are streamed one by one; a reload joins the stream of the run that goes on. */
function useLegacy({ apiUrl, assistantId, threadId, onThreadId }) {
  const stream = useRunStream({
    apiUrl, assistantId, threadId, onThreadId, fetchStateHistory: true, reconnectOnMount: true,
  });
  return {
    ...heart(stream),
    say: (message) => stream.submit({ messages: [message] }, { streamMode: ["values"], streamSubgraphs: true }),
    answer: (decision) => stream.submit({}, { command: { resume: decision } }),
  };
}

/** The thread is streamed; messages arrive as deltas, answers go to an interrupt by its id. */
function useThread(transport) {
  return function useIt({ apiUrl, assistantId, threadId, onThreadId }) {
    const stream = useThreadStream({ apiUrl, assistantId, threadId, onThreadId, transport });
    return {
      ...heart(stream),
      say: (message) => stream.submit({ messages: [message] }),
      answer: (decision) => stream.respond(decision),
    };
  };
}

function heart(stream) {
  const { messages, interrupt, isLoading, error, stop } = stream;
  return { messages, interrupt, isLoading, error, stop };
}

export const PROTOCOLS = {
  legacy: useLegacy,
  "v3-sse": useThread("sse"),
  "v3-websocket": useThread("websocket"),
};
