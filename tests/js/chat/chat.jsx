// A small chat page: messages as they stream, a question with two buttons, a reload that goes on.
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { PROTOCOLS } from "./protocols.js";

const asked = new URLSearchParams(window.location.search);
const useChat = PROTOCOLS[asked.get("protocol")];

function Chat() {
  const [threadId, setThreadId] = useState(asked.get("thread"));
  const chat = useChat({
    apiUrl: asked.get("api"),
    assistantId: asked.get("assistant"),
    threadId,
    onThreadId: (id) => {
      asked.set("thread", id);
      window.history.replaceState(null, "", `?${asked}`);
      setThreadId(id);
    },
  });
  return (
    <>
      <header>
        <strong>{asked.get("assistant")}</strong>
        <output id="status">{chat.isLoading ? "running" : "idle"}</output>
        {chat.isLoading && <button id="stop" onClick={() => chat.stop()}>Stop</button>}
      </header>
      <ol>
        {chat.messages.map((message, n) => (
          <li key={message.id ?? n} className={message.type}>{textOf(message)}</li>
        ))}
      </ol>
      {chat.interrupt && <Question value={chat.interrupt.value} answer={chat.answer} />}
      {chat.error != null && <p role="alert">{String(chat.error.message ?? chat.error)}</p>}
      <Composer say={chat.say} />
    </>
  );
}

function Question({ value, answer }) {
  return (
    <section id="question">
      <pre>{JSON.stringify(value, null, 1)}</pre>
      <button id="approve" onClick={() => answer({ type: "approve" })}>Approve</button>{" "}
      <button id="reject" onClick={() => answer({ type: "reject" })}>Reject</button>
    </section>
  );
}

function Composer({ say }) {
  const [text, setText] = useState("");
  const submit = (event) => {
    event.preventDefault();
    say({ type: "human", content: text });
    setText("");
  };
  return (
    <form onSubmit={submit}>
      <input id="text" value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" />
      <button>Send</button>
    </form>
  );
}

function textOf(message) {
  const { content } = message;
  return typeof content === "string" ? content : content.map((block) => block.text ?? "").join("");
}

createRoot(document.getElementById("chat")).render(<Chat />);
