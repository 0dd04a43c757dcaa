"""Approvals: every thread that waits gets its answers and goes on, until none waits."""

from collections.abc import Sequence

import person
from call import spelled_out
from errors import DemoError
from house import House
from journal import payments_in
from langgraph_sdk import get_sync_client
from langgraph_sdk.client import SyncLangGraphClient
from question import Question, questions_of
from review import GRAPH, Review
from voice import Voice

ROUNDS = 5
"""A changed call asks again, so an answer may raise the next question; for ever it must not."""


def settle(reviews: Sequence[Review], house: House, voice: Voice) -> None:
    """Answer what waits, through the API.

    Raises:
        DemoError: a thread asks again and again.
    """
    with get_sync_client(url=house.url) as client:
        for _ in range(ROUNDS):
            waiting = [(r, q) for r in reviews if (q := list(questions_of(client.threads.get(r.thread_id))))]
            if not waiting:
                return
            for review, questions in waiting:
                _resume(
                    client,
                    review,
                    {q.interrupt_id: _answer(q, review, house, voice) for q in questions},
                    voice,
                )
    raise DemoError(f"{waiting[0][0].invoice_id} still asks after {ROUNDS} answers")


def _answer(question: Question, review: Review, house: House, voice: Voice) -> person.Answer:
    answer = person.suggested(question, payments_in(house.payments))
    if voice.interactive:
        answer = person.ask(question, answer, voice)
    else:
        voice.tell(review.invoice_id, f"asks for {spelled_out(question.tool, question.args)}", "yellow")
        voice.tell("", f"because: {question.why}")
    answer = {**answer, "by": person.name(voice)}
    said = spelled_out(answer["type"], {key: value for key, value in answer.items() if key != "type"})
    voice.tell(review.invoice_id, said, "bold")
    return answer


def _resume(
    client: SyncLangGraphClient, review: Review, answers: dict[str, person.Answer], voice: Voice
) -> None:
    with voice.waiting(f"{review.invoice_id} goes on"):
        values = client.runs.wait(review.thread_id, GRAPH, command={"resume": answers})
    assert isinstance(values, dict)
    voice.tell(review.invoice_id, str(values["messages"][-1]["content"]) or "asks again", "green")
